//! `GET /api/audit` is the trail that every change leaves.

use std::time::Duration;

use api_tests::{Actor, Answer, Product, at_hour, hls, new_schedule, new_user};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use shared::domain::ids::{TenantId, UserId};
use shared::domain::trail::{Author, Entry, Origin};
use shared::store;
use shared::table::Transacted;

use crate::support::operations::{self, Operation, Target};

/// They change nothing that the trail is about: a token, and the chat itself.
const LEAVE_NO_ROW: [&str; 2] = ["logout", "post_message"];

async fn rows(master: &Actor) -> Vec<Value> {
    master.get("/api/audit").await.ok().as_array().expect("an array").clone()
}

fn changing() -> Vec<Operation> {
    let all = operations::all().into_iter();
    all.filter(|operation| operation.needs_token && operation.method != Method::GET).collect()
}

/// Something that every operation can be tried on.
async fn target(master: &Actor) -> Target {
    let user = master.post("/api/user", &new_user(&["view"])).await.ok()["user_id"].as_i64().unwrap();
    let schedule = master.plan(1).await;
    let said = master.post("/api/chat", &json!({"schedule_id": schedule, "body": "x"})).await.ok();
    Target { schedule, user, message: said["chat_id"].as_str().unwrap().to_owned() }
}

#[tokio::test]
async fn each_change_leaves_exactly_one_row_that_says_who_and_what() {
    for operation in changing() {
        let product = Product::start().await;
        let master = product.master().await;
        let target = target(&master).await;
        match operation.id.as_str() {
            "delete_calendar" => drop(master.post("/api/calendar", &json!({})).await.ok()),
            "unmute_user" => {
                let mute = json!({"schedule_id": target.schedule, "user_id": target.user});
                master.post("/api/chat/mute", &mute).await.ok();
            }
            _ => {}
        }
        let before = rows(&master).await;
        let answer = operation.on(&master, &target).await;
        let request_id = answer.header("x-request-id");
        answer.ok();
        // Some changes end other tokens, and one its own.
        let after = rows(&product.master().await).await;
        if LEAVE_NO_ROW.contains(&operation.id.as_str()) {
            assert_eq!(after, before, "{}", operation.id);
            continue;
        }
        assert_eq!(after[1..], before, "{}", operation.id);
        let row = &after[0];
        assert_eq!((&row["action"], &row["user_id"]), (&json!(operation.id), &json!(1)), "{row}");
        assert_eq!((&row["user_name"], &row["request_id"]), (&json!("imageflux"), &json!(request_id)), "{row}");
        assert_eq!(row["source"], "127.0.0.1");
    }
}

#[tokio::test]
async fn what_is_refused_leaves_no_row() {
    let product = Product::start().await;
    let master = product.master().await;
    let target = target(&master).await;
    let nobody = product.user_with(&[]).await;
    let before = rows(&master).await;
    for operation in changing() {
        operation.on(&master.anonymous(), &target).await.refused(401, "unauthenticated");
        operation.without_form(&master).await.refused(400, "malformed_request");
        if !operation.permissions().is_empty() {
            operation.on(&nobody, &target).await.refused(403, "permission_denied");
        }
        if let Some(code) = operation.not_found() {
            operation.on(&master, &Target::missing()).await.refused(404, code);
        }
    }
    master.post("/api/schedule", &new_schedule(1)).await.refused(409, "schedule_overlap");
    master.delete("/api/user?user_id=1").await.refused(409, "master_protected");
    master.delete("/api/calendar").await.ok();
    master.patch("/api/user", &json!({"user_id": target.user})).await.ok();
    let users = master.get("/api/user").await.ok();
    let user = users.as_array().unwrap().iter().find(|user| user["user_id"] == target.user).unwrap();
    let same = json!({"user_id": target.user, "name": user["name"], "view": user["permissions"]["view"]});
    master.patch("/api/user", &same).await.ok();
    let plan = master.get("/api/schedule").await.ok()[0].clone();
    master.patch("/api/schedule", &plan).await.ok();
    let settings = json!({"schedule_id": target.schedule, "is_open": true, "slow_seconds": 0});
    master.patch("/api/chat/settings", &settings).await.ok();
    assert_eq!(rows(&master).await, before);
}

#[tokio::test]
async fn a_row_names_fields_and_holds_none_of_their_values() {
    let product = Product::start().await;
    let master = product.master().await;
    let Target { schedule, user, .. } = target(&master).await;
    let secrets = ["Secret-password-1", "Secret-code", "secret name", "secret@example.jp"];
    master
        .patch("/api/user", &json!({"user_id": user, "name": secrets[2], "password": secrets[0], "view": false}))
        .await
        .ok();
    assert_eq!(rows(&master).await[0]["changed"], json!(["name", "password", "view"]));
    assert_eq!(rows(&master).await[0]["target"], format!("user/{user}"));
    let change =
        json!({"schedule_id": schedule, "name": secrets[2], "start_datetime": at_hour(1), "end_datetime": at_hour(3)});
    master.patch("/api/schedule", &change).await.ok();
    assert_eq!(rows(&master).await[0]["changed"], json!(["name", "end_datetime"]));
    assert_eq!(rows(&master).await[0]["target"], format!("schedule/{schedule}"));
    master.patch("/api/access-code", &json!({"access_code": secrets[1]})).await.ok();
    master.post("/api/user", &new_user_of(secrets[3])).await.ok();
    let calendar = master.post("/api/calendar", &json!({})).await.ok()["calendar_url"].to_string();
    let text = master.get("/api/audit").await.text;
    for secret in secrets.iter().copied().chain([&calendar[calendar.len() - 30..calendar.len() - 5]]) {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_operator_leaves_rows_too() {
    let product = Product::start().await;
    let master = product.master().await;
    let tenant = local::demo::TENANT;
    for event in [
        json!({"action": "suspend_tenant", "tenant_id": tenant}),
        json!({"action": "resume_tenant", "tenant_id": tenant}),
        json!({"action": "reset_master", "tenant_id": tenant, "password": master.password}),
    ] {
        product.invoke("tenant", &event).await.unwrap();
    }
    product.advance(Duration::from_secs(3));
    let rows = rows(&product.master().await).await;
    let actions: Vec<&str> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["reset_master", "resume_tenant", "suspend_tenant", "create_tenant"]);
    assert!(rows.iter().all(|row| row["user_id"] == 0 && row["source"] == "operator"), "{rows:?}");
    assert!(rows.iter().all(|row| row["request_id"].as_str().is_some_and(|id| !id.is_empty())), "{rows:?}");
}

#[tokio::test]
async fn only_the_master_reads_it_and_only_its_own_tenants() {
    let product = Product::start().await;
    let master = product.master().await;
    let all = product.user_with(&["delivery", "view", "schedule", "user"]).await;
    all.get("/api/audit").await.refused(403, "permission_denied");
    let stranger = product.stranger().await;
    let schedule = master.plan(1).await;
    assert!(master.get("/api/audit").await.text.contains(&schedule));
    assert!(!stranger.get("/api/audit").await.text.contains(&schedule));
}

#[tokio::test]
async fn windows_filters_and_pages_show_each_row_once() {
    let product = Product::start().await;
    let master = product.master().await;
    let user = product.user_with(&["schedule"]).await;
    for hour in 0..6 {
        product.advance(Duration::from_mins(1));
        if hour % 2 == 0 { &master } else { &user }.plan(hour * 2).await;
    }
    let all = rows(&master).await;
    let mut path = "/api/audit?limit=2".to_owned();
    let mut paged = Vec::new();
    loop {
        let answer = master.get(&path).await;
        let next = next(&answer);
        paged.extend(answer.ok().as_array().unwrap().clone());
        let Some(next) = next else { break };
        path = next;
    }
    assert_eq!(paged, all);
    let of = |rows: Value| -> Vec<Value> { rows.as_array().unwrap().clone() };
    let by_user = of(master.get(&format!("/api/audit?user_id={}", user.user_id)).await.ok());
    assert_eq!(by_user, all.iter().filter(|row| row["user_id"] == user.user_id).cloned().collect::<Vec<_>>());
    assert_eq!(by_user.len(), 3);
    let made = of(master.get("/api/audit?action=create_schedule").await.ok());
    assert_eq!(made.len(), 6);
    let time = |row: &Value| row["created_datetime"].as_str().unwrap().replace(' ', "T");
    let (from, to) = (time(&made[4]), time(&made[1]));
    let window = of(master.get(&format!("/api/audit?from={from}&to={to}")).await.ok());
    assert_eq!(window, made[2..=4]);
    assert_eq!(
        master.get("/api/audit?cursor=x").await.invalid_fields(),
        [("cursor".to_owned(), "not_a_cursor".to_owned())]
    );
}

#[tokio::test]
async fn a_rare_row_behind_thousands_of_others_is_found_page_by_page() {
    let product = Product::start().await;
    let master = product.master().await;
    let app = &product.server.app;
    let tenant = TenantId::from(local::demo::TENANT);
    let begun = rows(&master).await;
    product.advance(Duration::from_secs(1));
    for some in 0..51 {
        let write = |number: i64| {
            let at = app.clock.now() + TimeDelta::milliseconds(some * 100 + number);
            let entry = Entry {
                id: app.random.uuid_at(at.timestamp_millis()).into(),
                at,
                author: Author { id: UserId(7), name: "busy".to_owned(), origin: Origin::default() },
                action: "update_schedule".to_owned(),
                target: "schedule/x".to_owned(),
                changed: Vec::new(),
            };
            store::trail::add(&tenant, &entry, at + TimeDelta::days(1)).unwrap()
        };
        let writes: Vec<_> = (0..100).map(write).collect();
        assert!(matches!(app.table.transact(&writes).await.unwrap(), Transacted::Done));
    }
    let mut answer = master.get("/api/audit?action=create_tenant&user_id=0").await;
    let mut pages = 1;
    while let Some(next) = next(&answer) {
        assert_eq!(answer.ok(), json!([]));
        answer = master.get(&next).await;
        pages += 1;
    }
    assert_eq!((answer.ok(), pages), (json!(begun), 2));
    assert_eq!(master.get("/api/audit").await.ok().as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn a_request_that_is_repeated_leaves_one_row() {
    let product = Product::start().await;
    let master = product.master().await;
    let before = rows(&master).await.len();
    for _ in 0..2 {
        master.post_once("/api/schedule", "k", &new_schedule(1)).await.ok();
        master.post_once("/api/user", "k", &new_user_of("once@example.jp")).await.ok();
    }
    assert_eq!(rows(&master).await.len(), before + 2);
}

fn new_user_of(email: &str) -> Value {
    let mut new = new_user(&["view"]);
    new["email"] = json!(email);
    new
}

/// Where `Link` says that the list goes on.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    Some(link.strip_prefix('<')?.split('>').next()?.to_owned())
}

#[tokio::test]
async fn a_row_is_kept_as_long_as_is_set() {
    let mut options = local::Options::default();
    options.config.audit_days = 2;
    let product = Product::start_with(options).await;
    product.master().await.plan(1).await;
    product.advance(Duration::from_hours(47));
    assert_eq!(rows(&product.master().await).await.len(), 2);
    product.advance(Duration::from_hours(2));
    assert_eq!(rows(&product.master().await).await.len(), 0);
}

/// A schedule that failed upstream was never there, so nobody made it.
#[tokio::test]
async fn what_imageflux_refused_leaves_no_row() {
    let upstream = api_tests::upstream::Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let before = rows(&master).await;
    upstream.is(api_tests::upstream::Mood::Answers(400, String::new()));
    let body =
        json!({"name": "n", "start_datetime": at_hour(1), "end_datetime": at_hour(2), "imageflux_params": hls()});
    assert_eq!(master.post("/api/schedule", &body).await.status, 422);
    assert_eq!(rows(&master).await, before);
}
