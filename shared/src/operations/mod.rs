//! What the product does: allow, load, decide, store. The reasons why it does not are its own, not HTTP's.

use chrono::{DateTime, Utc};

pub mod error;
pub mod admission;
pub mod idempotency;
pub mod sessions;
pub mod schedules;
mod planning;
pub mod broadcasts;
pub mod users;
pub mod chat;
pub mod tenants;
pub mod sweeping;
pub mod reconciling;

pub use admission::{Caller, admit};
pub use error::{Conflict, Error};

/// How often an operation decides again when somebody else was faster. Each time somebody got something done, and
/// split a gap of the calendar among the rest, so that of many at once nobody needs as many as there are.
const MAX_DECISIONS: usize = 32;

fn contended() -> Error {
    Error::Unavailable("others were faster too often".to_owned())
}

/// When the lease of something begun at `now` ends: longer than any request lives.
fn lease_end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + chrono::TimeDelta::seconds(30)
}
