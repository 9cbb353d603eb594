//! `POST /api/schedule`: what overlaps and what does not, and many planners at once.

use api_tests::upstream::Upstream;
use api_tests::{Answer, Product, at_hour, new_schedule, new_schedule_at};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use local::demo;
use serde_json::json;
use shared::domain::ids::TenantId;
use shared::domain::interval::Interval;
use shared::domain::schedule::{Plan, ScheduleName};
use shared::store::calendar;
use shared::table::Transacted;

use crate::support::calendar::{assert_is_consistent, plan};

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

#[tokio::test]
async fn of_twenty_equal_plans_one_is_made() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let body = new_schedule(1);
    let answers = join_all((0..20).map(|_| master.post("/api/schedule", &body))).await;
    let (made, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((made.len(), refused.len()), (1, 19));
    let id = made.into_iter().next().unwrap().ok()["schedule_id"].clone();
    for answer in refused {
        assert_eq!(answer.refused(409, "schedule_overlap")["conflicts_with"]["schedule_id"], id);
    }
    assert_eq!(master.get("/api/schedule").await.ok().as_array().unwrap().len(), 1);
    assert_eq!((upstream.created(), upstream.channels().len()), (1, 1));
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn thirty_two_disjoint_plans_are_all_made() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    join_all((0..32).map(|hour| master.plan(hour))).await;
    assert_eq!((upstream.created(), upstream.channels().len()), (32, 32));
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn more_disjoint_plans_than_one_would_retry_are_all_made_though_they_come_in_the_worst_order() {
    let product = Product::start().await;
    let master = product.master().await;
    plan(&master, 0, 10).await;
    plan(&master, 58, 60).await;
    join_all((10..58).rev().map(|hour| master.plan(hour))).await;
    assert_is_consistent(&product, &master).await;
}

/// A planner reads a gap, and somebody prolongs the schedule before it: the gap's `nxt` is still the same, its start is not.
#[tokio::test]
async fn a_gap_that_was_narrowed_since_it_was_read_is_not_taken() {
    let product = Product::start().await;
    let master = product.master().await;
    let first = plan(&master, 10, 12).await;
    let (table, tenant) = (&product.server.app.table, TenantId::from(demo::TENANT));
    let owner = calendar::before(table, &tenant, hour(15).into(), 1).await.unwrap().remove(0);
    let longer = json!({"schedule_id": first, "name": "x", "start_datetime": at_hour(10), "end_datetime": at_hour(13)});
    master.patch("/api/schedule", &longer).await.ok();
    let overlapping = calendar::take(&tenant, &owner, &an_hour_from(12), None).unwrap();
    assert!(matches!(table.transact(&overlapping).await.unwrap(), Transacted::Refused(_)));
    let behind = calendar::take(&tenant, &owner, &an_hour_from(13), None).unwrap();
    assert!(matches!(table.transact(&behind).await.unwrap(), Transacted::Done));
}

/// As `at_hour`.
fn hour(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_893_423_600, 0).unwrap() + TimeDelta::hours(hour)
}

fn an_hour_from(start: i64) -> Plan {
    Plan {
        id: "00000000-0000-4000-8000-0000000000aa".into(),
        name: ScheduleName::parse("x").unwrap(),
        interval: Interval::new(hour(start), hour(start + 1)).unwrap(),
        created_at: hour(0),
        created_by: "x".to_owned(),
        revision: 0,
        changed_at: hour(0),
    }
}
