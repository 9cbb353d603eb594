//! What the items of schedules and of their live state say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use shared::domain::ids::TenantId;
use shared::table::{Item, Value};

use crate::checks::text;
use crate::past::Past;
use crate::world::PUBLISH_OVERRUN;

/// The members of a connection.
pub type Fields = HashMap<String, Value>;

/// Whose channel each is, or was.
pub fn schedules_of_channels<'a>(past: &Past<'a>) -> BTreeMap<&'a str, (TenantId, String)> {
    let mut schedules = BTreeMap::new();
    for key in past.keys() {
        let Some(tenant) = key.pk.strip_prefix("SCHED#") else { continue };
        for item in past.all(key).iter().filter_map(|version| version.item) {
            schedules.insert(text(item, "channel_id"), (TenantId::from(tenant), key.sk.clone()));
        }
    }
    schedules
}

pub fn closes(schedule: &Item) -> DateTime<Utc> {
    let ends: Option<DateTime<Utc>> = text(schedule, "ends_at").parse().ok();
    ends.unwrap_or_default() + TimeDelta::seconds(PUBLISH_OVERRUN)
}

/// What there is to watch, by what the item says.
pub fn watchable(live: &Item) -> Option<&str> {
    let watchers = watchers(live);
    let playing = connections(live).filter(|(id, connection)| lives(connection) && !watchers.contains(id));
    let playing = playing.filter_map(|(id, connection)| match connection.get("playlist") {
        Some(Value::M(playlist)) => Some((number(connection, "created"), id, as_text(playlist.get("url")?)?)),
        _ => None,
    });
    playing.max().map(|(_, _, url)| url)
}

/// Who receives, whatever else is said of them.
pub fn watchers(live: &Item) -> BTreeSet<&str> {
    match live.get("watchers") {
        Some(Value::L(ids)) => ids.iter().filter_map(as_text).collect(),
        _ => BTreeSet::new(),
    }
}

pub fn lives(connection: &Fields) -> bool {
    let missing = number(connection, "missing");
    let is_missing = missing.is_some() && missing >= number(connection, "last_sign");
    !connection.contains_key("destroyed") && !is_missing
}

pub fn connections(live: &Item) -> impl Iterator<Item = (&str, &Fields)> {
    let connections = match live.get("connections") {
        Some(Value::M(connections)) => Some(connections),
        _ => None,
    };
    connections.into_iter().flatten().filter_map(|(id, connection)| match connection {
        Value::M(connection) => Some((id.as_str(), connection)),
        _ => None,
    })
}

pub fn number(item: &Fields, name: &str) -> Option<i64> {
    match item.get(name) {
        Some(Value::N(number)) => number.parse().ok(),
        _ => None,
    }
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::S(text) => Some(text),
        _ => None,
    }
}
