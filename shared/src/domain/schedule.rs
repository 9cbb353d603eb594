//! Planned broadcasts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::ids::ScheduleId;
use super::interval::Interval;
use super::invalid::Invalid;
use super::text::{self, Lines};

/// The name of a schedule: 1 to 30 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScheduleName(String);

impl ScheduleName {
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        text::parse(raw, 30, Lines::One).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client plans: everything of a schedule but its channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub id: ScheduleId,
    pub name: ScheduleName,
    pub interval: Interval,
    pub created_at: DateTime<Utc>,
    /// The creator's name at that time; it stays when the user is gone.
    pub created_by: String,
}

/// A schedule has its channel from its first moment: before that it is a reservation, which nobody sees.
#[derive(Clone)]
pub struct Schedule {
    pub plan: Plan,
    /// `None` once the channel was retired, some time after the end. It gets another when somebody asks for it.
    pub channel: Option<Channel>,
}
