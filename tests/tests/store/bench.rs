//! A table, and what is put on it.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use api_tests::intercepted::{Intercept, Intercepted, Request};
use chrono::{DateTime, TimeDelta, Utc};
use shared::domain::ids::{ScheduleId, TenantId, UserId};
use shared::domain::interval::Interval;
use shared::domain::permission::Permissions;
use shared::domain::schedule::{Plan, ScheduleName};
use shared::domain::user::{User, UserName};
use shared::platform::random::Random;
use shared::table::dynamodb::DynamoDb;
use shared::table::{Backend, Fault, Item, Key, Table, Transacted, Value, Write};
use uuid::Uuid;

/// The embedded engine, on which somebody else may write first.
#[derive(Clone)]
pub struct Bench {
    pub table: Table,
    engine: Arc<DynamoDb>,
    /// What is written before each of the next single writes.
    first: Arc<Mutex<VecDeque<Option<Write>>>>,
}

impl Bench {
    pub async fn new() -> Self {
        let url = local::engine::serve(None, IpAddr::V4(Ipv4Addr::LOCALHOST)).await.expect("an engine");
        let engine = Arc::new(local::engine::open(&url, "table").await.expect("a table"));
        let first = Arc::<Mutex<VecDeque<Option<Write>>>>::default();
        let intercept = Raced { engine: engine.clone(), first: first.clone() };
        let backend = Intercepted { inner: engine.clone(), intercept };
        Self { table: Table::new(Arc::new(backend), Random::from_seed(1)), engine, first }
    }

    /// All or nothing of them; whether it was all.
    pub async fn all(&self, writes: &[Write]) -> bool {
        matches!(self.table.transact(writes).await.expect("the table answers"), Transacted::Done)
    }

    pub async fn one(&self, write: &Write) -> bool {
        self.all(std::slice::from_ref(write)).await
    }

    /// Each of them alone is refused.
    pub async fn refuses_each(&self, writes: &[Write]) {
        for write in writes {
            assert!(!self.one(write).await, "{write:?}");
        }
    }

    pub async fn item(&self, key: &Key) -> Option<Item> {
        self.table.get(key).await.expect("the table answers")
    }

    /// Somebody else writes this before the next write but so many.
    pub fn writes_first(&self, but: usize, write: Write) {
        let mut first = self.first.lock().expect("nobody panicked");
        first.extend((0..but).map(|_| None));
        first.push_back(Some(write));
    }

    /// Past all that is done to the table above.
    pub async fn put(&self, write: &Write) {
        self.engine.write(write).await.expect("the engine answers");
    }
}

struct Raced {
    engine: Arc<DynamoDb>,
    first: Arc<Mutex<VecDeque<Option<Write>>>>,
}

impl Intercept for Raced {
    async fn before(&self, request: Request<'_>) -> Result<(), Fault> {
        let Request::Write(_) = request else { return Ok(()) };
        let first = self.first.lock().expect("nobody panicked").pop_front().flatten();
        if let Some(first) = first {
            self.engine.write(&first).await?;
        }
        Ok(())
    }
}

pub fn tenant() -> TenantId {
    TenantId::from(Uuid::from_u128(7))
}

pub fn other_tenant() -> TenantId {
    TenantId::from(Uuid::from_u128(8))
}

pub fn id(number: u128) -> ScheduleId {
    Uuid::from_u128(number).into()
}

/// So many seconds after the evening began.
pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(second)
}

pub fn plan(number: u128, start: i64, end: i64) -> Plan {
    Plan {
        id: id(number),
        name: ScheduleName::parse(&format!("broadcast {number}")).expect("a name"),
        interval: interval(start, end),
        created_at: at(-1_000),
        created_by: "somebody".to_owned(),
        revision: 0,
        changed_at: at(-1_000),
    }
}

pub fn interval(start: i64, end: i64) -> Interval {
    Interval::new(at(start), at(end)).expect("an interval")
}

pub fn user(number: i64, email: &str) -> User {
    User {
        id: UserId(number),
        name: UserName::parse("somebody").expect("a name"),
        email: shared::domain::email::Email::parse(email).expect("an address"),
        permissions: Permissions::NONE,
        is_master: number == 1,
        created_at: at(0),
    }
}

pub fn number(item: &Item, name: &str) -> i64 {
    match item.get(name) {
        Some(Value::N(number)) => number.parse().expect("a number"),
        other => panic!("{name} is {other:?}"),
    }
}
