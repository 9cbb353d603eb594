//! The table over an unreliable network: behind `Backend`, in front of the model.
//!
//! A request that was sent arrives and takes effect whether or not anybody still waits for it, up to
//! two seconds later. Attempts time out as those of the real client do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::table::{Backend, BackendFuture, Batch, Fault, Item, Key, Page, Query, Transacted, Write, Written};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use uuid::Uuid;

use crate::faults::{Harm, Nemesis};
use crate::history;
use crate::limits;
use crate::model::{Commit, Model, Verdict, sort_key};

const READ_ATTEMPT: Duration = Duration::from_millis(700);
const WRITE_ATTEMPT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct SimulatedTable {
    model: Arc<Mutex<Model>>,
    nemesis: Arc<Nemesis>,
}

impl SimulatedTable {
    pub fn new(nemesis: Arc<Nemesis>, began: Instant) -> Self {
        Self { model: Arc::new(Mutex::new(Model::new(began))), nemesis }
    }

    pub fn journal(&self) -> Vec<Commit> {
        self.model().journal.clone()
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way there, and perhaps no further.
    async fn arrive(&self) -> Result<(), Fault> {
        sleep(self.nemesis.delay()).await;
        if self.nemesis.strikes(Harm::Throttled) {
            return Err(Fault::Busy("ThrottlingException".to_owned()));
        }
        if self.nemesis.outage() == Some(false) {
            return Err(Fault::Unknown("InternalServerError".to_owned()));
        }
        Ok(())
    }

    /// The way back of what was read.
    async fn return_read<T>(&self, read: T) -> Result<T, Fault> {
        sleep(self.nemesis.delay()).await;
        if self.nemesis.outage().is_some() { Err(Fault::Unknown("InternalServerError".to_owned())) } else { Ok(read) }
    }

    async fn between_items(&self) {
        if self.nemesis.strikes(Harm::SplitRead) {
            sleep(self.nemesis.up_to(60)).await;
        }
    }

    async fn serve_get(self, key: Key) -> Result<Option<Item>, Fault> {
        self.arrive().await?;
        limits::of_key(&key).map_err(Fault::Broken)?;
        let item = self.model().get(&key);
        self.between_items().await;
        self.return_read(item).await
    }

    async fn serve_batch(self, keys: Vec<Key>) -> Result<Batch, Fault> {
        self.arrive().await?;
        limits::of_batch(&keys).map_err(Fault::Broken)?;
        let mut batch = Batch::default();
        for key in keys {
            let item = self.model().get(&key);
            batch.found.extend(item.map(|item| (key, item)));
            self.between_items().await;
        }
        self.return_read(batch).await
    }

    async fn serve_query(self, query: Query, mut after: Option<String>) -> Result<Page, Fault> {
        self.arrive().await?;
        limits::of_query(&query).map_err(Fault::Broken)?;
        let limit = query.limit.unwrap_or(usize::MAX);
        let mut items: Vec<Item> = Vec::new();
        if self.nemesis.strikes(Harm::SplitRead) || self.nemesis.strikes(Harm::ShortPage) {
            let some = usize::try_from(1 + self.nemesis.one_of(4)).unwrap_or(1).min(limit);
            items = self.model().query(&query, after.as_deref(), some);
            after = items.last().map(sort_key).or(after);
            if self.nemesis.strikes(Harm::ShortPage) && !items.is_empty() {
                return Ok(Page { items, more_after: after });
            }
            sleep(self.nemesis.up_to(60)).await;
        }
        let rest = self.model().query(&query, after.as_deref(), limit - items.len());
        items.extend(rest);
        self.return_read(Page { items, more_after: None }).await
    }

    async fn serve_write(self, write: Write) -> Result<Written, Fault> {
        self.arrive().await?;
        limits::of_write(&write).map_err(Fault::Broken)?;
        let written = self.model().write(&write).map_err(Fault::Broken)?.ok_or_else(conflict)?;
        self.answer(written).await
    }

    async fn serve_transaction(self, writes: Vec<Write>, token: Uuid) -> Result<Transacted, Fault> {
        self.arrive().await?;
        limits::of_transaction(&writes).map_err(Fault::Broken)?;
        if self.nemesis.strikes(Harm::Conflict) {
            return Err(conflict());
        }
        let is_torn = self.nemesis.strikes(Harm::Torn);
        // Longer than a whole operation asks, but not where a chat's time to settle is counted from the write.
        let may_last = is_torn && writes.iter().any(|write| write.key.pk == "TODO");
        let longest = if may_last && self.nemesis.one_of(50) == 0 { 4_000 } else { 120 };
        let delay = |_| if is_torn { self.nemesis.up_to(longest) } else { Duration::ZERO };
        let delays: Vec<Duration> = (0..writes.len()).map(delay).collect();
        let verdict = self.model().transact(&writes, token, &delays);
        match verdict {
            Verdict::Done { seen_at } => {
                sleep_until(seen_at).await;
                self.answer(Transacted::Done).await
            }
            Verdict::Refused(refusals) => self.answer(Transacted::Refused(refusals)).await,
            Verdict::Busy => Err(conflict()),
            Verdict::Wrong(cause) => Err(Fault::Broken(cause)),
            Verdict::Mismatch => Err(Fault::Broken("IdempotentParameterMismatch".to_owned())),
        }
    }

    /// The way back.
    async fn answer<T>(&self, answer: T) -> Result<T, Fault> {
        sleep(self.nemesis.delay()).await;
        if self.nemesis.strikes(Harm::LostReply) || self.nemesis.outage().is_some() {
            return Err(Fault::Unknown("the connection broke".to_owned()));
        }
        Ok(answer)
    }
}

fn conflict() -> Fault {
    Fault::Busy("TransactionConflict".to_owned())
}

/// One attempt: the server goes on when nobody waits any more.
async fn attempt<T: Send + 'static>(
    limit: Duration,
    served: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    #[expect(clippy::disallowed_methods, reason = "a server goes on when its client is gone")]
    let served = tokio::spawn(history::outliving(served));
    let answer = match timeout(limit, served).await {
        Ok(Ok(answer)) => answer,
        _ => Err(Fault::Unknown("no answer in time".to_owned())),
    };
    match &answer {
        Err(Fault::Unknown(_)) => history::this_is_ambiguous(),
        Err(Fault::Busy(_)) => history::this_is_turned_away(),
        _ => {}
    }
    answer
}

impl Backend for SimulatedTable {
    fn get<'a>(&'a self, key: &'a Key) -> BackendFuture<'a, Option<Item>> {
        Box::pin(attempt(READ_ATTEMPT, self.clone().serve_get(key.clone())))
    }

    fn get_batch<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Batch> {
        Box::pin(attempt(READ_ATTEMPT, self.clone().serve_batch(keys.to_vec())))
    }

    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page> {
        Box::pin(attempt(READ_ATTEMPT, self.clone().serve_query(query.clone(), after)))
    }

    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written> {
        Box::pin(attempt(WRITE_ATTEMPT, self.clone().serve_write(write.clone())))
    }

    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted> {
        Box::pin(attempt(WRITE_ATTEMPT, self.clone().serve_transaction(writes.to_vec(), token)))
    }
}
