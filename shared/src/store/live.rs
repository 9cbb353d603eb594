//! What is known of a schedule's connections, and who may ask ImageFlux about them next.
//!
//! One item for each schedule. A request that learns something reads it, joins, and writes only what changed, if no
//! other wrote in between. The lease stands beside the state, so that taking it disturbs no writer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number, text};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::live::{Connection, Live, Playlist};
use crate::table::{Change, Condition, Item, Key, Table, TableError, Write, Written};

/// What was read, and the version under which it was found.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub live: Live,
    version: i64,
    asks_until: i64,
    retired_channel: Option<String>,
}

/// Instants are microseconds since 1970.
#[derive(Serialize, Deserialize)]
struct ConnectionItem {
    created: i64,
    last_sign: i64,
    sends: bool,
    had_playlist: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    playlist: Option<PlaylistItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destroyed: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct PlaylistItem {
    told: i64,
    url: String,
}

/// The item of a schedule that was only asked after has a lease and nothing else.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct LiveItem {
    connections: BTreeMap<String, ConnectionItem>,
    watchers: Vec<String>,
    was_told: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    forgotten_before: Option<i64>,
    /// There once somebody has published.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_published: Option<bool>,
    #[serde(skip_serializing)]
    version: i64,
    #[serde(skip_serializing)]
    asks_until: i64,
    /// The channel whose connections were forgotten.
    #[serde(skip_serializing)]
    retired_channel: Option<String>,
}

impl Seen {
    /// Whether what is learned of this channel comes too late.
    #[must_use]
    pub fn is_retired(&self, channel_id: &str) -> bool {
        self.retired_channel.as_deref() == Some(channel_id)
    }

    /// Whether somebody may be asking ImageFlux now.
    #[must_use]
    pub fn is_leased(&self, now_millis: i64) -> bool {
        self.asks_until > now_millis
    }

    /// When the next may ask ImageFlux.
    #[must_use]
    pub fn free_from(&self, now_millis: i64) -> i64 {
        self.asks_until.max(now_millis)
    }
}

pub async fn find(table: &Table, tenant: &TenantId, schedule: &ScheduleId) -> Result<Seen, TableError> {
    decode_seen(table.get(&keys::live(tenant, schedule)).await?)
}

/// In the order of the schedules, which are distinct.
pub async fn find_all(table: &Table, tenant: &TenantId, schedules: &[ScheduleId]) -> Result<Vec<Live>, TableError> {
    let keys: Vec<Key> = schedules.iter().map(|schedule| keys::live(tenant, schedule)).collect();
    let found = table.get_many(&keys).await?;
    found.into_iter().map(|item| Ok(decode_seen(item)?.live)).collect()
}

/// Writes what was learned. `false` when somebody else did so in between; then read and join again.
pub async fn keep(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    seen: &Seen,
    live: &Live,
) -> Result<bool, TableError> {
    let unchanged = match seen.version {
        0 => Condition::Missing("version"),
        version => Condition::Equals("version", number(version)),
    };
    let mut changes = vec![Change::Set("version", number(seen.version + 1))];
    let item: Item = encode(&LiveItem::from(live))?;
    for name in ["connections", "watchers", "was_told", "forgotten_before", "has_published"] {
        if let Some(value) = item.get(name) {
            changes.push(Change::Set(name, value.clone()));
        }
    }
    let write = Write::update(keys::live(tenant, schedule), changes).only_if(unchanged);
    Ok(matches!(table.write(&write).await?, Written::Done(_)))
}

/// Makes one caller the only one to ask ImageFlux about the schedule until the instant, and answers what is known by then.
/// `None` when another is.
pub async fn take_lease(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    now_millis: i64,
    until_millis: i64,
) -> Result<Option<Seen>, TableError> {
    let free =
        Condition::Any(vec![Condition::Missing("asks_until"), Condition::AtMost("asks_until", number(now_millis))]);
    lease(table, tenant, schedule, free, until_millis).await
}

/// As `take_lease`, after waiting for the end of the lease that was seen. `None` when another was faster.
pub async fn take_turn(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    seen: &Seen,
    until_millis: i64,
) -> Result<Option<Seen>, TableError> {
    let unchanged = match seen.asks_until {
        0 => Condition::Missing("asks_until"),
        seen => Condition::Equals("asks_until", number(seen)),
    };
    lease(table, tenant, schedule, unchanged, until_millis).await
}

async fn lease(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    condition: Condition,
    until_millis: i64,
) -> Result<Option<Seen>, TableError> {
    let write = Write::update(keys::live(tenant, schedule), vec![Change::Set("asks_until", number(until_millis))])
        .only_if(condition);
    match table.write(&write).await? {
        Written::Done(item) => decode_seen(item).map(Some),
        Written::Refused(_) => Ok(None),
    }
}

/// Requires that nobody has ever published, as far as is known.
pub fn require_nobody_published(tenant: &TenantId, schedule: &ScheduleId) -> Write {
    Write::check(keys::live(tenant, schedule), Condition::Missing("has_published"))
}

/// Forgets the connections of a channel that is deleted, whose successor was told nothing yet. That somebody has published
/// stays. A writer that read before fails; one that reads afterwards sees that the channel is retired.
pub fn clear(tenant: &TenantId, schedule: &ScheduleId, channel_id: &str) -> Write {
    let gone = ["connections", "watchers", "was_told", "forgotten_before"].map(Change::Remove);
    let kept = vec![Change::Add("version", 1), Change::Set("retired_channel", text(channel_id))];
    let changes = [kept, gone.to_vec()].concat();
    Write::update(keys::live(tenant, schedule), changes)
}

pub fn forget(tenant: &TenantId, schedule: &ScheduleId) -> Write {
    Write::delete(keys::live(tenant, schedule))
}

fn decode_seen(item: Option<Item>) -> Result<Seen, TableError> {
    let item: LiveItem = item.map(decode).transpose()?.unwrap_or_default();
    let (version, asks_until, retired_channel) = (item.version, item.asks_until, item.retired_channel);
    let live = Live {
        connections: item
            .connections
            .into_iter()
            .map(|(id, connection)| Ok((id, connection.into_connection()?)))
            .collect::<Result<_, TableError>>()?,
        watchers: item.watchers.into_iter().collect(),
        was_told: item.was_told,
        has_published: item.has_published.is_some(),
        forgotten_before: item.forgotten_before.map(instant).transpose()?,
    };
    Ok(Seen { live, version, asks_until, retired_channel })
}

impl From<&Live> for LiveItem {
    fn from(live: &Live) -> Self {
        Self {
            connections: live.connections.iter().map(|(id, connection)| (id.clone(), connection.into())).collect(),
            watchers: live.watchers.iter().cloned().collect(),
            was_told: live.was_told,
            forgotten_before: live.forgotten_before.map(micros),
            has_published: live.has_published.then_some(true),
            ..Self::default()
        }
    }
}

impl From<&Connection> for ConnectionItem {
    fn from(connection: &Connection) -> Self {
        let playlist = connection.playlist.as_ref();
        Self {
            created: micros(connection.created),
            last_sign: micros(connection.last_sign),
            sends: connection.sends,
            had_playlist: connection.had_playlist,
            playlist: playlist.map(|playlist| PlaylistItem { told: micros(playlist.told), url: playlist.url.clone() }),
            destroyed: connection.destroyed.map(micros),
            missing: connection.missing.map(micros),
        }
    }
}

impl ConnectionItem {
    fn into_connection(self) -> Result<Connection, TableError> {
        let playlist = self.playlist.map(|PlaylistItem { told, url }| Ok(Playlist { told: instant(told)?, url }));
        Ok(Connection {
            created: instant(self.created)?,
            last_sign: instant(self.last_sign)?,
            sends: self.sends,
            had_playlist: self.had_playlist,
            playlist: playlist.transpose()?,
            destroyed: self.destroyed.map(instant).transpose()?,
            missing: self.missing.map(instant).transpose()?,
        })
    }
}

fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

fn instant(micros: i64) -> Result<DateTime<Utc>, TableError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| TableError::Broken("a stored instant is none".to_owned()))
}
