//! The trail. Rows are added and read; nothing changes or removes one, but the table when its time is over.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{decode, encode, keys};
use crate::domain::ids::{EntryId, TenantId, UserId};
use crate::domain::trail::{Author, Entry, Origin};
use crate::table::{Query, Range, Table, TableError, Write};

#[derive(Serialize, Deserialize)]
struct EntryItem {
    #[serde(with = "super::stored")]
    id: EntryId,
    /// Milliseconds since 1970.
    at: i64,
    user_id: i64,
    user_name: String,
    action: String,
    target: String,
    changed: Vec<String>,
    source: String,
    request_id: String,
    expires_at: i64,
}

/// The write that adds a row; it belongs in the transaction that makes the change.
pub fn add(tenant: &TenantId, entry: &Entry, kept_until: DateTime<Utc>) -> Result<Write, TableError> {
    let Entry { id, at, author, action, target, changed } = entry.clone();
    let Author { id: user_id, name: user_name, origin: Origin { source, request_id } } = author;
    let item = EntryItem {
        id,
        at: at.timestamp_millis(),
        user_id: user_id.0,
        user_name,
        action,
        target,
        changed,
        source,
        request_id,
        expires_at: kept_until.timestamp(),
    };
    Ok(Write::create(keys::trail_row(tenant, id), encode(&item)?))
}

/// A part of the trail: rows from the one id on, and below the other.
#[derive(Clone, Copy)]
pub struct Part {
    pub from: Option<EntryId>,
    pub below: Option<EntryId>,
}

/// The newest rows of a part, newest first, and below which row the rest lies. A row whose time is over is left out, also
/// when the table has not removed it yet; so there may be fewer than `limit` although others follow.
pub async fn newest(
    table: &Table,
    tenant: &TenantId,
    part: Part,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<(Vec<Entry>, Option<EntryId>), TableError> {
    let Some(range) = range(part) else { return Ok((Vec::new(), None)) };
    let query = Query::all(keys::trail(tenant)).within(range).descending().at_most(limit);
    let items = table.query(&query).await?;
    let items: Vec<EntryItem> = items.into_iter().map(decode).collect::<Result<_, _>>()?;
    let next = items.last().filter(|_| items.len() == limit).map(|item| item.id);
    let kept = items.into_iter().filter(|item| item.expires_at > now.timestamp());
    Ok((kept.map(entry).collect::<Result<_, _>>()?, next))
}

/// `None` when nothing can lie in it.
fn range(Part { from, below }: Part) -> Option<Range> {
    // Ids are numbers: the one before `below` is the last that counts.
    let last = below.map(|id| id.uuid().as_u128().checked_sub(1).map(Uuid::from_u128));
    let text = |id: Uuid| EntryId::from(id).to_string();
    match (from.map(EntryId::uuid), last) {
        (None, None) => Some(Range::All),
        (Some(first), None) => Some(Range::Between(text(first), text(Uuid::max()))),
        (None, Some(last)) => Some(Range::AtMost(text(last?))),
        (Some(first), Some(last)) => {
            last.filter(|last| first <= *last).map(|last| Range::Between(text(first), text(last)))
        }
    }
}

fn entry(item: EntryItem) -> Result<Entry, TableError> {
    let unreadable = || TableError::Broken("a row of the trail without its time".to_owned());
    let EntryItem { id, at, user_id, user_name, action, target, changed, source, request_id, .. } = item;
    Ok(Entry {
        id,
        at: DateTime::from_timestamp_millis(at).ok_or_else(unreadable)?,
        author: Author { id: UserId(user_id), name: user_name, origin: Origin { source, request_id } },
        action,
        target,
        changed,
    })
}
