//! `DELETE /api/schedule`: until its start, and once.

use std::time::Duration;

use api_tests::upstream::Upstream;
use api_tests::{Product, at_hour, new_schedule, new_schedule_at};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::calendar::{assert_is_consistent, plan, since_start};

#[tokio::test]
async fn a_schedule_is_not_deleted_from_its_start_second_on() {
    for seconds in [0, 1, 100_000] {
        let (_product, master, schedule) = since_start(seconds).await;
        let master = master.with_token(&master.new_token().await);
        let path = format!("/api/schedule?schedule_id={}", schedule["schedule_id"].as_str().unwrap());
        master.delete(&path).await.refused(409, "schedule_started");
        assert_eq!(master.get("/api/schedule").await.ok().as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn in_the_second_before_its_start_a_schedule_is_moved_and_deleted() {
    // A second is short on a busy machine: an attempt that took longer says nothing.
    for _attempt in 0..10 {
        let (product, master, mut schedule) = since_start(-1).await;
        let starts_at = shared::http::datetime::parse(schedule["start_datetime"].as_str().unwrap()).unwrap();
        schedule["start_datetime"] = json!(product.datetime_in(10));
        let moved = master.patch("/api/schedule", &schedule).await;
        let was_in_time = product.server.app.clock.now() < starts_at;
        if was_in_time {
            moved.ok();
            product.advance(Duration::from_secs(9));
            let id = schedule["schedule_id"].as_str().unwrap();
            let deleted = master.delete(&format!("/api/schedule?schedule_id={id}")).await;
            if product.server.app.clock.now() < starts_at + chrono::TimeDelta::seconds(9) {
                deleted.ok();
                return;
            }
        }
    }
    panic!("no attempt took less than a second");
}

#[tokio::test]
async fn a_deleted_schedule_frees_its_time_and_is_gone_everywhere() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let (first, second, third) = (plan(&master, 1, 3).await, plan(&master, 3, 5).await, plan(&master, 5, 7).await);
    master.post("/api/chat", &json!({"schedule_id": second, "body": "x"})).await.ok();
    assert_eq!(upstream.channels().len(), 3);
    master.delete(&format!("/api/schedule?schedule_id={second}")).await.ok();
    assert_eq!(upstream.channels().len(), 2);
    for path in ["delivery", "view", "chat"] {
        master.get(&format!("/api/{path}?schedule_id={second}")).await.refused(404, "schedule_not_found");
    }
    let change = |id: &str| {
        let mut change = new_schedule(3);
        change["schedule_id"] = json!(id);
        change
    };
    master.patch("/api/schedule", &change(&second)).await.refused(404, "schedule_not_found");
    master.delete(&format!("/api/schedule?schedule_id={second}")).await.refused(404, "schedule_not_found");
    master.post("/api/schedule", &new_schedule_at(&at_hour(2), &at_hour(6))).await.refused(409, "schedule_overlap");
    plan(&master, 3, 5).await;
    for id in [first, third] {
        master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    }
    assert_is_consistent(&product, &master).await;
    assert_eq!(upstream.channels().len(), 1);
}

#[tokio::test]
async fn another_tenants_schedule_cannot_be_changed_or_deleted() {
    let product = Product::start().await;
    let (master, stranger) = (product.master().await, product.stranger().await);
    let id = master.plan(1).await;
    let mut change = new_schedule(5);
    change["schedule_id"] = json!(id);
    stranger.patch("/api/schedule", &change).await.refused(404, "schedule_not_found");
    stranger.delete(&format!("/api/schedule?schedule_id={id}")).await.refused(404, "schedule_not_found");
    for path in ["delivery", "view", "chat"] {
        stranger.get(&format!("/api/{path}?schedule_id={id}")).await.refused(404, "schedule_not_found");
    }
    stranger.post("/api/chat", &json!({"schedule_id": id, "body": "x"})).await.refused(404, "schedule_not_found");
    assert_eq!(stranger.get("/api/schedule").await.ok(), json!([]));
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn twenty_who_delete_one_schedule_delete_it_once() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let path = format!("/api/schedule?schedule_id={id}");
    let answers = join_all((0..20).map(|_| master.delete(&path))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 404].contains(&answer.status.as_u16())));
    assert!(upstream.channels().is_empty());
    assert_is_consistent(&product, &master).await;
}
