//! Channels that the account lists and no schedule knows, and when each was first seen so.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, keys};
use crate::table::{Query, Table, TableError, Write};

/// Longer than the pause between two reconciliations, short enough to forget what was explained.
const ORPHAN_KEPT: TimeDelta = TimeDelta::days(30);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orphan {
    pub channel_id: String,
    /// Seconds since 1970.
    pub first_seen: i64,
    expires_at: i64,
}

pub async fn list(table: &Table) -> Result<Vec<Orphan>, TableError> {
    table.query(&Query::all(keys::ORPHANS)).await?.into_iter().map(decode).collect()
}

/// Remembers a first sighting.
pub fn first_seen(channel_id: &str, now: DateTime<Utc>) -> Result<Write, TableError> {
    let expires_at = (now + ORPHAN_KEPT).timestamp();
    let item = Orphan { channel_id: channel_id.to_owned(), first_seen: now.timestamp(), expires_at };
    Ok(Write::create(keys::orphan(channel_id), encode(&item)?))
}

pub fn forget(channel_id: &str) -> Write {
    Write::delete(keys::orphan(channel_id))
}
