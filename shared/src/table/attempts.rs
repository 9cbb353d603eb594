//! How often one decision is attempted: within its time, its number of attempts, and what the process may still repeat.

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
                self.table.retries.give_back(self.failed > 0);
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
