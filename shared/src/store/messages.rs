//! Chat messages, sorted by their ids, which are made of the time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, keys};
use crate::domain::ids::{MessageId, ScheduleId, TenantId, UserId};
use crate::domain::message::{Message, MessageBody};
use crate::table::{Action, Condition, Item, Query, Range, Table, TableError, Write};

#[derive(Serialize, Deserialize)]
struct MessageItem {
    id: MessageId,
    user_id: UserId,
    user_name: String,
    body: MessageBody,
    /// Milliseconds since 1970.
    created_at: i64,
}

fn decode_message(item: Item) -> Result<Message, TableError> {
    let item: MessageItem = decode(item)?;
    let created_at: DateTime<Utc> = DateTime::from_timestamp_millis(item.created_at)
        .ok_or_else(|| TableError::Broken("a message without a time".to_owned()))?;
    Ok(Message { id: item.id, user_id: item.user_id, user_name: item.user_name, body: item.body, created_at })
}

/// The messages after the id, oldest first, `limit` at the most.
///
/// # Errors
/// When the table does not answer.
pub async fn after(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    id: Option<&MessageId>,
    limit: Option<usize>,
) -> Result<Vec<Message>, TableError> {
    // Other text names no schedule, and may be too long for a key.
    if !schedule.is_well_formed() {
        return Ok(Vec::new());
    }
    let range = id.map_or(Range::All, |id| Range::Above(id.as_str().to_owned()));
    let query = Query { pk: keys::chat(tenant, schedule), range, descending: false, limit };
    table.query(&query).await?.into_iter().map(decode_message).collect()
}

/// # Errors
/// When the item cannot be written down.
pub fn create(tenant: &TenantId, schedule: &ScheduleId, message: &Message) -> Result<Write, TableError> {
    let item = MessageItem {
        id: message.id.clone(),
        user_id: message.user_id,
        user_name: message.user_name.clone(),
        body: message.body.clone(),
        created_at: message.created_at.timestamp_millis(),
    };
    Ok(Write {
        key: keys::message(tenant, schedule, &message.id),
        action: Action::Put(encode(&item)?),
        condition: Some(Condition::Absent),
    })
}

#[must_use]
pub fn delete(tenant: &TenantId, schedule: &ScheduleId, id: &MessageId) -> Write {
    Write { key: keys::message(tenant, schedule, id), action: Action::Delete, condition: None }
}
