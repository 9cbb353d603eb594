//! A channel costs money until it is deleted: a day after its broadcast it goes, and comes back for who asks.

use std::collections::BTreeSet;
use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Product, new_schedule_at};
use futures_util::future::join_all;
use serde_json::json;
use shared::store::{hooks, schedules};

use crate::support::broadcast::{connection, playlist};
use crate::support::evening::Evening;

const DAY: Duration = Duration::from_hours(24);

/// A schedule that ended more than a day ago, and whose channel was swept up.
async fn long_after_a_broadcast() -> (Upstream, Product, Actor, String) {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let body = new_schedule_at(&product.datetime_in(60), &product.datetime_in(3_660));
    let id = master.post("/api/schedule", &body).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    sweep(&product).await;
    assert_eq!(upstream.channels().len(), 1);
    product.advance(Duration::from_mins(61) + DAY);
    for _ in 0..2 {
        product.advance(Duration::from_secs(5));
        sweep(&product).await;
    }
    let master = master.with_token(&master.new_token().await);
    (upstream, product, master, id)
}

/// As above, and planned on: it ends in an hour.
async fn prolonged_long_after() -> (Upstream, Product, Actor, String) {
    let (upstream, product, master, id) = long_after_a_broadcast().await;
    let mut longer = master.get("/api/schedule").await.ok()[0].clone();
    longer["end_datetime"] = json!(product.datetime_in(3_600));
    master.patch("/api/schedule", &longer).await.ok();
    (upstream, product, master, id)
}

async fn sweep(product: &Product) {
    product.invoke("sweeper", &json!({})).await.expect("a sweep");
}

#[tokio::test]
async fn a_day_after_its_broadcast_a_channel_goes_and_the_schedule_stays() {
    let (upstream, _product, master, id) = long_after_a_broadcast().await;
    assert!(upstream.channels().is_empty());
    assert_eq!(master.get("/api/schedule").await.ok()[0]["schedule_id"], id);
    let answer = master.get(&format!("/api/view?schedule_id={id}")).await;
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(answer.refused(404, "not_live")["broadcast_status"], "ended");
    master.get(&format!("/api/delivery?schedule_id={id}")).await.refused(409, "schedule_ended");
    assert_eq!(upstream.created(), 1, "nobody needs another");
}

#[tokio::test]
async fn whoever_asks_at_once_for_a_retired_channel_gets_the_same_new_one() {
    let (upstream, product, master, id) = prolonged_long_after().await;
    let path = format!("/api/delivery?schedule_id={id}");
    let answers = join_all((0..10).map(|_| master.get(&path))).await;
    let mut told: BTreeSet<String> = answers.into_iter().map(|answer| answer.ok().to_string()).collect();
    told.insert(master.get(&path).await.ok().to_string());
    assert_eq!((told.len(), upstream.channels().len(), upstream.created()), (1, 1, 2));
    let created: Vec<_> = upstream.requests().into_iter().filter(|(_, body)| body.get("hls").is_some()).collect();
    assert_eq!(created[0].1["hls"], created[1].1["hls"], "with the parameters of the first");
    assert_ne!(created[0].1["event_webhook_url"], created[1].1["event_webhook_url"], "and an address of its own");
    product.advance(Duration::from_mins(1));
    sweep(&product).await;
    assert_eq!(upstream.channels().len(), 1, "it is kept for another day");
}

#[tokio::test]
async fn a_channel_that_cannot_come_back_now_comes_back_later() {
    let (upstream, _product, master, id) = prolonged_long_after().await;
    let path = format!("/api/delivery?schedule_id={id}");
    for (mood, status, code) in [
        (Mood::Answers(500, String::new()), 502, "imageflux_failed"),
        (Mood::Answers(429, String::new()), 503, "unavailable"),
        (Mood::Babbles(r#"{"channel_id": "x", "sora_url": ""}"#.to_owned()), 502, "imageflux_failed"),
    ] {
        upstream.is(mood);
        master.get(&path).await.refused(status, code);
    }
    upstream.is(Mood::Kind);
    master.get(&path).await.ok();
    assert_eq!(upstream.channels().len(), 1);
}

#[tokio::test]
async fn a_prolonged_broadcast_keeps_its_channel() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let mut body = new_schedule_at(&product.datetime_in(60), &product.datetime_in(3_660));
    let id = master.post("/api/schedule", &body).await.ok()["schedule_id"].clone();
    body["schedule_id"] = id;
    body["end_datetime"] = json!(product.datetime_in(7 * 24 * 60 * 60));
    master.patch("/api/schedule", &body).await.ok();
    product.advance(2 * DAY);
    sweep(&product).await;
    assert_eq!(upstream.channels().len(), 1);
    product.advance(7 * DAY);
    for _ in 0..2 {
        sweep(&product).await;
        product.advance(Duration::from_secs(5));
    }
    assert!(upstream.channels().is_empty());
}

#[tokio::test]
async fn who_published_to_a_channel_that_went_is_not_shown_on_the_next() {
    let evening = Evening::begins().await;
    let (product, master) = (&evening.product, &evening.master);
    evening.passes(70);
    // Its end is never told.
    evening.tell(&[evening.created("A"), evening.has_playlist("A")]).await;
    assert_eq!(evening.shown().await, playlist("A"));
    let (table, tenant, id) = (&product.server.app.table, local::demo::TENANT.into(), evening.id.as_str().into());
    let schedule = schedules::find(table, &tenant, &id).await.unwrap().unwrap();
    let digest = schedule.channel.unwrap().hook.unwrap();
    let hook = hooks::find(table, &digest).await.unwrap().unwrap();
    product.advance(Duration::from_mins(61) + DAY);
    for _ in 0..2 {
        product.advance(Duration::from_secs(5));
        sweep(product).await;
    }
    assert!(evening.upstream.channels().is_empty());
    let master = master.with_token(&master.new_token().await);
    let mut longer = master.get("/api/schedule").await.ok()[0].clone();
    longer["end_datetime"] = json!(product.datetime_in(3_600));
    master.patch("/api/schedule", &longer).await.ok();
    let view = format!("/api/view?schedule_id={}", evening.id);
    for _ in 0..2 {
        master.get(&view).await.refused(404, "not_live");
        assert_eq!(master.get("/api/schedule").await.ok()[0]["status"], "waiting");
        master.get(&format!("/api/delivery?schedule_id={}", evening.id)).await.ok();
        // Of the old channel, by an environment that looked its address up before the channel went.
        table.write(&hooks::create(&digest, &hook).unwrap()).await.unwrap();
        evening.tell(&[evening.created("A"), evening.has_playlist("A")]).await;
        product.advance(Duration::from_secs(2));
    }
    let mut moved = longer.clone();
    moved["start_datetime"] = json!(product.datetime_in(60));
    master.patch("/api/schedule", &moved).await.refused(409, "schedule_started");
    evening.upstream.plays(json!([connection("B")]));
    product.advance(Duration::from_secs(11));
    assert_eq!(master.get(&view).await.ok()["playlist_url"], playlist("B"), "without an event it is asked for");
}
