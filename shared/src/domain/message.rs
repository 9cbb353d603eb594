//! Chat messages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{MessageId, UserId};
use super::invalid::Invalid;
use super::text::{self, Lines};

/// What is said: 1 to 50 characters, line feeds among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageBody(String);

impl MessageBody {
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        text::parse(raw, 50, Lines::Many).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
