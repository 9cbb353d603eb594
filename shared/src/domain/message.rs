//! Chat messages.

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
}

impl Message {
    pub fn created_at(&self) -> DateTime<Utc> {
        self.id.created_at()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One that was made at the time. The seed sorts it among those of the same millisecond.
    pub fn message(millis: i64, seed: u32) -> Message {
        let millis = u64::try_from(millis).unwrap();
        let mut random = [0; 10];
        random[6..].copy_from_slice(&seed.to_be_bytes());
        Message {
            id: uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into(),
            user_id: UserId(1),
            user_name: String::new(),
            body: MessageBody::parse("x").unwrap(),
        }
    }
}
