//! Chat messages, sorted by their ids, which are made of the time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, stored};
use crate::domain::ids::{MessageId, ScheduleId, TenantId, UserId};
use crate::domain::message::{Message, MessageBody};
use crate::table::{Item, Query, Range, Table, TableError, Write};

#[derive(Serialize, Deserialize)]
struct MessageItem {
    #[serde(with = "stored")]
    id: MessageId,
    user_id: i64,
    user_name: String,
    #[serde(with = "stored")]
    body: MessageBody,
    /// Milliseconds since 1970.
    created_at: i64,
}

fn decode_message(item: Item) -> Result<Message, TableError> {
    let MessageItem { id, user_id, user_name, body, created_at } = decode(item)?;
    let created_at: DateTime<Utc> = DateTime::from_timestamp_millis(created_at)
        .ok_or_else(|| TableError::Broken("a message without a time".to_owned()))?;
    Ok(Message { id, user_id: UserId(user_id), user_name, body, created_at })
}

/// The messages after the id, oldest first, `limit` at the most.
pub async fn after(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    id: Option<MessageId>,
    limit: usize,
) -> Result<Vec<Message>, TableError> {
    let range = id.map_or(Range::All, |id| Range::Above(id.to_string()));
    let query = Query::all(keys::chat(tenant, schedule)).within(range).at_most(limit);
    table.query(&query).await?.into_iter().map(decode_message).collect()
}

pub fn create(tenant: &TenantId, schedule: &ScheduleId, message: &Message) -> Result<Write, TableError> {
    let item = MessageItem {
        id: message.id,
        user_id: message.user_id.0,
        user_name: message.user_name.clone(),
        body: message.body.clone(),
        created_at: message.created_at.timestamp_millis(),
    };
    Ok(Write::create(keys::message(tenant, schedule, &message.id), encode(&item)?))
}

pub fn delete(tenant: &TenantId, schedule: &ScheduleId, id: &MessageId) -> Write {
    Write::delete(keys::message(tenant, schedule, id))
}
