//! Chat messages, and their deletions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::ids::{MessageId, UserId};
use super::text::text_value;

text_value! {
    /// What is said: 1 to 50 characters, line feeds among them.
    MessageBody, 50, Many
}

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: MessageId,
    pub user_id: UserId,
    /// The sender's name at that time; it stays when the user is gone.
    pub user_name: String,
    pub body: MessageBody,
    /// The deletion that took it away; what was said stays for the export.
    pub deletion: Option<MessageId>,
}

impl Message {
    pub fn created_at(&self) -> DateTime<Utc> {
        self.id.created_at()
    }
}

/// Says that a message is no longer there. It sorts after its message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deletion {
    pub id: MessageId,
    pub message: MessageId,
}

/// What a chat consists of, in one total order.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Message(Message),
    Deletion(Deletion),
}

impl Entry {
    pub fn id(&self) -> MessageId {
        match self {
            Self::Message(message) => message.id,
            Self::Deletion(deletion) => deletion.id,
        }
    }

    /// When it was made, in milliseconds since 1970.
    pub fn made_at(&self) -> i64 {
        self.id().made_at()
    }

    /// Whether it is a message that is still there.
    pub fn stands(&self) -> bool {
        matches!(self, Self::Message(Message { deletion: None, .. }))
    }
}

/// Marks each message whose deletion is among the entries. A read is no snapshot: it can find the deletion and not yet
/// the mark that was written with it.
pub fn mark_deleted(entries: &mut [Entry]) {
    let deletions: BTreeMap<MessageId, MessageId> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Deletion(deletion) => Some((deletion.message, deletion.id)),
            Entry::Message(_) => None,
        })
        .collect();
    for entry in entries {
        if let Entry::Message(message) = entry
            && message.deletion.is_none()
        {
            message.deletion = deletions.get(&message.id).copied();
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One that was made at the time. The seed sorts it among those of the same millisecond.
    pub fn message(millis: i64, seed: u32) -> Message {
        Message {
            id: id(millis, seed),
            user_id: UserId(1),
            user_name: String::new(),
            body: MessageBody::parse("x").unwrap(),
            deletion: None,
        }
    }

    /// As `message`, of entries.
    pub fn entry(millis: i64, seed: u32) -> Entry {
        Entry::Message(message(millis, seed))
    }

    /// A deletion that was made at the time.
    pub fn deletion(millis: i64, seed: u32, message: &Entry) -> Entry {
        Entry::Deletion(Deletion { id: id(millis, seed), message: message.id() })
    }

    fn id(millis: i64, seed: u32) -> MessageId {
        let millis = u64::try_from(millis).unwrap();
        let mut random = [0; 10];
        random[6..].copy_from_slice(&seed.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into()
    }
}
