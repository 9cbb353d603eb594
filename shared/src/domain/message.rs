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
    pub created_at: DateTime<Utc>,
}
