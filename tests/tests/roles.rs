//! The roles of `docs/iam-matrix.txt` grant what some day needs, and nothing that no day needs.
//!
//! That they grant enough is shown by every test of the API: each function has its own role there.

use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Product, at_hour, hls, new_schedule, new_user};
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::app::App;

/// What this day does not need: reads that only open a connection, and what is left when a request dies.
const NEEDED_ON_OTHER_DAYS: [&str; 12] = [
    "chat IDEM#* DeleteItem",
    "delivery-view TODO DeleteItem",
    "schedule CAL#* ConditionCheckItem",
    "schedule CAL#* GetItem",
    "schedule SCHED#* ConditionCheckItem",
    "schedule TODO GetItem",
    "sweeper CAL#* ConditionCheckItem",
    "sweeper CAL#* DeleteItem",
    "sweeper CAL#* GetItem",
    "sweeper CAL#* Query",
    "sweeper CAL#* UpdateItem",
    "sweeper TEN#health GetItem",
];

#[tokio::test]
async fn nothing_is_granted_that_a_day_does_not_need() {
    let upstream = Upstream::start().await;
    let mut options = upstream.options();
    options.config.deletes_orphans = true;
    let product = Product::start_with(options).await;

    the_operator_works(&product).await;
    let master = product.master().await;
    people_come_and_go(&product, &master).await;
    later(&product);
    planners_plan(&master, &upstream).await;
    a_broadcast_takes_place(&product, &master, &upstream).await;
    a_channel_is_retired_and_made_again(&product, &master, &upstream).await;
    a_lost_channel_is_found(&product, &upstream).await;
    assert_eq!(product.roles.idle(), NEEDED_ON_OTHER_DAYS, "granted, and not used on this day");
}

async fn the_operator_works(product: &Product) {
    let master = json!({"name": "m", "email": "master@example.jp", "password": "Password123"});
    let event = json!({"action": "create_tenant", "name": "t", "access_code": "code", "master": master});
    let tenant = product.invoke("tenant", &event).await.unwrap()["tenant_id"].clone();
    for event in [
        json!({"action": "list_tenants"}),
        json!({"action": "suspend_tenant", "tenant_id": tenant}),
        json!({"action": "resume_tenant", "tenant_id": tenant}),
        json!({"action": "reset_master", "tenant_id": tenant, "password": "Password123"}),
        json!({"action": "set_archive_destinations", "tenant_id": tenant, "archive_destination_ids": ["own"]}),
        json!({"action": "unlock", "email": "master@example.jp", "source": "192.0.2.1"}),
    ] {
        product.invoke("tenant", &event).await.unwrap();
    }
}

async fn people_come_and_go(product: &Product, master: &Actor) {
    master.anonymous().get("/api/health").await.ok();
    let wrong = json!({"email": master.email, "password": "Password124", "access_code": master.access_code});
    master.post("/api/login", &wrong).await.refused(401, "login_failed");
    master.patch("/api/password", &json!({"password": master.password})).await.ok();
    master.patch("/api/access-code", &json!({"access_code": master.access_code})).await.ok();

    later(product);
    let user = new_user(&["view"]);
    let id = master.post_once("/api/user", "u", &user).await.ok()["user_id"].clone();
    master.post_once("/api/user", "u", &user).await.ok();
    master.post_once("/api/user", "v", &user).await.refused(409, "email_taken");
    master.get("/api/user").await.ok();
    master.patch("/api/user", &json!({"user_id": id, "name": "n"})).await.ok();
    master.patch("/api/user", &json!({"user_id": id, "password": "Password125"})).await.ok();
    master.delete(&format!("/api/user?user_id={id}")).await.ok();
    master.get("/api/audit").await.ok();
    product.master().await.post("/api/logout", &json!({})).await.ok();
}

async fn planners_plan(master: &Actor, upstream: &Upstream) {
    let id = master.post_once("/api/schedule", "s", &new_schedule(1)).await.ok()["schedule_id"].clone();
    master.post_once("/api/schedule", "s", &new_schedule(1)).await.ok();
    master.post_once("/api/schedule", "t", &new_schedule(1)).await.refused(409, "schedule_overlap");
    upstream.is(Mood::Answers(500, String::new()));
    master.post("/api/schedule", &new_schedule(5)).await.refused(502, "imageflux_failed");
    upstream.is(Mood::Kind);
    master.get("/api/schedule").await.ok();
    let calendar = master.post("/api/calendar", &json!({})).await.ok()["calendar_url"].clone();
    let (_, file) = calendar.as_str().unwrap().rsplit_once('/').unwrap();
    assert_eq!(master.anonymous().get(&format!("/calendar/{file}")).await.status, 200);
    master.delete("/api/calendar").await.ok();
    for (from, to) in [(1, 3), (20, 21), (20, 22)] {
        let change =
            json!({"schedule_id": id, "name": "n", "start_datetime": at_hour(from), "end_datetime": at_hour(to)});
        master.patch("/api/schedule", &change).await.ok();
    }
}

/// Every function is to read for itself what one environment reads for all of them.
fn later(product: &Product) {
    product.advance(Duration::from_secs(11));
}

async fn a_broadcast_takes_place(product: &Product, master: &Actor, upstream: &Upstream) {
    let id = master.get("/api/schedule").await.ok()[0]["schedule_id"].as_str().unwrap().to_owned();
    let message = json!({"schedule_id": id, "body": "b"});
    later(product);
    for _ in 0..2 {
        master.post_once("/api/chat", "c", &message).await.ok();
    }
    let posted = master.post("/api/chat", &message).await.ok()["chat_id"].clone();
    master.delete(&format!("/api/chat?schedule_id={id}&chat_id={}", posted.as_str().unwrap())).await.ok();
    let guest =
        json!({"schedule_id": id, "user_id": master.post("/api/user", &new_user(&["view"])).await.ok()["user_id"]});
    master.post("/api/chat/mute", &guest).await.ok();
    master.delete(&format!("/api/chat/mute?schedule_id={id}&user_id={}", guest["user_id"])).await.ok();
    master.patch("/api/chat/settings", &json!({"schedule_id": id, "slow_seconds": 1})).await.ok();
    master.get(&format!("/api/chat/settings?schedule_id={id}")).await.ok();
    upstream.plays(json!([{"connection_id": "C", "playlist_url": "https://p.example/a.m3u8"}]));
    // The second poll of each tells what the first counted.
    for path in ["chat", "chat", "delivery", "view", "view"] {
        later(product);
        master.get(&format!("/api/{path}?schedule_id={id}")).await.ok();
    }
    master.post("/api/delivery/reset", &json!({"schedule_id": id})).await.ok();
    master.get(&format!("/watch/{}.m3u8", "A".repeat(64))).await;
    let hooks = upstream.requests().iter().find(|(_, body)| body.get("hls").is_some()).unwrap().1.clone();
    let path = |name: &str| format!("/hooks{}", hooks[name].as_str().unwrap().split_once("/hooks").unwrap().1);
    let token = master.get(&format!("/api/delivery?schedule_id={id}")).await.ok()["metadata"].clone();
    let channel = master.get(&format!("/api/delivery?schedule_id={id}")).await.ok()["channel_id"].clone();
    let event = json!({"channel_id": channel, "connection_id": "D", "type": "connection.created", "metadata": token});
    master.post(&path("event_webhook_url"), &event).await.ok();
    master.post(&path("auth_webhook_url"), &event).await.ok();
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
}

/// The channel of a broadcast of the past is retired after a day, and made anew for whoever asks.
async fn a_channel_is_retired_and_made_again(product: &Product, master: &Actor, upstream: &Upstream) {
    let past = json!({"name": "past", "start_datetime": "2021/10/30 12:00:00", "end_datetime": "2021/10/30 15:00:00",
                      "imageflux_params": hls()});
    let id = master.post("/api/schedule", &past).await.ok()["schedule_id"].clone();
    product.advance(Duration::from_hours(25));
    for _ in 0..2 {
        product.invoke("sweeper", &json!({})).await.unwrap();
        product.advance(Duration::from_mins(1));
    }
    let master = product.master().await;
    // Nobody published, so it may be moved still.
    let later = json!({"schedule_id": id, "name": "later", "start_datetime": product.datetime_in(-60),
                       "end_datetime": product.datetime_in(3_600)});
    master.patch("/api/schedule", &later).await.ok();
    let delivery = format!("/api/delivery?schedule_id={}", id.as_str().unwrap());
    upstream.is(Mood::Answers(500, String::new()));
    master.get(&delivery).await.refused(502, "imageflux_failed");
    upstream.is(Mood::Kind);
    master.get(&delivery).await.ok();
    late_without_events(product, &master, upstream).await;
    // It is on air by its time, so the list looks up how it stands.
    master.get("/api/schedule").await.ok();
}

/// Where no address was set ImageFlux is asked before a late presenter is moved.
async fn late_without_events(product: &Product, master: &Actor, upstream: &Upstream) {
    upstream.plays(json!([]));
    let app = App { hooks_url: None, ..product.server.apps.of("schedule") };
    let call = async |method: &str, body: &Value| {
        let event = master.event(method, "/api/schedule").json(body).payload_2();
        let function = local::functions::named("schedule").unwrap();
        let answer = local::functions::invoke(&app, function, event).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        serde_json::from_str::<Value>(answer["body"].as_str().unwrap()).unwrap()
    };
    let mut schedule = json!({"name": "past", "start_datetime": "2020/10/30 12:00:00",
                              "end_datetime": "2020/10/30 15:00:00", "imageflux_params": hls()});
    schedule["schedule_id"] = call("POST", &schedule).await["schedule_id"].clone();
    schedule["start_datetime"] = json!("2020/10/30 13:00:00");
    call("PATCH", &schedule).await;
}

/// A channel whose answer was lost is seen twice, then deleted.
async fn a_lost_channel_is_found(product: &Product, upstream: &Upstream) {
    let master = product.master().await;
    upstream.is(Mood::DropsAfterwards);
    let answer = master.post("/api/schedule", &new_schedule(50)).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text);
    upstream.is(Mood::Kind);
    for _ in 0..2 {
        product.invoke("sweeper", &json!({"action": "reconcile"})).await.unwrap();
        product.advance(Duration::from_mins(16));
    }
}
