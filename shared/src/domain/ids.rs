//! One type per identifier, so that ids of different things never mix.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::stored::Stored;

macro_rules! text_id {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid.hyphenated().to_string())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl Stored for $name {
            fn to_store(&self) -> String {
                self.0.clone()
            }

            fn from_store(text: String) -> Option<Self> {
                Some(Self(text))
            }
        }
    )*};
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(formatter)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl Stored for $name {
            fn to_store(&self) -> String {
                self.to_string()
            }

            fn from_store(text: String) -> Option<Self> {
                Uuid::try_parse(&text).ok().map(Self)
            }
        }
    )*};
}

text_id! {
    /// A tenant: one customer company, called "system" (システム) in the specification that the product was ordered by.
    TenantId
    /// One token, so that it can be revoked alone.
    TokenId
}

uuid_id! {
    /// A planned broadcast.
    ScheduleId
    /// A row of the trail: a UUID of version 7, so that ids sort by the time they were made.
    EntryId
    /// A chat message, or the deletion of one: a UUID of version 7, so that ids sort by the time they were made.
    MessageId
}

impl TenantId {
    /// Whether the text can be a tenant's id at all, before it becomes part of a key.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self::from)
    }
}

impl MessageId {
    /// The id of no message, and before all others.
    pub const NIL: Self = Self(Uuid::nil());

    /// When it was made, in milliseconds since 1970.
    pub fn made_at(self) -> i64 {
        self.0.get_timestamp().map_or(0, |time| {
            let (seconds, nanos) = time.to_unix();
            i64::try_from(seconds).unwrap_or(i64::MAX / 1000) * 1000 + i64::from(nanos / 1_000_000)
        })
    }

    pub fn created_at(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.made_at()).unwrap_or_default()
    }

    /// The greatest id of a time: whatever sorts after it was made later. `None` before 1970.
    pub fn last_of(millis: i64) -> Option<Self> {
        let millis = u64::try_from(millis).ok().filter(|millis| *millis > 0)?;
        Some(Self(uuid::Builder::from_unix_timestamp_millis(millis, &[0xFF; 10]).into_uuid()))
    }
}

impl ScheduleId {
    /// The id of no schedule.
    pub const NIL: Self = Self(Uuid::nil());
}

impl Default for MessageId {
    fn default() -> Self {
        Self::NIL
    }
}

impl From<&str> for ScheduleId {
    fn from(text: &str) -> Self {
        Self(uuid_or_nil(text))
    }
}

impl From<&str> for MessageId {
    fn from(text: &str) -> Self {
        Self(uuid_or_nil(text))
    }
}

/// Clients may send any text as the id of a schedule or a message. Text that is not written as ids are becomes the nil id,
/// so that it names nothing, and is answered as an unknown one is.
fn uuid_or_nil(text: &str) -> Uuid {
    Uuid::try_parse(text).ok().filter(|id| id.to_string() == text).unwrap_or_default()
}

/// A user's number within its tenant: 1 is the master, and no number is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

impl UserId {
    pub const MASTER: Self = Self(1);

    /// In the trail: no user of the tenant, but the operator.
    pub const OPERATOR: Self = Self(0);
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_that_is_written_as_ids_are_names_a_schedule() {
        let written = "0190c5c6-7a31-7c4a-8000-0a0b0c0d0e0f";
        assert_eq!(ScheduleId::from(written).to_string(), written);
        for other in ["", "x", &written.to_uppercase(), &written.replace('-', ""), &format!("{{{written}}}")] {
            assert_eq!(ScheduleId::from(other), ScheduleId::NIL, "{other}");
        }
    }
}
