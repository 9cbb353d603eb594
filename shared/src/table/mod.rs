//! The table as four verbs: get, query, write, transact.
//!
//! One decision is attempted until it is carried out, refused, or out of budget (`attempts`). What a
//! refusal means is the caller's to decide. Everything is read strongly consistent.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
pub use serde_dynamo::{AttributeValue as Value, Item};
use uuid::Uuid;

use self::attempts::Attempts;
use crate::platform::random::Random;
use crate::platform::retries::RetryBudget;

mod attempts;
pub mod dynamodb;
mod query;
mod write;

pub use query::{Page, Query, Range};
pub use write::{Change, Condition, Effect, Refusal, Transacted, Write, Written};

/// A future that a back end returns.
pub type BackendFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// The name of the partition key and of the sort key.
pub const PK: &str = "PK";
pub const SK: &str = "SK";

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

/// What one attempt read of the keys it was asked for. A key that is in neither has no item.
#[derive(Debug, Default)]
pub struct Batch {
    pub found: HashMap<Key, Item>,
    /// Not read yet: the table was too busy.
    pub unread: Vec<Key>,
}

/// Why one attempt came to nothing.
#[derive(Debug)]
pub enum Fault {
    /// Certainly not done: throttled, or in conflict with another transaction.
    Busy(String),
    /// Perhaps done: the answer was lost, late, or an internal error.
    Unknown(String),
    /// Will never be done: the request is wrong or not allowed.
    Broken(String),
}

/// Why the table did not answer. The text is for the log.
#[derive(Clone, Debug)]
pub enum TableError {
    Unavailable(String),
    Broken(String),
}

impl fmt::Display for TableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(cause) => write!(formatter, "the table is unavailable: {cause}"),
            Self::Broken(cause) => write!(formatter, "the table refused, or keeps what cannot be read: {cause}"),
        }
    }
}

/// One attempt at each verb. AWS and the embedded engine are one implementation; a simulation is another.
pub trait Backend: Send + Sync {
    fn get<'a>(&'a self, key: &'a Key) -> BackendFuture<'a, Option<Item>>;
    /// The keys are distinct.
    fn get_batch<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Batch>;
    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page>;
    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written>;
    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted>;
}

#[derive(Clone)]
pub struct Table {
    backend: Arc<dyn Backend>,
    random: Random,
    retries: RetryBudget,
}

/// What DynamoDB takes in one `BatchGetItem`.
const MOST_IN_A_BATCH: usize = 100;
const READ_BUDGET: Duration = Duration::from_secs(2);
const WRITE_BUDGET: Duration = Duration::from_secs(3);

impl Table {
    pub fn new(backend: Arc<dyn Backend>, random: Random) -> Self {
        Self { backend, random, retries: RetryBudget::full() }
    }

    /// # Errors
    /// When the table does not answer within its budget or refuses the request.
    pub async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.attempt(READ_BUDGET, || self.backend.get(key)).await
    }

    /// Several items in one round trip, in the order of the keys, which must be distinct. What was read is
    /// kept: only for the rest the table is asked again.
    pub async fn get_all<const N: usize>(&self, keys: &[Key; N]) -> Result<[Option<Item>; N], TableError> {
        let mut found = self.get_batch(keys).await?;
        Ok(keys.each_ref().map(|key| found.remove(key)))
    }

    /// As `get_all`, of whatever number of keys: a round trip for every hundred, one beside the other.
    pub async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        let batches = try_join_all(keys.chunks(MOST_IN_A_BATCH).map(|keys| self.get_batch(keys))).await?;
        let mut found: HashMap<Key, Item> = batches.into_iter().flatten().collect();
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    async fn get_batch(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, TableError> {
        let mut attempts = Attempts::new(self, READ_BUDGET);
        let mut found = HashMap::new();
        let mut left = keys.to_vec();
        while !left.is_empty() {
            if let Some(batch) = attempts.attempt(self.backend.get_batch(&left)).await? {
                found.extend(batch.found);
                left = batch.unread;
                if !left.is_empty() {
                    attempts.go_on().await?;
                }
            }
        }
        Ok(found)
    }

    /// All items that the query names, whatever number of pages they come in.
    pub async fn query(&self, query: &Query) -> Result<Vec<Item>, TableError> {
        let mut query = query.clone();
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let page = self.attempt(READ_BUDGET, || self.backend.query(&query, after.clone())).await?;
            if let Some(limit) = &mut query.limit {
                *limit -= page.items.len();
            }
            items.extend(page.items);
            after = page.more_after;
            if after.is_none() || query.limit == Some(0) {
                return Ok(items);
            }
        }
    }

    /// One conditional write. A `Put` of an item that must be absent recognises its own earlier success.
    ///
    /// # Errors
    /// As `get`; then the write may or may not have happened.
    pub async fn write(&self, write: &Write) -> Result<Written, TableError> {
        let written = self.attempt(WRITE_BUDGET, || self.backend.write(write)).await?;
        match (&written, &write.condition, write.whole_item()) {
            (Written::Refused(Some(found)), Some(Condition::Absent), Some(put)) if *found == put => {
                Ok(Written::Done(None))
            }
            _ => Ok(written),
        }
    }

    /// All writes or none. Repeated attempts carry the same client request token, so they happen once.
    pub async fn transact(&self, writes: &[Write]) -> Result<Transacted, TableError> {
        let token = self.random.uuid();
        self.attempt(WRITE_BUDGET, || self.backend.transact(writes, token)).await
    }

    async fn attempt<'a, T>(
        &self,
        budget: Duration,
        mut call: impl FnMut() -> BackendFuture<'a, T>,
    ) -> Result<T, TableError> {
        let mut attempts = Attempts::new(self, budget);
        loop {
            if let Some(value) = attempts.attempt(call()).await? {
                return Ok(value);
            }
        }
    }

    pub async fn pause_up_to(&self, longest: Duration) {
        tokio::time::sleep(self.part_of(longest)).await;
    }

    /// Full jitter: a random part of a pause, so that those who collided once part.
    fn part_of(&self, longest: Duration) -> Duration {
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.random.below(millis + 1))
    }
}
