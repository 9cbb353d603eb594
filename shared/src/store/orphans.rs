//! Channels that the account lists and no schedule knows, and when each was first seen so.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, keys};
use crate::table::{Action, Condition, Query, Range, Table, TableError, Write};

/// Longer than the pause between two reconciliations, short enough to forget what was explained.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orphan {
    pub channel_id: String,
    /// Seconds since 1970.
    pub first_seen: i64,
    expires_at: i64,
}

/// # Errors
/// When the table does not answer.
pub async fn list(table: &Table) -> Result<Vec<Orphan>, TableError> {
    let query = Query { pk: keys::ORPHANS.to_owned(), range: Range::All, descending: false, limit: None };
    table.query(&query).await?.into_iter().map(decode).collect()
}

/// The write that remembers a first sighting.
///
/// # Errors
/// When the item cannot be written down.
pub fn first_seen(channel_id: &str, now: DateTime<Utc>) -> Result<Write, TableError> {
    let expires_at = (now + REMEMBERED).timestamp();
    let item = Orphan { channel_id: channel_id.to_owned(), first_seen: now.timestamp(), expires_at };
    Ok(Write { key: keys::orphan(channel_id), action: Action::Put(encode(&item)?), condition: Some(Condition::Absent) })
}

#[must_use]
pub fn forget(channel_id: &str) -> Write {
    Write { key: keys::orphan(channel_id), action: Action::Delete, condition: None }
}
