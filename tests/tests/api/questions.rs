//! How often ImageFlux is asked who publishes, by environments whose clocks differ.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::app::App;
use shared::platform::clock::Clock;
use shared::table::dynamodb::DynamoDb;
use shared::table::{Backend, BackendFuture, Batch, Item, Key, Page, Query, Table, Transacted, Write, Written};
use uuid::Uuid;

use crate::support::evening::Evening;

/// A table whose answer to the first write about who is live takes long, by the clocks of the test.
struct Sluggish {
    table: DynamoDb,
    clocks: [Clock; 2],
    first_takes: Mutex<Duration>,
}

impl Backend for Sluggish {
    fn get<'a>(&'a self, key: &'a Key) -> BackendFuture<'a, Option<Item>> {
        self.table.get(key)
    }

    fn get_batch<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Batch> {
        self.table.get_batch(keys)
    }

    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page> {
        self.table.query(query, after)
    }

    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written> {
        if write.key.pk.starts_with("LIVE#") {
            let takes = std::mem::take(&mut *self.first_takes.lock().unwrap());
            self.clocks.iter().for_each(|clock| clock.advance(takes));
        }
        self.table.write(write)
    }

    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted> {
        self.table.transact(writes, token)
    }
}

async fn look(evening: &Evening, app: &App) {
    let event = evening.master.event("GET", &format!("/api/view?schedule_id={}", evening.id)).payload_2();
    let function = local::functions::named("delivery-view").unwrap();
    let answer = local::functions::invoke(app, function, event).await.unwrap();
    assert_eq!(answer["statusCode"], 404, "{answer}");
}

#[tokio::test]
async fn two_whose_clocks_are_two_seconds_apart_do_not_ask_within_two_seconds() {
    let evening = Evening::stands_still().await;
    evening.passes(70);
    assert_eq!(evening.shown().await, "waiting");
    let ahead = Clock::stopped_at(evening.product.server.app.clock.now());
    ahead.advance(Duration::from_secs(2));
    let ahead = App { clock: ahead, ..evening.elsewhere() };
    for _ in 0..19 {
        ahead.clock.advance(Duration::from_millis(100));
        look(&evening, &ahead).await;
    }
    assert_eq!(evening.questions(), 1, "in 1.9 seconds");
    for _ in 0..12 {
        ahead.clock.advance(Duration::from_millis(100));
        look(&evening, &ahead).await;
    }
    assert_eq!(evening.questions(), 2, "in 3.1 seconds");
}

#[tokio::test]
async fn whoever_is_given_the_lease_late_renews_it_before_asking() {
    let evening = Evening::stands_still().await;
    evening.passes(70);
    let clock = evening.product.server.app.clock.clone();
    let ahead = Clock::stopped_at(clock.now());
    ahead.advance(Duration::from_secs(2));
    let name = local::Options::default().table_name;
    let table = local::engine::open(&evening.product.server.table_url, &name).await.expect("the table");
    let first_takes = Mutex::new(Duration::from_secs(2));
    let clocks = [clock, ahead.clone()];
    let slow = Table::new(Arc::new(Sluggish { table, clocks, first_takes }), evening.elsewhere().random);
    look(&evening, &App { table: slow, ..evening.elsewhere() }).await;
    assert_eq!(evening.questions(), 1);
    let ahead = App { clock: ahead, ..evening.elsewhere() };
    for _ in 0..19 {
        ahead.clock.advance(Duration::from_millis(100));
        look(&evening, &ahead).await;
    }
    assert_eq!(evening.questions(), 1, "in 1.9 seconds after the first question");
}
