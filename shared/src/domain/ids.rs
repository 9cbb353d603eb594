//! One type per identifier, so that ids of different things never mix.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! text_id {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            #[must_use]
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
    )*};
}

text_id! {
    /// A tenant: one customer company, called "system" (システム) in the customer's document.
    TenantId
    /// A planned broadcast. Any text a client sends is one; most name nothing.
    ScheduleId
    /// A chat message: a UUID of version 7, so that ids sort by the time they were made.
    MessageId
    /// One token, so that it can be revoked alone.
    TokenId
}

impl TenantId {
    /// Whether the text can be a tenant's id at all, before it becomes part of a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self::from)
    }
}

impl ScheduleId {
    /// Whether this can be the id of a schedule: only such text becomes part of a key.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        Uuid::try_parse(&self.0).is_ok_and(|uuid| uuid.hyphenated().to_string() == self.0)
    }
}

/// A user's number within its tenant: 1 is the master, and no number is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl UserId {
    pub const MASTER: Self = Self(1);
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
