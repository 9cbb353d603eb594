//! Who asked for what, when, and what came of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::crypto::tokens::Bearer;
use shared::domain::ids::{MessageId, ScheduleId, TenantId, UserId};
use shared::domain::interval::Interval;
use shared::domain::permission::Permission;
use shared::domain::tenant::State;
use shared::operations::Error;

use crate::on_air::Deed;

#[derive(Clone, Debug)]
pub enum Call {
    CreateSchedule { name: String, interval: Interval, key: Option<String> },
    MoveSchedule { id: ScheduleId, name: String, interval: Interval },
    DeleteSchedule { id: ScheduleId },
    ListSchedules,
    GetDelivery { id: ScheduleId },
    Sweep,
    Post { schedule: ScheduleId, body: String },
    DeleteMessage { schedule: ScheduleId, message: MessageId },
    ReadChat,
    CreateUser { email: String },
    DeleteUser { user: UserId },
    LogIn { user: UserId, password: String },
    LookAround,
    LogOut,
    ChangePassword { password: String },
    SetPassword { user: UserId, password: String },
    OnAir(Deed),
    UpdateUser { user: UserId, name: Option<String>, permissions: Vec<(Permission, bool)> },
    ListUsers,
    ResetDelivery { id: ScheduleId },
    CreateCalendar,
    DeleteCalendar,
    Mute { schedule: ScheduleId, user: UserId, seconds: i64 },
    Unmute { schedule: ScheduleId, user: UserId },
    ChangeRules { schedule: ScheduleId, is_open: Option<bool>, slow_seconds: Option<i64> },
    LookAtRules,
    Export,
    ReadTrail,
    Reconcile,
    ChangeAccessCode { code: String },
    SetState { state: State },
    SetArchiveDestinations,
    Unlock,
    CreateTenant,
}

#[derive(Debug)]
pub enum Outcome {
    /// Acknowledged, with what the answer says.
    Done(String),
    /// Certainly not done.
    Refused(Error),
    /// Done, not done, or still to happen: it failed in the middle, or its environment died.
    Unknown(#[expect(dead_code, reason = "for whoever reads a failure")] String),
    /// Something that must never happen.
    Broken(String),
    Crashed,
    Running,
}

#[derive(Debug)]
pub struct Entry {
    pub tenant: TenantId,
    pub user: UserId,
    pub token: String,
    pub call: Call,
    /// How far the clock of the environment is ahead, in milliseconds.
    pub skew: i64,
    /// Milliseconds since the simulation began.
    pub invoked: i64,
    pub returned: i64,
    pub outcome: Outcome,
    /// Whether an attempt at a write ended without an answer: it may happen after the operation did.
    pub ambiguous: bool,
    /// Whether the table turned a request of it away. With nothing left to repeat by, one such request is its end.
    pub turned_away: bool,
}

impl Entry {
    /// Whether it is, or may be, done; and may still happen.
    pub fn may_have_happened(&self) -> bool {
        self.ambiguous || !matches!(self.outcome, Outcome::Refused(_))
    }
}

#[derive(Clone, Default)]
pub struct History {
    entries: Arc<Mutex<Vec<Entry>>>,
}

tokio::task_local! {
    static OPERATION: (History, usize);
}

/// The operation that this code runs for.
pub fn current() -> Option<usize> {
    OPERATION.try_with(|(_, operation)| *operation).ok()
}

/// Lets what outlives the current operation still run for it.
pub fn outliving<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let operation = OPERATION.try_with(Clone::clone).ok();
    async move {
        match operation {
            Some(operation) => OPERATION.scope(operation, work).await,
            None => work.await,
        }
    }
}

/// Notes that an attempt of the current operation ended without an answer.
pub fn this_is_ambiguous() {
    let _outside_of_an_operation =
        OPERATION.try_with(|(history, operation)| history.entries()[*operation].ambiguous = true);
}

/// Notes that the table turned a request of the current operation away.
pub fn this_is_turned_away() {
    let _outside_of_an_operation =
        OPERATION.try_with(|(history, operation)| history.entries()[*operation].turned_away = true);
}

impl History {
    pub fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self, bearer: &Bearer, call: Call, skew: i64, now: i64) -> usize {
        let mut entries = self.entries();
        entries.push(Entry {
            tenant: bearer.tenant.clone(),
            user: bearer.user,
            token: bearer.token.to_string(),
            call,
            skew,
            invoked: now,
            returned: i64::MAX,
            outcome: Outcome::Running,
            ambiguous: false,
            turned_away: false,
        });
        entries.len() - 1
    }

    pub fn end(&self, operation: usize, outcome: Outcome, now: i64) {
        let mut entries = self.entries();
        entries[operation].outcome = outcome;
        entries[operation].returned = now;
    }

    pub async fn within<T>(&self, operation: usize, work: impl Future<Output = T>) -> T {
        OPERATION.scope((self.clone(), operation), work).await
    }
}

/// What a client knows afterwards.
pub enum Reply<T> {
    Done(T),
    Refused,
    /// It may try again.
    Unknown,
}

impl Outcome {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
            Self::Broken(_) => "broken",
            Self::Crashed => "crashed",
            Self::Running => "running",
        }
    }

    /// Takes a result apart: what is kept of it, and what the client goes on with.
    pub fn of<T>(result: Result<T, Error>, answer: impl FnOnce(&T) -> String) -> (Self, Reply<T>) {
        match result {
            Ok(value) => (Self::Done(answer(&value)), Reply::Done(value)),
            Err(Error::Unavailable(cause)) => (Self::Unknown(cause), Reply::Unknown),
            Err(Error::Internal(cause)) => (Self::Broken(cause), Reply::Unknown),
            Err(error) => (Self::Refused(error), Reply::Refused),
        }
    }
}
