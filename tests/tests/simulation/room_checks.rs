//! The rules of a chat: nobody posts who is muted, to a chat that is closed, or sooner than it is slowed down to.

use std::collections::BTreeMap;

use shared::domain::ids::{MessageId, ScheduleId, UserId};
use shared::domain::permission::Permission;
use shared::operations::Error;
use shared::store::keys;
use shared::table::{Item, Key, Value};

use crate::checks::{Evidence, Findings};
use crate::history::{Call, Entry, Outcome};
use crate::past::Past;
use crate::permission_checks::has_any;
use crate::world::instant;

const HOSTS: &[Permission] = &[Permission::Delivery, Permission::Schedule];

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    let rooms = Past::of(evidence, &["ROOM#"]);
    let standings = Past::of(evidence, &["PASS#"]);
    let mut last: BTreeMap<(ScheduleId, UserId), i64> = BTreeMap::new();
    for commit in &evidence.journal {
        let Some(entry) = commit.by.map(|by| &evidence.entries[by]) else { continue };
        match &entry.call {
            Call::Post { schedule, .. } => {
                let is_message = |(key, item): &&(Key, Option<Item>)| key.pk.starts_with("CHAT#") && item.is_some();
                let Some((key, _)) = commit.changes.iter().find(is_message) else { continue };
                let made = MessageId::from(key.sk.as_str()).made_at();
                let before = last.insert((*schedule, entry.user), made);
                let is_host = |item: Option<&Item>| item.is_some_and(|item| has_any(item, HOSTS));
                let standing = keys::standing(&entry.tenant, entry.user);
                if !standings.any(&standing, entry.invoked, commit.at, is_host) {
                    let post = Accepted { entry, schedule, until: commit.at, made, before };
                    check_post(&post, &rooms, findings);
                }
            }
            Call::Mute { schedule, user, seconds } => {
                let key = keys::mute(&entry.tenant, schedule, *user);
                let muted =
                    commit.changes.iter().find(|(changed, _)| *changed == key).and_then(|(_, item)| item.as_ref());
                let Some(until) = muted.and_then(muted_until) else { continue };
                let earliest = instant(entry.invoked + entry.skew).timestamp_millis() + 1_000 * seconds;
                let latest = instant(commit.at + entry.skew).timestamp_millis() + 1_000 * seconds;
                let is_right = (earliest..=latest).contains(&until);
                findings.require(is_right, "a mute lasts as long as was asked", || format!("{until}: {entry:?}"));
            }
            Call::ChangeRules { schedule, is_open: to_be_open, slow_seconds } => {
                let key = keys::room(&entry.tenant, schedule);
                let now =
                    commit.changes.iter().find(|(changed, _)| *changed == key).and_then(|(_, item)| item.as_ref());
                let Some(now) = now else { continue };
                let is_so = to_be_open.is_none_or(|to_be_open| to_be_open == is_open(now))
                    && slow_seconds.is_none_or(|seconds| number(now, "slow_seconds") == Some(seconds));
                findings.require(is_so, "the rules are those asked for", || format!("{now:?}: {entry:?}"));
            }
            _ => {}
        }
    }
    for entry in &evidence.entries {
        refusals_have_a_reason(entry, &rooms, findings);
    }
    rooms_go_with_their_schedules(evidence, findings);
}

/// A message of somebody who was no host while it was posted.
struct Accepted<'a> {
    entry: &'a Entry,
    schedule: &'a ScheduleId,
    until: i64,
    /// By the clock of its environment, as that of the one before, in milliseconds since 1970.
    made: i64,
    before: Option<i64>,
}

fn check_post(post: &Accepted, rooms: &Past, findings: &mut Findings) {
    let Accepted { entry, schedule, until, made, before } = *post;
    let mute = keys::mute(&entry.tenant, schedule, entry.user);
    let rules = keys::room(&entry.tenant, schedule);
    let may_speak = |item: Option<&Item>| item.and_then(muted_until).is_none_or(|until| until <= made);
    let is_heard = rooms.any(&mute, entry.invoked, until, may_speak);
    findings.require(is_heard, "nobody posts who is muted", || format!("{entry:?}"));
    let was_open = rooms.any(&rules, entry.invoked, until, |item| item.is_none_or(is_open));
    findings.require(was_open, "nobody posts to a closed chat", || format!("{entry:?}"));
    let Some(before) = before else { return };
    let is_slow_enough =
        |item: Option<&Item>| made - before >= 1_000 * item.map_or(0, |item| number(item, "slow_seconds").unwrap_or(0));
    let waited = rooms.any(&rules, entry.invoked, until, is_slow_enough);
    findings.require(waited, "nobody posts too soon", || format!("{} ms: {entry:?}", made - before));
}

fn refusals_have_a_reason(entry: &Entry, rooms: &Past, findings: &mut Findings) {
    let (Call::Post { schedule, .. }, Outcome::Refused(error)) = (&entry.call, &entry.outcome) else { return };
    let began = instant(entry.invoked + entry.skew).timestamp_millis();
    let is_muted = |item: Option<&Item>| item.and_then(muted_until).is_some_and(|until| until > began);
    let key = match error {
        Error::Muted(_) => keys::mute(&entry.tenant, schedule, entry.user),
        _ => keys::room(&entry.tenant, schedule),
    };
    let is_justified = match error {
        Error::Muted(_) => rooms.any(&key, entry.invoked, entry.returned, is_muted),
        Error::ChatClosed => {
            rooms.any(&key, entry.invoked, entry.returned, |item| item.is_some_and(|item| !is_open(item)))
        }
        _ => true,
    };
    findings.require(is_justified, "nobody is silenced without a reason", || format!("{entry:?}"));
}

fn rooms_go_with_their_schedules(evidence: &Evidence, findings: &mut Findings) {
    let last = evidence.last_items();
    for key in last.keys().filter(|key| key.pk.starts_with("ROOM#")) {
        let mut names = key.pk.split('#').skip(1).map(str::to_owned);
        let (tenant, sk) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        let schedule = Key { pk: format!("SCHED#{tenant}"), sk };
        findings.require(last.contains_key(&schedule), "a deleted schedule's room goes", || format!("{key:?}"));
    }
}

fn muted_until(item: &Item) -> Option<i64> {
    number(item, "muted_until")
}

fn is_open(item: &Item) -> bool {
    !matches!(item.get("is_open"), Some(Value::Bool(false)))
}

fn number(item: &Item, name: &str) -> Option<i64> {
    match item.get(name) {
        Some(Value::N(number)) => number.parse().ok(),
        _ => None,
    }
}
