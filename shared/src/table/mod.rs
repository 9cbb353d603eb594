//! The table as four verbs: get, query, write, transact.
//!
//! This module owns retries: one decision is attempted until it is carried out, refused, or out of
//! budget. What a refusal means is the caller's to decide. Everything is read strongly consistent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use serde_dynamo::{AttributeValue as Value, Item};
use uuid::Uuid;

use crate::platform::random::Random;
use crate::platform::telemetry::TableCall;

pub mod dynamodb;

/// A future that a back end returns.
pub type BackendFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

/// What must hold of the item for a write to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Absent,
    Present,
    /// The attribute is not there.
    Missing(&'static str),
    /// The attribute is there and equal.
    Equals(&'static str, Value),
    /// The attribute is there and not greater.
    AtMost(&'static str, Value),
    /// The attribute is there and not smaller.
    AtLeast(&'static str, Value),
    /// The attribute is there and greater.
    Above(&'static str, Value),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Set(&'static str, Value),
    Add(&'static str, i64),
    Remove(&'static str),
}

/// What a write does to its item.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The whole item; its key is added.
    Put(Item),
    Update(Vec<Change>),
    Delete,
    /// Nothing: the condition alone matters. Only in transactions.
    Check,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub key: Key,
    pub effect: Effect,
    pub condition: Option<Condition>,
}

/// One partition, or the part of it before or after a sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub pk: String,
    pub range: Range,
    pub descending: bool,
    /// How many items at the most; without it, all there are.
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    All,
    Below(String),
    AtMost(String),
    Above(String),
}

impl Query {
    /// The whole partition, in ascending order.
    pub fn all(pk: impl Into<String>) -> Self {
        Self { pk: pk.into(), range: Range::All, descending: false, limit: None }
    }

    #[must_use]
    pub fn within(self, range: Range) -> Self {
        Self { range, ..self }
    }

    #[must_use]
    pub fn descending(self) -> Self {
        Self { descending: true, ..self }
    }

    #[must_use]
    pub fn at_most(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

/// One answer to a query, and the sort key to go on after when there is more.
pub struct Page {
    pub items: Vec<Item>,
    pub more_after: Option<String>,
}

/// What became of a single write.
#[derive(Debug)]
pub enum Written {
    /// Done; after an update, this is the item as it is now.
    Done(Option<Item>),
    /// The condition did not hold of the item found, if one was found.
    Refused(Option<Item>),
}

/// What became of a transaction.
#[derive(Debug)]
pub enum Transacted {
    Done,
    /// Nothing was written. By index of the write: whether its condition failed, and on what item.
    Refused(Vec<Refusal>),
}

#[derive(Debug)]
pub enum Refusal {
    Passed,
    Failed(Option<Item>),
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
#[derive(Debug)]
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
    /// In the order of the keys, which are distinct.
    fn get<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Vec<Option<Item>>>;
    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page>;
    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written>;
    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted>;
}

#[derive(Clone)]
pub struct Table {
    backend: Arc<dyn Backend>,
    random: Random,
}

const MAX_ATTEMPTS: u32 = 8;
const READ_BUDGET: Duration = Duration::from_secs(2);
const WRITE_BUDGET: Duration = Duration::from_secs(3);
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

impl Table {
    pub fn new(backend: Arc<dyn Backend>, random: Random) -> Self {
        Self { backend, random }
    }

    /// # Errors
    /// When the table does not answer within its budget or refuses the request.
    pub async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let keys = std::slice::from_ref(key);
        let items = self.attempt(READ_BUDGET, || self.backend.get(keys)).await?;
        Ok(items.into_iter().next().flatten())
    }

    /// Several items in one round trip, in the order of the keys, which must be distinct.
    ///
    /// # Errors
    /// As `get`.
    pub async fn get_all<const N: usize>(&self, keys: &[Key; N]) -> Result<[Option<Item>; N], TableError> {
        let items = self.attempt(READ_BUDGET, || self.backend.get(keys)).await?;
        items.try_into().map_err(|_| TableError::Broken("a batch came back incomplete".to_owned()))
    }

    /// All items that the query names, whatever number of pages they come in.
    ///
    /// # Errors
    /// As `get`.
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
    ///
    /// # Errors
    /// As `write`.
    pub async fn transact(&self, writes: &[Write]) -> Result<Transacted, TableError> {
        let token = self.random.uuid();
        self.attempt(WRITE_BUDGET, || self.backend.transact(writes, token)).await
    }

    async fn attempt<'a, T>(
        &self,
        budget: Duration,
        mut call: impl FnMut() -> BackendFuture<'a, T>,
    ) -> Result<T, TableError> {
        let meter = TableCall::start();
        let deadline = tokio::time::Instant::now() + budget;
        let mut pause = FIRST_PAUSE;
        let mut cause = String::new();
        for _ in 0..MAX_ATTEMPTS {
            meter.attempt();
            match tokio::time::timeout_at(deadline, call()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(Fault::Broken(cause))) => return Err(TableError::Broken(cause)),
                Ok(Err(Fault::Busy(reason) | Fault::Unknown(reason))) => cause = reason,
                Err(_elapsed) => return Err(TableError::Unavailable("no answer within the budget".to_owned())),
            }
            self.pause_up_to(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(TableError::Unavailable(cause))
    }

    /// Full jitter: a random part of the pause, so that those who collided once part.
    pub async fn pause_up_to(&self, longest: Duration) {
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_millis(self.random.below(millis + 1))).await;
    }
}

impl Refusal {
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// The name of the partition key and of the sort key.
pub const PK: &str = "PK";
pub const SK: &str = "SK";

impl Write {
    /// Writes an item that must not exist yet.
    pub fn create(key: Key, item: Item) -> Self {
        Self::put(key, item).only_if(Condition::Absent)
    }

    /// Writes an item, whatever was there.
    pub fn put(key: Key, item: Item) -> Self {
        Self { key, effect: Effect::Put(item), condition: None }
    }

    /// Changes attributes; an item that does not exist is made of them.
    pub fn update(key: Key, changes: Vec<Change>) -> Self {
        Self { key, effect: Effect::Update(changes), condition: None }
    }

    /// Removes an item, if it is there.
    pub fn delete(key: Key) -> Self {
        Self { key, effect: Effect::Delete, condition: None }
    }

    /// Writes nothing; the transaction happens only if the condition holds.
    pub fn check(key: Key, condition: Condition) -> Self {
        Self { key, effect: Effect::Check, condition: Some(condition) }
    }

    #[must_use]
    pub fn only_if(self, condition: Condition) -> Self {
        Self { condition: Some(condition), ..self }
    }

    /// The item that a put leaves: its attributes and its key.
    pub fn whole_item(&self) -> Option<Item> {
        let Effect::Put(item) = &self.effect else { return None };
        let mut item = item.clone();
        item.insert(PK.to_owned(), Value::S(self.key.pk.clone()));
        item.insert(SK.to_owned(), Value::S(self.key.sk.clone()));
        Some(item)
    }
}
