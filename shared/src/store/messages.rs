//! Chat messages, sorted by their ids, which are made of the time.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, stored};
use crate::domain::ids::{MessageId, ScheduleId, TenantId, UserId};
use crate::domain::message::{Message, MessageBody};
use crate::domain::stored::Stored;
use crate::table::{Item, Query, Range, Table, TableError, Write};

/// Names are short, because every environment reads the newest messages once a second. The id is the sort key, and the
/// time is in the id.
#[derive(Serialize, Deserialize)]
struct MessageItem {
    #[serde(rename = "u")]
    user_id: i64,
    #[serde(rename = "n")]
    user_name: String,
    #[serde(rename = "b", with = "stored")]
    body: MessageBody,
}

fn decode_message(item: Item) -> Result<Message, TableError> {
    let id = MessageId::from_store(keys::sort_key(&item));
    let MessageItem { user_id, user_name, body } = decode(item)?;
    let id = id.ok_or_else(|| TableError::Broken("a message without an id".to_owned()))?;
    Ok(Message { id, user_id: UserId(user_id), user_name, body })
}

fn decode_all(items: Vec<Item>) -> Result<Vec<Message>, TableError> {
    items.into_iter().map(decode_message).collect()
}

/// The messages after the id, oldest first; all, or `limit` at the most.
pub async fn after(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    id: Option<MessageId>,
    limit: Option<usize>,
) -> Result<Vec<Message>, TableError> {
    let range = id.map_or(Range::All, |id| Range::Above(id.to_string()));
    let query = Query { limit, ..Query::all(keys::chat(tenant, schedule)).within(range) };
    decode_all(table.query(&query).await?)
}

/// The newest messages, so many at the most, oldest first.
pub async fn newest(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    count: usize,
) -> Result<Vec<Message>, TableError> {
    let query = Query::all(keys::chat(tenant, schedule)).descending().at_most(count);
    let mut items = table.query(&query).await?;
    items.reverse();
    decode_all(items)
}

pub fn create(tenant: &TenantId, schedule: &ScheduleId, message: &Message) -> Result<Write, TableError> {
    let item =
        MessageItem { user_id: message.user_id.0, user_name: message.user_name.clone(), body: message.body.clone() };
    Ok(Write::create(keys::message(tenant, schedule, &message.id), encode(&item)?))
}

pub fn delete(tenant: &TenantId, schedule: &ScheduleId, id: &MessageId) -> Write {
    Write::delete(keys::message(tenant, schedule, id))
}
