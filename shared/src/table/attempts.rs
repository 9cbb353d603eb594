//! How often one decision is attempted: within its time, its number of attempts, and what the process may still repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::{BackendFuture, Fault, Table, TableError};
use crate::platform::telemetry::TableCall;

const MAX_ATTEMPTS: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// The attempts at one decision.
pub(super) struct Attempts<'t> {
    table: &'t Table,
    call: TableCall,
    deadline: Instant,
    /// Since something was last achieved.
    failed: u32,
    pause: Duration,
}

/// What all decisions of a process may repeat, so that a table that is overloaded is not asked eight times as often.
///
/// The numbers are those of the "standard" retry mode of AWS's SDKs. Only successes give anything back, never
/// the time, so a seed repeats a run.
#[derive(Clone)]
pub(super) struct RetryBudget {
    left: Arc<AtomicU32>,
}

const CAPACITY: u32 = 500;
const RETRY_COST: u32 = 5;
const SUCCESS_AT_ONCE: u32 = 1;

impl<'t> Attempts<'t> {
    pub(super) fn new(table: &'t Table, budget: Duration) -> Self {
        let deadline = Instant::now() + budget;
        Self { table, call: TableCall::start(), deadline, failed: 0, pause: FIRST_PAUSE }
    }

    /// `None`: it came to nothing, a pause has passed, and another attempt may be made.
    pub(super) async fn attempt<T>(&mut self, attempt: BackendFuture<'_, T>) -> Result<Option<T>, TableError> {
        self.call.attempt();
        let cause = match timeout_at(self.deadline, attempt).await {
            Ok(Ok(value)) => {
                self.table.retries.give_back(if self.failed == 0 { SUCCESS_AT_ONCE } else { RETRY_COST });
                return Ok(Some(value));
            }
            Ok(Err(Fault::Broken(cause))) => return Err(TableError::Broken(cause)),
            Ok(Err(Fault::Busy(cause) | Fault::Unknown(cause))) => cause,
            Err(_elapsed) => return Err(TableError::Unavailable("no answer within the budget".to_owned())),
        };
        self.failed += 1;
        if self.failed == MAX_ATTEMPTS {
            return Err(TableError::Unavailable(cause));
        }
        if !self.table.retries.take() {
            return Err(TableError::Unavailable(format!("{cause}; this process has repeated too much")));
        }
        self.pause(cause).await?;
        Ok(None)
    }

    /// Before the rest of what came in part is asked for. That asks for nothing twice, so it is no repetition.
    pub(super) async fn go_on(&mut self) -> Result<(), TableError> {
        self.failed = 0;
        self.pause = FIRST_PAUSE;
        self.pause("the table left keys of a batch unread".to_owned()).await
    }

    /// Nobody waits for an attempt that would come after the deadline.
    async fn pause(&mut self, cause: String) -> Result<(), TableError> {
        let pause = self.table.part_of(self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        if Instant::now() + pause >= self.deadline {
            return Err(TableError::Unavailable(cause));
        }
        sleep(pause).await;
        Ok(())
    }
}

impl RetryBudget {
    pub(super) fn full() -> Self {
        Self { left: Arc::new(AtomicU32::new(CAPACITY)) }
    }

    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(RETRY_COST)).is_ok()
    }

    fn give_back(&self, tokens: u32) {
        let more = |left: u32| Some((left + tokens).min(CAPACITY));
        let _always_some = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}
