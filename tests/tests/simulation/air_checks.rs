//! What is on air: everybody is told the truth within a second.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::ids::ScheduleId;
use shared::store::keys;

use crate::air_items::{closes, connections, schedules_of_channels, watchable};
use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};
use crate::on_air::Deed;
use crate::past::Past;
use crate::question_checks;
use crate::studio::{Connection, connection_of};
use crate::world::instant;

/// How old what a viewer is told may be, and whether the tenant may still work.
const SECOND: i64 = 1_000;
/// How far ImageFlux's clock and that of an environment may be apart.
const CLOCKS_APART: i64 = 2_000;
/// A connection of which nothing was heard is asked after, by whoever looks next and gets the lease.
const SILENCE: i64 = 60_000 + CLOCKS_APART + 6_000;
/// What was under way when the calm came.
const SETTLED: i64 = 10_000;

/// An answer to a viewer.
struct Answer<'a> {
    entry: &'a Entry,
    schedule: ScheduleId,
    status: &'a str,
    playlist: Option<&'a str>,
}

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    let past = Past::of(evidence, &["SCHED#", "LIVE#", "TEN#"]);
    let answers: Vec<Answer> = evidence.entries.iter().filter_map(answer).collect();
    let told = Told::of(evidence);
    for answer in &answers {
        an_answer_is_a_second_old(&past, answer, findings);
        who_has_ended_stays_away(evidence, &told, answer, findings);
    }
    who_receives_is_never_on_air(evidence, &past, findings);
    what_has_ended_is_kept_so(&past, findings);
    question_checks::check(evidence, &past, findings);
    in_the_end_all_is_known(evidence, &past, &told, &answers, findings);
}

fn answer(entry: &Entry) -> Option<Answer<'_>> {
    let (Call::OnAir(Deed::View { schedule } | Deed::Watch { schedule }), Outcome::Done(said)) =
        (&entry.call, &entry.outcome)
    else {
        return None;
    };
    let (status, playlist) = said.split_once(' ')?;
    let playlist = (playlist != "-").then_some(playlist);
    Some(Answer { entry, schedule: *schedule, status, playlist })
}

/// What the product was told, and acknowledged.
struct Told<'a> {
    /// When an end was acknowledged first.
    ended: BTreeMap<&'a str, i64>,
    begun: BTreeSet<&'a str>,
}

impl<'a> Told<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        let mut told = Self { ended: BTreeMap::new(), begun: BTreeSet::new() };
        for entry in &evidence.entries {
            let (Call::OnAir(Deed::Tell { connection, kind, is_timed }), Outcome::Done(said)) =
                (&entry.call, &entry.outcome)
            else {
                continue;
            };
            match *kind {
                "connection.destroyed" if said == "heard" => {
                    let first = told.ended.entry(connection).or_insert(i64::MAX);
                    *first = entry.returned.min(*first);
                }
                "connection.created" if said == "heard" && *is_timed => drop(told.begun.insert(connection)),
                _ => {}
            }
        }
        told
    }
}

/// It is what the product knew at some moment from a second before the question on.
fn an_answer_is_a_second_old(past: &Past, answer: &Answer, findings: &mut Findings) {
    let Answer { entry, schedule, playlist, .. } = answer;
    let (from, to) = (entry.invoked - SECOND, entry.returned);
    let key = keys::schedule(&entry.tenant, schedule);
    let mut schedules = past.during(&key, from, to).peekable();
    let clock = [entry.invoked, entry.returned].map(|millis| instant(millis + entry.skew));
    let live = keys::live(&entry.tenant, schedule);
    let known = || past.during(&live, from, to);
    let is_known = if let Some(url) = playlist {
        let is_on = schedules.any(|item| item.is_some_and(|item| clock[0] < closes(item)));
        is_on && known().any(|live| live.and_then(watchable) == Some(url))
    } else {
        let is_over = schedules.any(|item| item.is_none_or(|item| clock[1] >= closes(item)));
        let may_be_suspended = past
            .during(&keys::tenant(&entry.tenant), entry.invoked - 2 * SECOND, to)
            .any(|tenant| tenant.is_none_or(|tenant| text(tenant, "state") != "active"));
        is_over || may_be_suspended || known().any(|live| live.and_then(watchable).is_none())
    };
    let is_view = matches!(entry.call, Call::OnAir(Deed::View { .. }));
    let exists = !is_view || past.during(&key, from, to).any(|item| item.is_some());
    findings.require(is_known && exists, "an answer is a second old at most", || format!("{entry:?}"));
}

/// Not for a second after its end was acknowledged, and not for long when that was never told.
fn who_has_ended_stays_away(evidence: &Evidence, told: &Told, answer: &Answer, findings: &mut Findings) {
    let Some(id) = answer.playlist.map(connection_of) else { return };
    let Some(connection) = evidence.studio.connections.get(id) else {
        return findings.require(false, "who is watched publishes", || format!("{:?}", answer.entry));
    };
    findings.require(connection.sends, "who is watched publishes", || format!("{:?}", answer.entry));
    let asked = answer.entry.invoked;
    let is_back = told.ended.get(id).is_some_and(|known| asked >= known + SECOND);
    findings.require(!is_back, "who has ended never comes back", || format!("{:?} {connection:?}", answer.entry));
    let is_long_dead = connection.ended.is_some_and(|ended| asked > ended + SILENCE);
    let is_calm = asked >= evidence.calm_from + SETTLED;
    findings
        .require(!is_long_dead || !is_calm, "a lost end is noticed", || format!("{:?} {connection:?}", answer.entry));
}

/// Where nobody was ever let in who sends, nobody is said to be on air.
fn who_receives_is_never_on_air(evidence: &Evidence, past: &Past, findings: &mut Findings) {
    let schedules = schedules_of_channels(past);
    let mut first: BTreeMap<&str, i64> = BTreeMap::new();
    for connection in evidence.studio.connections.values().filter(|connection| connection.sends) {
        if let Some((_, id)) = schedules.get(connection.channel.as_str()) {
            let first = first.entry(id).or_insert(i64::MAX);
            *first = connection.created.min(*first);
        }
    }
    let may_be_on = |id: &str, at: i64| first.get(id).is_some_and(|first| *first <= at);
    for entry in &evidence.entries {
        let Outcome::Done(said) = &entry.outcome else { continue };
        let is_true = match &entry.call {
            Call::OnAir(Deed::View { schedule }) => {
                let status = said.split(' ').next().unwrap_or_default();
                !is_on_air(status) || may_be_on(&schedule.to_string(), entry.returned)
            }
            Call::OnAir(Deed::ListStatuses) => said
                .split_whitespace()
                .filter_map(|row| row.split_once('='))
                .all(|(id, status)| !is_on_air(status) || may_be_on(id, entry.returned)),
            _ => true,
        };
        findings.require(is_true, "who receives is never on air", || format!("{entry:?}"));
    }
}

fn is_on_air(status: &str) -> bool {
    matches!(status, "preparing" | "live" | "interrupted")
}

/// A connection that was destroyed is so in every later version that knows it. With its schedule all is forgotten, and an
/// event that comes later tells nobody anything.
fn what_has_ended_is_kept_so(past: &Past, findings: &mut Findings) {
    for key in past.keys().filter(|key| key.pk.starts_with("LIVE#")) {
        let mut ended: BTreeSet<&str> = BTreeSet::new();
        for version in past.all(key) {
            let Some(live) = version.item else {
                ended.clear();
                continue;
            };
            for (id, connection) in connections(live) {
                let has_ended = connection.contains_key("destroyed");
                if has_ended {
                    ended.insert(id);
                }
                findings.require(has_ended || !ended.contains(id), "who has ended never comes back", || {
                    format!("{key:?} {id} {connection:?}")
                });
            }
        }
    }
}

/// When nothing goes wrong, events have told, or somebody looked and so asked: the newest who plays is watched.
fn in_the_end_all_is_known(evidence: &Evidence, past: &Past, told: &Told, answers: &[Answer], findings: &mut Findings) {
    let mut last: BTreeMap<ScheduleId, &Answer> = BTreeMap::new();
    for answer in answers {
        let is_of_all = matches!(answer.entry.call, Call::OnAir(Deed::View { .. }));
        if is_of_all && answer.entry.invoked > evidence.calm_from + SILENCE {
            last.insert(answer.schedule, answer);
        }
    }
    for answer in last.values() {
        let Answer { entry, schedule, .. } = answer;
        let Some(Some(item)) =
            past.during(&keys::schedule(&entry.tenant, schedule), entry.returned, entry.returned).last()
        else {
            continue;
        };
        let is_over = instant(entry.invoked + entry.skew) >= closes(item);
        let plays = |connection: &Connection| {
            let is_there = connection.sends && connection.channel == text(item, "channel_id");
            is_there && connection.lives_at(entry.invoked) && connection.plays_from < entry.invoked - SETTLED
        };
        let playing: Vec<(&String, &Connection)> =
            evidence.studio.connections.iter().filter(|(_, one)| !is_over && plays(one)).collect();
        let newest = playing.iter().map(|(_, connection)| connection.created).max();
        // Of whose beginning nobody told, the order is that in which they were heard of.
        let is_ordered = playing.iter().all(|(id, _)| told.begun.contains(id.as_str()));
        let is_right = match (answer.playlist.map(connection_of), newest) {
            (None, None) => true,
            (Some(id), Some(newest)) => playing.iter().any(|(other, connection)| {
                *other == id && (!is_ordered || connection.created >= newest - CLOCKS_APART)
            }),
            _ => false,
        };
        findings.require(is_right, "in the end the newest is watched", || {
            format!("{} {entry:?} {playing:?}", answer.status)
        });
    }
}
