//! What a process may repeat in all, over a table that is busy when a test says so, in time that does not pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use shared::platform::random::Random;
use shared::table::{
    Backend, BackendFuture, Batch, Effect, Fault, Item, Key, Page, Query, Table, TableError, Transacted, Write, Written,
};
use uuid::Uuid;

use crate::table::{assert_unavailable, item, key};

#[derive(Clone, Default)]
struct Busy {
    is_busy: Arc<AtomicBool>,
    attempts: Arc<AtomicUsize>,
}

impl Busy {
    fn answer<'a, T: Send + 'a>(&self, value: T) -> BackendFuture<'a, T> {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let is_busy = self.is_busy.load(Ordering::Relaxed);
        Box::pin(async move { if is_busy { Err(Fault::Busy("busy".to_owned())) } else { Ok(value) } })
    }

    fn table(&self) -> Table {
        Table::new(Arc::new(self.clone()), Random::from_seed(1))
    }

    fn is(&self, busy: bool) {
        self.is_busy.store(busy, Ordering::Relaxed);
    }

    /// Since this was last asked.
    fn attempts(&self) -> usize {
        self.attempts.swap(0, Ordering::Relaxed)
    }
}

impl Backend for Busy {
    fn get<'a>(&'a self, _: &'a Key) -> BackendFuture<'a, Option<Item>> {
        self.answer(None)
    }

    fn get_batch<'a>(&'a self, _: &'a [Key]) -> BackendFuture<'a, Batch> {
        self.answer(Batch::default())
    }

    fn query<'a>(&'a self, _: &'a Query, _: Option<String>) -> BackendFuture<'a, Page> {
        self.answer(Page { items: Vec::new(), more_after: None })
    }

    fn write<'a>(&'a self, _: &'a Write) -> BackendFuture<'a, Written> {
        self.answer(Written::Done(None))
    }

    fn transact<'a>(&'a self, _: &'a [Write], _: Uuid) -> BackendFuture<'a, Transacted> {
        self.answer(Transacted::Done)
    }
}

async fn put(table: &Table) -> Result<Written, TableError> {
    table.write(&Write { key: key("a"), effect: Effect::Put(item(&[])), condition: None }).await
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_table_is_not_asked_eight_times_as_often() {
    let busy = Busy::default();
    let table = busy.table();
    busy.is(true);
    let place = key("a");
    let outcomes = join_all((0..30).map(|_| table.get(&place))).await;
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(busy.attempts(), 30 + 100, "a process repeats a hundred times");

    assert_unavailable(put(&table).await);
    assert_unavailable(table.clone().transact(&[]).await);
    assert_unavailable(table.get_all(&[key("a"), key("b")]).await);
    assert_eq!(busy.attempts(), 3, "all verbs and clones share what is left");

    busy.is(false);
    for _ in 0..10 {
        table.get(&key("a")).await.unwrap();
    }
    busy.is(true);
    busy.attempts();
    assert_unavailable(table.get(&key("a")).await);
    assert_eq!(busy.attempts(), 1 + 2, "ten successes buy two repetitions");

    assert_unavailable(busy.table().get(&key("a")).await);
    assert_eq!(busy.attempts(), 8, "another process has a budget of its own");
}

#[tokio::test(start_paused = true)]
async fn successes_save_up_for_no_more_than_a_hundred_repetitions() {
    let busy = Busy::default();
    let table = busy.table();
    for _ in 0..50 {
        table.get(&key("a")).await.unwrap();
    }
    busy.is(true);
    busy.attempts();
    let place = key("a");
    join_all((0..30).map(|_| table.get(&place))).await;
    assert_eq!(busy.attempts(), 30 + 100);
}
