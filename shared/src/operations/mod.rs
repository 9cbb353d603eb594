//! What the product does: allow, load, decide, store.
//!
//! Reads and writes are verbs of `store`, which know the keys and carry the conditions. An operation puts the writes
//! that belong together into one transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::app::App;

pub mod error;
pub mod admission;
pub mod idempotency;
pub mod locks;
pub mod passwords;
pub mod reading;
mod pacing;
pub mod sessions;
pub mod schedules;
pub mod listing;
mod planning;
pub mod broadcasts;
pub mod viewing;
mod on_air;
pub mod hooks;
pub mod users;
pub mod feeds;
pub mod trail;
pub mod chat;
pub mod posting;
pub mod moderating;
pub mod exporting;
pub mod tenants;
pub mod sweeping;
pub mod reconciling;

pub use admission::{Caller, admit};
pub use error::{Conflict, Error, NotLive};

/// Optimistic retries before giving up. Each failed attempt means that another writer committed and split the gap, so
/// contention falls quickly.
const MAX_DECISIONS: usize = 32;

fn contended() -> Error {
    Error::Unavailable("others were faster too often".to_owned())
}

/// Lets a change that was seen half done become whole.
async fn pause(app: &App) {
    app.table.pause_up_to(Duration::from_millis(50)).await;
}

/// When the lease of something begun at `now` ends: longer than any request lives.
fn lease_end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + chrono::TimeDelta::seconds(30)
}
