//! Planned broadcasts.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::channel::Channel;
use super::ids::{ScheduleId, TenantId};
use super::interval::Interval;
use super::text::text_value;

text_value! {
    /// The name of a schedule: 1 to 30 characters.
    ScheduleName, 30, One
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
    /// Counts the changes since.
    pub revision: i64,
    pub changed_at: DateTime<Utc>,
}

/// A schedule has its channel from its first moment: before that it is a reservation, which nobody sees.
#[derive(Clone)]
pub struct Schedule {
    pub plan: Plan,
    /// `None` once the channel was retired, some time after the end. It gets another when somebody asks for it.
    pub channel: Option<Channel>,
    pub keys: Keys,
}

/// The secrets of a schedule.
#[derive(Clone)]
pub struct Keys {
    /// What publish tokens are derived from. Another one makes all of them void.
    pub publishing: SecretString,
    /// The part of its `watch_url` that nobody can guess.
    pub watching: SecretString,
}

/// A slot that is taken while its channel is being created. When the lease ends it is void.
#[derive(Clone)]
pub struct Reservation {
    pub tenant: TenantId,
    pub plan: Plan,
    /// Tells this attempt apart from any other.
    pub operation: String,
    pub lease_end: DateTime<Utc>,
}
