//! Channels that the account lists and no schedule knows.

use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Product, new_schedule};
use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::domain::interval::Interval;
use shared::domain::schedule::{Keys, Plan, Schedule, ScheduleName};
use shared::operations::reconciling;
use shared::platform::telemetry;
use shared::store::schedules;

use crate::support::write_all;

async fn reconcile(product: &Product) -> Value {
    product.invoke("sweeper", &json!({"action": "reconcile"})).await.expect("a reconciliation")
}

async fn product(upstream: &Upstream, deletes_orphans: bool) -> Product {
    let mut options = upstream.options();
    options.config.deletes_orphans = deletes_orphans;
    Product::start_with(options).await
}

#[tokio::test]
async fn an_orphan_is_deleted_when_it_is_seen_again_and_only_if_the_operator_says_so() {
    for deletes_orphans in [false, true] {
        let upstream = Upstream::start().await;
        let product = product(&upstream, deletes_orphans).await;
        product.master().await.post("/api/schedule", &new_schedule(1)).await.ok();
        upstream.has("stranger");
        assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 0}));
        product.advance(Duration::from_mins(14));
        assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 0}), "it may be on its way");
        product.advance(Duration::from_mins(2));
        let deleted = usize::from(deletes_orphans);
        assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": deleted}));
        assert_eq!(upstream.channels().len(), 2 - deleted);
        assert_eq!(reconcile(&product).await, json!({"orphans": 1 - deleted, "deleted": 0}));
    }
}

#[tokio::test]
async fn an_orphan_that_cannot_be_deleted_keeps_no_other() {
    let upstream = Upstream::start().await;
    let product = product(&upstream, true).await;
    for orphan in ["orphan-1", "orphan-2", "orphan-3"] {
        upstream.has(orphan);
    }
    upstream.is(Mood::Keeps("orphan-1".to_owned()));
    assert_eq!(reconcile(&product).await, json!({"orphans": 3, "deleted": 0}));
    product.advance(Duration::from_mins(16));
    assert_eq!(reconcile(&product).await, json!({"orphans": 3, "deleted": 2}));
    assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 0}));
    upstream.is(Mood::Kind);
    assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 1}));
}

/// Schedules of the past, whose channels were retired.
async fn fill_the_past(product: &Product, count: i64) {
    let begin = product.server.app.clock.now_second() - TimeDelta::days(1_000);
    let past = (0..count).map(|hour| {
        let start = begin + TimeDelta::hours(hour);
        let plan = Plan {
            id: product.server.app.random.uuid().into(),
            name: ScheduleName::parse("past").expect("a name"),
            interval: Interval::new(start, start + TimeDelta::hours(1)).expect("an interval"),
            created_at: begin,
            created_by: "x".to_owned(),
            revision: 0,
            changed_at: begin,
        };
        let keys = Keys { publishing: "publishing".into(), watching: "watching".into() };
        schedules::create(&local::demo::TENANT.into(), &Schedule { plan, channel: None, keys }).expect("an item")
    });
    write_all(product, &past.collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn a_reconciliation_reads_what_lives_and_not_what_ever_was() {
    let upstream = Upstream::start().await;
    let product = product(&upstream, true).await;
    let master = product.master().await;
    for hour in 1..=3 {
        master.plan(hour).await;
    }
    let units = async || {
        let (reconciled, record) = telemetry::observe(reconciling::reconcile(&product.server.apps.of("sweeper"))).await;
        assert_eq!(reconciled.expect("a reconciliation").orphans, 0);
        record.table_read_units
    };
    let before = units().await;
    fill_the_past(&product, 500).await;
    let after = units().await;
    assert!(after <= before && after < 5.0, "{before} units, and {after} with a past");
}

#[tokio::test]
async fn no_channel_of_a_schedule_is_ever_taken_for_nobodys() {
    let upstream = Upstream::start().await;
    let product = product(&upstream, true).await;
    let id = {
        let master = product.master().await;
        let body = api_tests::new_schedule_at(&product.datetime_in(60), &product.datetime_in(3_660));
        master.post("/api/schedule", &body).await.ok()["schedule_id"].as_str().expect("an id").to_owned()
    };
    let nobodys = async |what: &str| {
        // The first notes what the second deletes.
        for _ in 0..2 {
            product.invoke("sweeper", &json!({})).await.expect("a sweep");
            product.advance(Duration::from_secs(2));
        }
        assert_eq!(reconcile(&product).await, json!({"orphans": 0, "deleted": 0}), "{what}");
    };
    nobodys("planned").await;
    let later = product.datetime_in(2 * 24 * 3_600);
    let change =
        json!({"schedule_id": id, "name": "longer", "start_datetime": product.datetime_in(60), "end_datetime": later});
    product.master().await.patch("/api/schedule", &change).await.ok();
    nobodys("made longer").await;
    product.advance(Duration::from_hours(26));
    nobodys("kept beyond the end that it once had").await;
    product.advance(Duration::from_hours(24 + 24));
    nobodys("retired").await;
    assert_eq!(upstream.channels().len(), 0);
    let master = product.master().await;
    let change = json!({"schedule_id": id, "name": "again", "start_datetime": product.datetime_in(-60),
                        "end_datetime": product.datetime_in(3_600)});
    master.patch("/api/schedule", &change).await.ok();
    master.get(&format!("/api/delivery?schedule_id={id}")).await.ok();
    assert_eq!(upstream.channels().len(), 1);
    nobodys("made again").await;
    product.advance(Duration::from_mins(16));
    nobodys("looked at again").await;
    assert_eq!(upstream.channels().len(), 1);
}
