//! The sweeper finishes what was left half done: channels, reservations, chats.

use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Product, at_hour, new_schedule, new_schedule_at};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use shared::domain::ids::TenantId;
use shared::domain::interval::Interval;
use shared::domain::live::{Fact, Live, News};
use shared::domain::schedule::{Plan, Reservation, ScheduleName};
use shared::operations::sweeping;
use shared::store::live::{self, Seen};
use shared::store::todo::{self, Entry, Order, Todo};
use shared::store::{calendar, instant_text, messages};
use shared::table::{Key, Transacted, Value, Write};

use crate::support::calendar::{assert_is_consistent, nodes, plan};

fn demo() -> TenantId {
    TenantId::from(local::demo::TENANT)
}

async fn sweep(product: &Product) {
    product.invoke("sweeper", &json!({})).await.expect("a sweep");
}

async fn due(product: &Product) -> Vec<Entry> {
    let app = &product.server.app;
    todo::due(&app.table, app.clock.now(), 1_000, Order::MostUrgentFirst).await.unwrap()
}

#[tokio::test]
async fn a_schedule_is_deleted_while_imageflux_is_down_and_its_channel_later() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    for (hour, mood) in [
        // What it answers 200 to is done, so this comes before there is anything else to sweep.
        (1, Mood::Babbles("<html>".to_owned())),
        (2, Mood::Answers(500, String::new())),
        (3, Mood::Answers(401, String::new())),
        (4, Mood::Answers(429, String::new())),
        (5, Mood::Answers(400, String::new())),
    ] {
        upstream.is(Mood::Kind);
        let id = master.plan(hour).await;
        upstream.is(mood.clone());
        master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
        sweep(&product).await;
        plan_again(&master, &upstream, hour).await;
    }
    upstream.is(Mood::Kind);
    product.advance(Duration::from_secs(5));
    sweep(&product).await;
    let planned = master.get("/api/schedule").await.ok().as_array().unwrap().len();
    // One answered 200 to the deletion and lied.
    assert_eq!(upstream.channels().len(), planned + 1, "{:?}", upstream.channels());
    assert_is_consistent(&product, &master).await;
}

/// The time of a deleted schedule is free at once, whatever becomes of its channel.
async fn plan_again(master: &Actor, upstream: &Upstream, hour: u32) {
    upstream.is(Mood::Kind);
    master.plan(hour).await;
}

/// Notes that a channel is to be deleted.
async fn delete_later(product: &Product, channel_id: &str, due: DateTime<Utc>) {
    let write = todo::add(&Todo::Channel { channel_id: channel_id.to_owned(), due }).unwrap();
    product.server.app.table.write(&write).await.unwrap();
}

#[tokio::test]
async fn a_channel_that_is_gone_already_is_struck_off() {
    let product = Product::start().await;
    let master = product.master().await;
    delete_later(&product, "never-was", product.server.app.clock.now_second()).await;
    product.advance(Duration::from_secs(2));
    sweep(&product).await;
    assert!(due(&product).await.is_empty());
    assert_is_consistent(&product, &master).await;
}

/// What a planner leaves that died between its reservation and its channel.
async fn die_in_the_middle(product: &Product, start: u32, end: u32, lease_end: DateTime<Utc>) -> Plan {
    let instant = |hour| shared::http::datetime::parse(&at_hour(hour)).unwrap();
    let app = &product.server.app;
    let plan = Plan {
        id: app.random.uuid().into(),
        name: ScheduleName::parse("予約").unwrap(),
        interval: Interval::new(instant(start), instant(end)).unwrap(),
        created_at: app.clock.now_second(),
        created_by: "master".to_owned(),
        revision: 0,
        changed_at: app.clock.now_second(),
    };
    let owner = calendar::before(&app.table, &demo(), instant(end).into(), 1).await.unwrap().remove(0);
    let mut writes = calendar::take(&demo(), &owner, &plan, Some(lease_end)).unwrap().to_vec();
    let reservation = Reservation { tenant: demo(), plan: plan.clone(), operation: "dead".to_owned(), lease_end };
    writes.push(todo::add(&Todo::Reservation(reservation)).unwrap());
    assert!(matches!(app.table.transact(&writes).await.unwrap(), Transacted::Done));
    plan
}

#[tokio::test]
async fn a_page_of_schedules_counts_no_reservation() {
    let product = Product::start().await;
    let master = product.master().await;
    let soon = product.server.app.clock.now_second() + TimeDelta::seconds(60);
    for hour in [1, 5, 7] {
        master.plan(hour).await;
    }
    die_in_the_middle(&product, 3, 4, soon).await;
    let first = master.get("/api/schedule?limit=2").await;
    let next = first.header("link");
    assert_eq!(first.ok().as_array().map(Vec::len), Some(2));
    assert!(next.contains("rel=\"next\""), "the third stands behind the reservation: {next}");
}

#[tokio::test]
async fn a_reservation_holds_its_time_unseen_until_its_lease_ends_and_is_swept() {
    let product = Product::start().await;
    let master = product.master().await;
    let soon = product.server.app.clock.now_second() + TimeDelta::seconds(60);
    let reserved = die_in_the_middle(&product, 1, 3, soon).await;
    assert_eq!(master.get("/api/schedule").await.ok(), json!([]));
    let problem = master.post("/api/schedule", &new_schedule(2)).await.refused(409, "schedule_overlap");
    assert_eq!(problem["conflicts_with"]["schedule_id"], reserved.id.to_string());
    master.get(&format!("/api/delivery?schedule_id={}", reserved.id)).await.refused(404, "schedule_not_found");
    sweep(&product).await;
    assert_eq!(nodes(&product).await.len(), 2, "its time has not come");
    product.advance(Duration::from_secs(62));
    sweep(&product).await;
    assert_eq!(nodes(&product).await.len(), 1);
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn a_dead_reservation_blocks_neither_plans_nor_moves() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = plan(&master, 20, 22).await;
    // The local server sweeps every two seconds; before it does, somebody else wants the time.
    let past = product.server.app.clock.now_second();
    die_in_the_middle(&product, 1, 3, past).await;
    master.post("/api/schedule", &new_schedule_at(&at_hour(2), &at_hour(4))).await.ok();
    die_in_the_middle(&product, 23, 25, past).await;
    let longer = json!({"schedule_id": id, "name": "x", "start_datetime": at_hour(20), "end_datetime": at_hour(24)});
    master.patch("/api/schedule", &longer).await.ok();
    die_in_the_middle(&product, 30, 32, past).await;
    let moved = json!({"schedule_id": id, "name": "x", "start_datetime": at_hour(31), "end_datetime": at_hour(33)});
    master.patch("/api/schedule", &moved).await.ok();
    sweep(&product).await;
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn what_cannot_be_finished_holds_nothing_else_up() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let long_ago = product.server.app.clock.now_second() - TimeDelta::hours(1);
    for number in 0..150 {
        delete_later(&product, &format!("stuck-{number}"), long_ago + TimeDelta::seconds(number)).await;
    }
    die_in_the_middle(&product, 1, 3, product.server.app.clock.now_second() - TimeDelta::seconds(1)).await;
    upstream.is(Mood::Answers(500, String::new()));
    sweep(&product).await;
    assert_eq!(nodes(&product).await.len(), 1);
    assert_eq!(due(&product).await.len(), 150);
    upstream.is(Mood::Kind);
    for _ in 0..3 {
        sweep(&product).await;
    }
    assert!(due(&product).await.is_empty());
}

#[tokio::test]
async fn a_schedule_of_the_last_year_is_not_due() {
    let product = Product::start().await;
    let master = product.master().await;
    let ends = "9999/12/31 23:59:59";
    master.post("/api/schedule", &new_schedule_at("9999/12/31 10:00:00", ends)).await.ok();
    master.post("/api/schedule", &new_schedule_at("1970/01/01 00:00:00", "1970/01/01 00:00:01")).await.ok();
    product.advance(Duration::from_hours(25));
    let swept = product.invoke("sweeper", &json!({})).await.unwrap();
    assert_eq!(swept["left"], 0, "{swept}");
    assert!(due(&product).await.is_empty());
}

#[tokio::test]
async fn the_chat_of_a_deleted_schedule_is_removed() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let other = master.plan(3).await;
    for schedule in [&id, &other] {
        for body in ["一", "二", "三"] {
            master.post("/api/chat", &json!({"schedule_id": schedule, "body": body})).await.ok();
        }
    }
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    product.advance(Duration::from_mins(2));
    sweep(&product).await;
    let left = async |id: &str| {
        let messages = messages::after(&product.server.app.table, &demo(), &id.into(), None, None).await.unwrap();
        messages.len()
    };
    assert_eq!((left(&id).await, left(&other).await), (0, 3));
}

#[tokio::test]
async fn an_event_that_came_after_its_schedule_was_deleted_leaves_nothing() {
    let product = Product::start().await;
    let master = product.master().await;
    let (id, table) = (master.plan(1).await, &product.server.app.table);
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    let at = product.server.app.clock.now();
    let late = Live::from(Fact { connection_id: "A".to_owned(), at, news: News::Lives { sends: Some(true) } });
    assert!(live::keep(table, &demo(), &id.as_str().into(), &Seen::default(), &late).await.unwrap());
    product.advance(Duration::from_mins(2));
    sweep(&product).await;
    assert_eq!(live::find(table, &demo(), &id.as_str().into()).await.unwrap().live, Live::default());
}

#[tokio::test]
async fn sweepers_that_run_at_once_do_no_harm() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let past = product.server.app.clock.now_second() - TimeDelta::seconds(60);
    upstream.is(Mood::Kind);
    let mut ids = Vec::new();
    for hour in 0..6 {
        ids.push(plan(&master, 4 * hour, 4 * hour + 1).await);
        die_in_the_middle(&product, 4 * hour + 1, 4 * hour + 2, past).await;
    }
    upstream.is(Mood::Answers(503, String::new()));
    for id in &ids[..3] {
        master.post("/api/chat", &json!({"schedule_id": id, "body": "x"})).await.ok();
        master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    }
    upstream.is(Mood::Kind);
    product.advance(Duration::from_mins(2));
    let sweeps = (0..5).map(|_| sweep(&product));
    futures_util::future::join_all(sweeps).await;
    sweep(&product).await;
    assert_eq!(upstream.channels().len(), 3);
    assert_is_consistent(&product, &master).await;
    assert!(due(&product).await.is_empty());
}

#[tokio::test]
async fn a_hanging_imageflux_delays_a_deletion_but_does_not_stop_it() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    upstream.is(Mood::Sleeps(Duration::from_mins(1)));
    let deleted = tokio::time::timeout(Duration::from_secs(8), async {
        master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    });
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(master.get("/api/schedule").await.ok(), json!([]), "it is gone before its channel");
    };
    let (deleted, ()) = tokio::join!(deleted, meanwhile);
    deleted.expect("an answer in time");
    upstream.is(Mood::Kind);
    master.plan(1).await;
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_reported_and_holds_nothing_up() {
    let product = Product::start().await;
    let app = &product.server.app;
    let due_at = app.clock.now_second() - TimeDelta::hours(1);
    let key = Key { pk: "TODO".to_owned(), sk: format!("{}#of-a-later-version", instant_text(due_at)) };
    let kind = ("kind".to_owned(), Value::S("a kind of a later version".to_owned()));
    let item = std::collections::HashMap::from([kind]).into();
    app.table.write(&Write::create(key.clone(), item)).await.unwrap();
    delete_later(&product, "never-was", due_at + TimeDelta::seconds(1)).await;
    let swept = sweeping::sweep(app).await.unwrap();
    assert_eq!((swept.finished, swept.left), (1, Vec::new()));
    assert_eq!(swept.unreadable, std::slice::from_ref(&key.sk));
    assert!(swept.oldest_left >= 3_600, "its age is told: {}", swept.oldest_left);
    assert_eq!(due(&product).await.into_iter().map(|entry| entry.key).collect::<Vec<_>>(), [key.sk]);
}

#[tokio::test]
async fn an_entry_that_stays_says_why() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let app = &product.server.app;
    delete_later(&product, "stuck", app.clock.now_second() - TimeDelta::seconds(1)).await;
    upstream.is(Mood::Answers(500, String::new()));
    let swept = sweeping::sweep(app).await.unwrap();
    let [left] = &swept.left[..] else { panic!("{swept:?}") };
    assert_eq!(left.kind, "channel");
    assert!(left.key.ends_with("#stuck") && left.reason.contains("imageflux"), "{left:?}");
    upstream.is(Mood::Kind);
    assert_eq!(sweeping::sweep(app).await.unwrap().finished, 1);
}

#[tokio::test]
async fn the_sweeper_refuses_an_action_it_does_not_know() {
    let product = Product::start().await;
    product.invoke("sweeper", &json!({"action": "sweep"})).await.expect("a sweep");
    for action in [json!("reconsile"), json!(""), json!(1), json!({})] {
        let refused = product.invoke("sweeper", &json!({"action": action})).await;
        assert!(refused.is_err_and(|error| error.contains("unknown action")), "{action}");
    }
}
