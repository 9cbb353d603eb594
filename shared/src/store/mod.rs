//! Domain values as items of the table: one file per entity, with its item, both conversions and its verbs.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::interval::Interval;
use crate::table::{Item, TableError, Value};

pub mod keys;
pub mod tenants;
pub mod users;
pub mod standings;
pub mod credentials;
pub mod calendar;
pub mod moves;
pub mod schedules;
pub mod todo;
pub mod orphans;
pub mod live;
pub mod hooks;
pub mod feeds;
pub mod trail;
pub mod messages;
pub mod failures;
pub mod rates;
pub mod rooms;
pub mod loads;
pub mod idempotency;

/// Fixed width, so that instants sort as text do.
const INSTANT: &str = "%Y-%m-%dT%H:%M:%SZ";

/// The last second that is written with four digits of a year, and so sorts as a text.
const LAST: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).expect("a second of the year 9999");

/// An instant as the table writes it: UTC, whole seconds, e.g. `2021-10-30T03:00:00Z`. What is later than the year
/// 9999 is written as its last second.
pub fn instant_text(instant: DateTime<Utc>) -> String {
    instant.min(LAST).trunc_subsecs(0).format(INSTANT).to_string()
}

fn instant_from_text(text: &str) -> Option<DateTime<Utc>> {
    Some(NaiveDateTime::parse_from_str(text, INSTANT).ok()?.and_utc())
}

/// An interval that was one when it was written.
fn interval(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Interval, TableError> {
    Interval::new(start, end).map_err(|_| TableError::Broken("a stored interval ends before it starts".to_owned()))
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

/// For `#[serde(with = "stored")]`: values of the domain that the table keeps as text.
mod stored {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::stored::Stored;

    pub fn serialize<T: Stored, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_store())
    }

    pub fn deserialize<'de, T: Stored, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::from_store(String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not a value of its kind"))
    }

    pub mod option {
        use super::{Deserialize, Deserializer, Error, Serializer, Stored};

        #[expect(clippy::ref_option, reason = "serde calls it so")]
        pub fn serialize<T: Stored, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => super::serialize(value, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub fn deserialize<'de, T: Stored, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
            let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
            T::from_store(text).map(Some).ok_or_else(|| D::Error::custom("not a value of its kind"))
        }
    }
}

fn encode(item: &impl Serialize) -> Result<Item, TableError> {
    serde_dynamo::to_item(item).map_err(|error| TableError::Broken(format!("an item cannot be written: {error}")))
}

fn decode<T: DeserializeOwned>(item: Item) -> Result<T, TableError> {
    serde_dynamo::from_item(item).map_err(|error| TableError::Broken(format!("an item cannot be read: {error}")))
}

#[expect(clippy::needless_pass_by_value, reason = "a text or an id, owned or borrowed")]
fn text(value: impl ToString) -> Value {
    Value::S(value.to_string())
}

fn number(value: i64) -> Value {
    Value::N(value.to_string())
}
