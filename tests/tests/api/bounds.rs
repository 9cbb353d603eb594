//! What one run takes on at the most, and what waits for the next: chats, entries, orphans.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_tests::intercepted::{Intercept, Request};
use api_tests::upstream::{Mood, Upstream};
use api_tests::{Product, new_schedule_at};
use serde_json::{Value, json};
use shared::app::App;
use shared::domain::ids::{ScheduleId, TenantId, UserId};
use shared::domain::message::{Message, MessageBody};
use shared::operations::reconciling;
use shared::platform::clock::Clock;
use shared::platform::telemetry;
use shared::store::messages;
use shared::store::todo::{self, Todo};
use shared::table::Fault;

use crate::support::write_all;

fn demo() -> TenantId {
    TenantId::from(local::demo::TENANT)
}

async fn sweep(product: &Product) -> Value {
    product.invoke("sweeper", &json!({})).await.expect("a sweep")
}

async fn reconcile(product: &Product) -> Value {
    product.invoke("sweeper", &json!({"action": "reconcile"})).await.expect("a reconciliation")
}

/// So many messages of a schedule that is gone, and the entry that says so.
async fn left_over_chat(product: &Product, count: i64) -> ScheduleId {
    let app = &product.server.app;
    let schedule = ScheduleId::from(app.random.uuid());
    let message = |number: i64| Message {
        id: app.random.uuid_at(1_000_000 + number).into(),
        user_id: UserId(1),
        user_name: "x".to_owned(),
        body: MessageBody::parse("x").unwrap(),
        deletion: None,
    };
    let writes: Vec<_> = (0..count).map(|at| messages::create(&demo(), &schedule, &message(at)).unwrap()).collect();
    write_all(product, &writes).await;
    let entry = Todo::Chat { tenant: demo(), schedule, due: app.clock.now_second() };
    write_all(product, &[todo::add(&entry).unwrap()]).await;
    product.advance(Duration::from_secs(2));
    schedule
}

async fn messages_of(product: &Product, schedule: &ScheduleId) -> usize {
    messages::after(&product.server.app.table, &demo(), schedule, None, None).await.unwrap().len()
}

#[tokio::test]
async fn a_long_chat_is_removed_by_more_than_one_run() {
    let product = Product::start().await;
    let schedule = left_over_chat(&product, 501).await;
    let first = sweep(&product).await;
    assert_eq!((&first["finished"], &first["left"]), (&json!(0), &json!(1)));
    assert_eq!(messages_of(&product, &schedule).await, 1);
    let second = sweep(&product).await;
    assert_eq!((&second["finished"], &second["left"]), (&json!(1), &json!(0)));
    assert_eq!(messages_of(&product, &schedule).await, 0);
    assert_eq!(sweep(&product).await["finished"], 0, "the entry is struck off");
}

#[tokio::test]
async fn a_chat_is_cut_where_lambda_could_not_carry_more() {
    let product = Product::start().await;
    let app = &product.server.app;
    let master = product.master().await;
    let id = master.plan(1).await;
    // Each takes 40 KB, and 80 KB as Lambda writes it.
    let quotes = "\"".repeat(20_000);
    let made = app.clock.now_millis() - 60_000;
    let message = |number| Message {
        id: app.random.uuid_at(made + number).into(),
        user_id: UserId(1),
        user_name: quotes.clone(),
        body: MessageBody::parse("x").unwrap(),
        deletion: None,
    };
    for number in 0..100 {
        let write = messages::create(&demo(), &id.as_str().into(), &message(number)).unwrap();
        app.table.write(&write).await.unwrap();
    }
    let first = master.get(&format!("/api/chat?schedule_id={id}")).await;
    assert!(serde_json::to_string(&first.text).unwrap().len() < 6_000_000);
    let first = first.ok();
    let count = |answer: &Value| answer["chats"].as_array().unwrap().len();
    assert!((60..100).contains(&count(&first)) && first["has_more"] == true, "{}", count(&first));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = master.get(&format!("/api/chat?schedule_id={id}&after={cursor}")).await.ok();
    assert_eq!((count(&first) + count(&second), &second["has_more"]), (100, &json!(false)));
}

#[tokio::test]
async fn a_run_takes_on_fifty_entries_from_either_end() {
    let product = Product::start().await;
    let due = product.server.app.clock.now_second() - chrono::TimeDelta::hours(1);
    let entry = |number: i64| {
        let due = due + chrono::TimeDelta::seconds(number);
        todo::add(&Todo::Channel { channel_id: format!("gone-{number}"), due }).unwrap()
    };
    write_all(&product, &(0..101).map(entry).collect::<Vec<_>>()).await;
    assert_eq!(sweep(&product).await["finished"], 100);
    assert_eq!(sweep(&product).await["finished"], 1);
}

/// What the sweeper answers, and what its line in the log says.
async fn observed(app: &App, event: Value) -> (Value, serde_json::Map<String, Value>) {
    let Some(local::functions::Function::Events(handle)) = local::functions::named("sweeper") else {
        panic!("a function of events");
    };
    let (answer, record) = telemetry::observe(handle(app, event, "r")).await;
    (answer.expect("an answer"), record.into_json())
}

#[tokio::test]
async fn a_run_says_how_many_entries_of_each_kind_it_left_and_how_old_the_oldest_is() {
    let upstream = Upstream::start().await;
    let noon = shared::http::datetime::parse("2029/01/01 12:00:00").unwrap();
    let product = Product::start_with(local::Options { clock: Clock::stopped_at(noon), ..upstream.options() }).await;
    for (channel, seconds) in [("young", 60), ("old", 3_600)] {
        let due = noon - chrono::TimeDelta::seconds(seconds);
        write_all(&product, &[todo::add(&Todo::Channel { channel_id: channel.to_owned(), due }).unwrap()]).await;
    }
    upstream.is(Mood::Answers(500, String::new()));
    let (answer, line) = observed(&product.server.apps.of("sweeper"), json!({})).await;
    let expected = json!({"finished": 0, "left": 2, "unreadable": 0, "oldest_left_seconds": 3_600});
    assert_eq!(answer, expected);
    assert_eq!((&line["left"], &line["left_by_kind"]), (&json!(2), &json!({"channel": 2})));
    assert_eq!((&line["UnfinishedAgeSeconds"], &line["UnreadableEntries"]), (&json!(3_600), &json!(0)));
    let reasons = line["left_because"].as_array().unwrap();
    assert!(reasons.len() == 2 && reasons.iter().all(|left| left["kind"] == "channel"), "{reasons:?}");
}

#[tokio::test]
async fn a_reconciliation_deletes_twenty_channels_and_says_how_many_are_left() {
    let upstream = Upstream::start().await;
    let mut options = upstream.options();
    options.config.deletes_orphans = true;
    let product = Product::start_with(options).await;
    for number in 0..21 {
        upstream.has(&format!("orphan-{number:02}"));
    }
    assert_eq!(reconcile(&product).await, json!({"orphans": 21, "deleted": 0}));
    product.advance(Duration::from_mins(15));
    let sweeper = product.server.apps.of("sweeper");
    let event = json!({"action": "reconcile"});
    let (answer, line) = observed(&sweeper, event).await;
    assert_eq!(answer, json!({"orphans": 21, "deleted": 20}));
    assert_eq!((&line["OrphanChannels"], &line["deleted"]), (&json!(1), &json!(20)));
    assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 1}));
}

#[tokio::test]
async fn a_channel_that_was_somebody_s_in_between_is_seen_anew() {
    let upstream = Upstream::start().await;
    let mut options = upstream.options();
    options.config.deletes_orphans = true;
    let product = Product::start_with(options).await;
    upstream.has("channel-001");
    assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 0}));
    let master = product.master().await;
    // The account gives the next channel the same name, so this one is the schedule's now.
    let id = master.plan(1).await;
    assert_eq!(reconcile(&product).await, json!({"orphans": 0, "deleted": 0}));
    upstream.is(Mood::Keeps("channel-001".to_owned()));
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    strike_off_all(&product).await;
    upstream.is(Mood::Kind);
    product.advance(Duration::from_mins(20));
    assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 0}), "a first sighting");
}

async fn strike_off_all(product: &Product) {
    let app = &product.server.app;
    let later = app.clock.now() + chrono::TimeDelta::days(100_000);
    for entry in todo::due(&app.table, later, 100, todo::Order::MostUrgentFirst).await.unwrap() {
        app.table.write(&todo::strike_off(&entry.todo.unwrap())).await.unwrap();
    }
}

#[tokio::test]
async fn a_channel_whose_deletion_was_noted_this_second_is_nobody_s_orphan() {
    let upstream = Upstream::start().await;
    let noon = shared::http::datetime::parse("2029/01/01 12:00:00").unwrap();
    let product = Product::start_with(local::Options { clock: Clock::stopped_at(noon), ..upstream.options() }).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    upstream.is(Mood::Keeps("channel-001".to_owned()));
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    assert_eq!(upstream.channels().len(), 1);
    assert_eq!(reconcile(&product).await["orphans"], 0);
}

#[tokio::test]
async fn the_channel_of_a_broadcast_planned_in_the_past_is_kept_for_a_day_from_now() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let past = new_schedule_at("2001/01/01 10:00:00", "2001/01/01 11:00:00");
    master.post("/api/schedule", &past).await.ok();
    product.advance(Duration::from_hours(23));
    sweep(&product).await;
    assert_eq!(upstream.channels().len(), 1);
    product.advance(Duration::from_hours(2));
    for _ in 0..2 {
        sweep(&product).await;
        product.advance(Duration::from_secs(2));
    }
    assert!(upstream.channels().is_empty());
}

/// Notes how often ImageFlux had been asked before the first query of the table.
struct Noting {
    upstream: Upstream,
    first: Arc<Mutex<Option<usize>>>,
}

impl Intercept for Noting {
    async fn before(&self, request: Request<'_>) -> Result<(), Fault> {
        if let Request::Query(_) = request {
            self.first.lock().unwrap().get_or_insert(self.upstream.requests().len());
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_reconciliation_asks_imageflux_before_it_reads_the_table() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let first = Arc::default();
    let table = product.intercepted_table(Noting { upstream: upstream.clone(), first: Arc::clone(&first) }).await;
    let app = App { table, ..product.server.app.clone() };
    reconciling::reconcile(&app).await.unwrap();
    assert_eq!(*first.lock().unwrap(), Some(1), "what is created after the list cannot be mistaken for nobody's");
}
