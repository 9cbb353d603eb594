//! ImageFlux is asked no more often than it may be.

use std::collections::BTreeMap;

use shared::domain::ids::{ScheduleId, TenantId};
use shared::store::keys;
use shared::table::{Item, Key, Value};

use crate::air_items::{Fields, connections, lives, number, schedules_of_channels, watchers};
use crate::checks::{Evidence, Findings};
use crate::past::Past;
use crate::world::instant;

/// How often ImageFlux may be asked about a schedule.
const QUESTION: i64 = 2_000;
/// How long before a question the doubt may have been: the lease is renewed up to twice.
const HESITATION: i64 = 10_000;
/// How far the clock of an environment may be ahead, and how old what it looked at may be.
const AHEAD_OF_ITS_SOURCE: i64 = 2_000;

/// Whoever asks, and whatever their clocks say.
pub fn check(evidence: &Evidence, past: &Past, findings: &mut Findings) {
    let schedules = schedules_of_channels(past);
    let mut last: BTreeMap<&(TenantId, String), i64> = BTreeMap::new();
    for (at, channel) in &evidence.studio.questions {
        let Some(schedule) = schedules.get(channel.as_str()) else { continue };
        let before = last.insert(schedule, *at);
        let (tenant, id) = schedule;
        let key = keys::live(tenant, &ScheduleId::from(id.as_str()));
        // With the schedule the lease goes under which it was asked before, and who looked a moment ago may ask once more.
        let is_deleted = |before: i64| {
            let since = lease_taken(past, &key, before).unwrap_or(before);
            let versions = past.all(&keys::schedule(tenant, &id.as_str().into()));
            versions.iter().any(|version| version.item.is_none() && (since..=*at).contains(&version.from))
        };
        let is_rare = before.is_none_or(|before| at - before >= QUESTION || is_deleted(before));
        findings.require(is_rare, "one question in two seconds", || {
            format!("{channel} was asked about at {before:?} and at {at}")
        });
        let is_in_doubt = |live: Option<&Item>| live.is_none_or(|live| is_doubtful(live, *at + AHEAD_OF_ITS_SOURCE));
        findings.require(past.any(&key, *at - HESITATION, *at, is_in_doubt), "while events tell nobody asks", || {
            format!("{channel} was asked about at {at}")
        });
    }
}

/// When the lease was taken that was the last by then.
fn lease_taken(past: &Past, live: &Key, at: i64) -> Option<i64> {
    let leases = past.all(live).iter().filter(|version| version.from <= at);
    let mut leases = leases.filter_map(|version| Some((version.item?.get("asks_until")?, version.from)));
    let (mut last, mut taken) = leases.next()?;
    for (until, from) in leases {
        if until != last {
            (last, taken) = (until, from);
        }
    }
    Some(taken)
}

/// Whether no event has told of a channel; or, by that moment, a publisher has had no playlist for three seconds, or
/// nothing was heard of the newest for a minute.
fn is_doubtful(live: &Item, at: i64) -> bool {
    let now = instant(at).timestamp_micros();
    let watchers = watchers(live);
    let publishing = || connections(live).filter(|(id, _)| !watchers.contains(id));
    let created = |(id, connection): &(&str, &Fields)| (number(connection, "created"), (*id).to_owned());
    let newest =
        publishing().filter(|(_, one)| lives(one)).max_by_key(created).or_else(|| publishing().max_by_key(created));
    let is_before = |connection: &Fields, name, seconds: i64| {
        number(connection, name).is_some_and(|instant| instant <= now - seconds * 1_000_000)
    };
    let lacks_playlist =
        publishing().any(|(_, one)| lives(one) && !one.contains_key("playlist") && is_before(one, "created", 3));
    live.get("was_told") != Some(&Value::Bool(true))
        || lacks_playlist
        || newest.is_some_and(|(_, newest)| is_before(newest, "last_sign", 60))
}
