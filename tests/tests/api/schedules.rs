//! Planning: what overlaps and what does not, what a start that has come forbids, and what a schedule leaves.

use std::time::Duration;

use api_tests::upstream::Upstream;
use api_tests::{Product, at_hour, new_schedule, new_schedule_at, new_user};
use serde_json::{Value, json};

use crate::calendar::{assert_is_consistent, plan};

#[tokio::test]
async fn whatever_shares_a_second_with_a_schedule_is_refused_and_names_it() {
    let product = Product::start().await;
    let master = product.master().await;
    let planned = plan(&master, 10, 14).await;
    let touching = [(10, 14), (9, 11), (13, 15), (11, 13), (9, 15), (10, 11), (13, 14), (9, 14), (10, 15)];
    for (start, end) in touching {
        let problem = master
            .post("/api/schedule", &new_schedule_at(&at_hour(start), &at_hour(end)))
            .await
            .refused(409, "schedule_overlap");
        let conflict = json!({"schedule_id": planned, "name": "テスト配信",
                              "start_datetime": "2030-01-01T10:00:00", "end_datetime": "2030-01-01T14:00:00"});
        assert_eq!(problem["conflicts_with"], conflict, "{start} to {end}");
    }
    let one_second = [("2030/01/01 09:00:00", "2030/01/01 10:00:01"), ("2030/01/01 13:59:59", "2030/01/01 15:00:00")];
    for (start, end) in one_second {
        master.post("/api/schedule", &new_schedule_at(start, end)).await.refused(409, "schedule_overlap");
    }
    assert_eq!(master.get("/api/schedule").await.ok().as_array().unwrap().len(), 1);
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn a_broadcast_may_start_in_the_second_in_which_another_ends() {
    let product = Product::start().await;
    let master = product.master().await;
    for (start, end) in [(10, 12), (8, 10), (12, 13), (13, 14), (0, 8)] {
        plan(&master, start, end).await;
    }
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn an_interval_over_several_schedules_is_refused() {
    let product = Product::start().await;
    let master = product.master().await;
    let ids = [plan(&master, 2, 3).await, plan(&master, 5, 6).await, plan(&master, 8, 9).await];
    let problem = master
        .post("/api/schedule", &new_schedule_at(&at_hour(0), &at_hour(20)))
        .await
        .refused(409, "schedule_overlap");
    let named = problem["conflicts_with"]["schedule_id"].as_str().unwrap();
    assert!(ids.iter().any(|id| id == named), "{problem}");
}

#[tokio::test]
async fn other_tenants_plan_at_the_same_time() {
    let product = Product::start().await;
    let (master, stranger) = (product.master().await, product.stranger().await);
    master.plan(1).await;
    stranger.plan(1).await;
    stranger.post("/api/schedule", &new_schedule(1)).await.refused(409, "schedule_overlap");
}

#[tokio::test]
async fn the_last_second_of_the_calendar_can_be_planned() {
    let product = Product::start().await;
    let master = product.master().await;
    let last = new_schedule_at("9999/12/31 23:00:00", "9999/12/31 23:59:59");
    master.post("/api/schedule", &last).await.ok();
    master.post("/api/schedule", &last).await.refused(409, "schedule_overlap");
    master.post("/api/schedule", &new_schedule_at("1970/01/01 00:00:00", "1970/01/01 00:00:01")).await.ok();
    assert_is_consistent(&product, &master).await;
}

/// A product and a schedule of one hour in it, whose start has come so many seconds ago, or comes in so many.
async fn since_start(seconds: i64) -> (Product, api_tests::Actor, Value) {
    let product = Product::start().await;
    let master = product.master().await;
    let (start, end) = (product.datetime_in(1000), product.datetime_in(4600));
    let mut schedule = new_schedule_at(&start, &end);
    let id = master.post("/api/schedule", &schedule).await.ok()["schedule_id"].clone();
    schedule["schedule_id"] = id;
    let now = product.server.app.clock.now();
    let starts_at = shared::http::datetime::parse(&start).unwrap();
    let wait = starts_at + chrono::TimeDelta::seconds(seconds) - now;
    product.advance(wait.to_std().expect("later than now"));
    (product, master, schedule)
}

#[tokio::test]
async fn a_start_that_has_come_stays_but_name_and_end_change() {
    for seconds in [0, 1] {
        let (product, master, schedule) = since_start(seconds).await;
        for start in [product.datetime_in(-3600), product.datetime_in(60)] {
            let mut moved = schedule.clone();
            moved["start_datetime"] = json!(start);
            master.patch("/api/schedule", &moved).await.refused(409, "schedule_started");
        }
        let mut longer = schedule.clone();
        longer["end_datetime"] = json!(product.datetime_in(7200));
        longer["name"] = json!("延長");
        master.patch("/api/schedule", &longer).await.ok();
        let list = master.get("/api/schedule").await.ok();
        assert_eq!(list[0]["name"], "延長");
        let as_listed = |member: &str| longer[member].as_str().unwrap().replace('/', "-").replace(' ', "T");
        assert_eq!(list[0]["start_datetime"], as_listed("start_datetime"));
        assert_eq!(list[0]["end_datetime"], as_listed("end_datetime"));
        assert_is_consistent(&product, &master).await;
    }
}

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
async fn the_creators_name_stays_when_the_user_is_gone() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut user = new_user(&["schedule"]);
    user["name"] = json!("田中");
    let user_id = master.post("/api/user", &user).await.ok()["user_id"].as_i64().unwrap();
    let email = user["email"].as_str().unwrap();
    let planner = product.log_in(email, "Password123", local::demo::ACCESS_CODE, user_id).await;
    planner.plan(1).await;
    let renamed = json!({"user_id": user_id, "name": "鈴木"});
    master.patch("/api/user", &renamed).await.ok();
    master.delete(&format!("/api/user?user_id={user_id}")).await.ok();
    planner.get("/api/schedule").await.refused(401, "unauthenticated");
    assert_eq!(master.get("/api/schedule").await.ok()[0]["created_user_name"], "田中");
}
