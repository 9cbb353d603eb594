//! Chat messages and their deletions, sorted by their ids, which are made of the time.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, stored, text};
use crate::domain::ids::{MessageId, ScheduleId, TenantId, UserId};
use crate::domain::message::{Deletion, Entry, Message, MessageBody};
use crate::domain::stored::Stored;
use crate::table::{Change, Condition, Item, Query, Range, Table, TableError, Write};

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
    /// The deletion, if it is deleted.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none", with = "stored::option")]
    deletion: Option<MessageId>,
}

#[derive(Serialize, Deserialize)]
struct DeletionItem {
    #[serde(rename = "d", with = "stored")]
    message: MessageId,
}

fn decode_entry(item: Item) -> Result<Entry, TableError> {
    let id = MessageId::from_store(keys::sort_key(&item));
    let id = id.ok_or_else(|| TableError::Broken("a message without an id".to_owned()))?;
    if item.contains_key("d") {
        let DeletionItem { message } = decode(item)?;
        return Ok(Entry::Deletion(Deletion { id, message }));
    }
    let MessageItem { user_id, user_name, body, deletion } = decode(item)?;
    Ok(Entry::Message(Message { id, user_id: UserId(user_id), user_name, body, deletion }))
}

fn decode_all(items: Vec<Item>) -> Result<Vec<Entry>, TableError> {
    items.into_iter().map(decode_entry).collect()
}

/// The message, deleted or not.
pub async fn find(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    id: &MessageId,
) -> Result<Option<Message>, TableError> {
    let entry = table.get(&keys::message(tenant, schedule, id)).await?.map(decode_entry).transpose()?;
    Ok(match entry {
        Some(Entry::Message(message)) => Some(message),
        Some(Entry::Deletion(_)) | None => None,
    })
}

/// The entries after the id, oldest first; all, or `limit` at the most.
pub async fn after(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    id: Option<MessageId>,
    limit: Option<usize>,
) -> Result<Vec<Entry>, TableError> {
    let range = id.map_or(Range::All, |id| Range::Above(id.to_string()));
    let query = Query { limit, ..Query::all(keys::chat(tenant, schedule)).within(range) };
    decode_all(table.query(&query).await?)
}

/// The newest entries before the id, so many at the most, oldest first.
pub async fn newest(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    before: Option<MessageId>,
    count: usize,
) -> Result<Vec<Entry>, TableError> {
    let range = before.map_or(Range::All, |id| Range::Below(id.to_string()));
    let query = Query::all(keys::chat(tenant, schedule)).within(range).descending().at_most(count);
    let mut items = table.query(&query).await?;
    items.reverse();
    decode_all(items)
}

pub fn create(tenant: &TenantId, schedule: &ScheduleId, message: &Message) -> Result<Write, TableError> {
    let item = MessageItem {
        user_id: message.user_id.0,
        user_name: message.user_name.clone(),
        body: message.body.clone(),
        deletion: message.deletion,
    };
    Ok(Write::create(keys::message(tenant, schedule, &message.id), encode(&item)?))
}

/// Marks a message that is there and not marked, and says so in the order of all entries. Both belong into one
/// transaction.
pub fn mark_deleted(tenant: &TenantId, schedule: &ScheduleId, deletion: &Deletion) -> Result<[Write; 2], TableError> {
    let standing = Condition::All(vec![Condition::Present, Condition::Missing("x")]);
    let mark =
        Write::update(keys::message(tenant, schedule, &deletion.message), vec![Change::Set("x", text(deletion.id))]);
    let item = encode(&DeletionItem { message: deletion.message })?;
    Ok([mark.only_if(standing), Write::create(keys::message(tenant, schedule, &deletion.id), item)])
}

/// Removes an entry.
pub fn delete(tenant: &TenantId, schedule: &ScheduleId, id: &MessageId) -> Write {
    Write::delete(keys::message(tenant, schedule, id))
}
