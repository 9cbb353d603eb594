//! The trail: who changed what, and from where.

use chrono::{DateTime, Utc};

use super::ids::{EntryId, UserId};

/// Where a request came from, as the gateway says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub source: String,
    pub request_id: String,
}

/// The names of the fields that differ, as a row tells them.
pub fn names_of(fields: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<&'static str> {
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub id: UserId,
    /// The name at that time; it stays when the user is gone.
    pub name: String,
    pub origin: Origin,
}

impl Author {
    /// The operator, who invokes `tenant`, which serves no API.
    #[must_use]
    pub fn operator(request_id: &str) -> Self {
        let origin = Origin { source: "operator".to_owned(), request_id: request_id.to_owned() };
        Self { id: UserId::OPERATOR, name: "operator".to_owned(), origin }
    }
}

/// A change that was made. It holds no value that was changed: only the names of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: EntryId,
    pub at: DateTime<Utc>,
    pub author: Author,
    /// The operation's id in `openapi.yaml`, or the operator's action.
    pub action: String,
    /// What was changed, e.g. `schedule/0190c5c6-7a31-7c4a-8000-0a0b0c0d0e0f`, `user/11`, `tenant`.
    pub target: String,
    pub changed: Vec<String>,
}
