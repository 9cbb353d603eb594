//! Domain values as items of the table: one file per entity, with its item, both conversions and its verbs.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::{Item, TableError, Value};

pub mod keys;
pub mod tenants;
pub mod users;
pub mod credentials;
pub mod calendar;
pub mod schedules;
pub mod todo;
pub mod orphans;
pub mod live;
pub mod messages;
pub mod rates;
pub mod idempotency;

/// Fixed width, so that instants sort as text do.
const INSTANT: &str = "%Y-%m-%dT%H:%M:%SZ";

/// An instant as the table writes it: UTC, whole seconds, e.g. `2021-10-30T03:00:00Z`.
#[must_use]
pub fn instant_text(instant: DateTime<Utc>) -> String {
    instant.trunc_subsecs(0).format(INSTANT).to_string()
}

fn instant_from_text(text: &str) -> Option<DateTime<Utc>> {
    Some(NaiveDateTime::parse_from_str(text, INSTANT).ok()?.and_utc())
}

/// For `#[serde(with = "instant")]`.
mod instant {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::instant_text(*instant))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::instant_from_text(&text).ok_or_else(|| D::Error::custom("not an instant"))
    }
}

fn encode(item: &impl Serialize) -> Result<Item, TableError> {
    serde_dynamo::to_item(item).map_err(|error| TableError::Broken(format!("an item cannot be written: {error}")))
}

fn decode<T: DeserializeOwned>(item: Item) -> Result<T, TableError> {
    serde_dynamo::from_item(item).map_err(|error| TableError::Broken(format!("an item cannot be read: {error}")))
}

fn text(value: impl Into<String>) -> Value {
    Value::S(value.into())
}

fn number(value: i64) -> Value {
    Value::N(value.to_string())
}
