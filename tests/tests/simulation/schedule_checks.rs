//! Schedules: disjoint after every commit, never lost, never refused without a reason, one channel each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use shared::domain::interval::Interval;
use shared::operations::Error;
use shared::store::instant_text;
use shared::table::{Item, Key};

use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};
use crate::world::{CHANNEL_GRACE, instant};

/// A reservation is void when its lease has ended; two clocks may differ by two seconds about when.
const SKEW: i64 = 2_000;

/// A time in which an interval was taken, by a schedule or a living reservation.
struct Span {
    pk: String,
    schedule: String,
    start: String,
    end: String,
    from: i64,
    to: i64,
}

type Items = BTreeMap<Key, Item>;

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    let (spans, last) = replay(evidence, findings);
    for entry in &evidence.entries {
        conflict_is_justified(entry, &spans, findings);
        nothing_that_started_was_deleted(entry, &spans, findings);
        delivery_is_true(entry, evidence, findings);
        refused_leaves_no_trace(entry, &spans, evidence, findings);
    }
    acknowledged_is_there(evidence, &last, findings);
    lists_are_whole(evidence, findings);
    one_effect_per_key(evidence, findings);
    one_channel_each(evidence, &last, findings);
    nothing_is_left_to_do(evidence, &last, findings);
}

/// Goes through all commits: the calendar must be sound after each.
fn replay(evidence: &Evidence, findings: &mut Findings) -> (Vec<Span>, Items) {
    let mut items = Items::new();
    let mut living: BTreeMap<Key, Span> = BTreeMap::new();
    let mut spans = Vec::new();
    for commit in &evidence.journal {
        for (key, after) in &commit.changes {
            if let Some(mut span) = living.remove(key) {
                span.to = span.to.min(commit.seen_at);
                spans.push(span);
            }
            match after {
                Some(item) => {
                    if let Some(span) = span(key, item, commit.at) {
                        living.insert(key.clone(), span);
                    }
                    items.insert(key.clone(), item.clone());
                }
                None => drop(items.remove(key)),
            }
        }
        if commit.changes.iter().any(|(key, _)| key.pk.starts_with("CAL#")) {
            let fault = fault_of_calendar(&items);
            findings.require(fault.is_none(), "disjoint after every commit", || {
                format!("at {}: {}\n{:?}", commit.at, fault.unwrap_or_default(), commit.changes)
            });
        }
    }
    spans.extend(living.into_values());
    (spans, items)
}

fn span(key: &Key, item: &Item, from: i64) -> Option<Span> {
    let (pk, to) = if key.pk.starts_with("SCHED#") && !text(item, "starts_at").is_empty() {
        (key.pk.clone(), i64::MAX)
    } else if text(item, "kind") == "reservation" {
        let due: chrono::DateTime<chrono::Utc> = text(item, "due").parse().ok()?;
        (format!("SCHED#{}", text(item, "tenant")), (due - instant(0)).num_milliseconds() + SKEW)
    } else {
        return None;
    };
    let owned = |name| text(item, name).to_owned();
    Some(Span { pk, schedule: owned("id"), start: owned("starts_at"), end: owned("ends_at"), from, to })
}

/// What is wrong with the calendars: lists that do not link, intervals that overlap, nodes that are nobody's.
fn fault_of_calendar(items: &Items) -> Option<String> {
    let nodes: Vec<(&Key, &Item)> = items.iter().filter(|(key, _)| key.pk.starts_with("CAL#")).collect();
    let mut owned = BTreeSet::new();
    for (index, (key, node)) in nodes.iter().enumerate() {
        let next = nodes.get(index + 1).filter(|(next, _)| next.pk == key.pk).map(|(next, _)| next.sk.as_str());
        if text(node, "ends") > next.unwrap_or("9999") {
            return Some(format!("{} ends after {next:?} begins", key.sk));
        }
        if text(node, "nxt") != next.unwrap_or("9999-99-99T99:99:99Z") {
            return Some(format!("after {} comes {next:?}, but it says {}", key.sk, text(node, "nxt")));
        }
        owned.insert((key.pk.replacen("CAL#", "", 1), text(node, "schedule"), key.sk.as_str(), text(node, "ends")));
    }
    let mut taken = BTreeSet::new();
    for (key, item) in items {
        if let Some(span) = span(key, item, 0) {
            let tenant = span.pk.replacen("SCHED#", "", 1);
            if !owned.contains(&(tenant.clone(), &span.schedule, &span.start, &span.end)) {
                return Some(format!("{} has no place in the calendar", span.schedule));
            }
            taken.insert((tenant, span.schedule));
        }
    }
    owned.into_iter().find_map(|(tenant, schedule, start, _)| {
        let is_somebodys = schedule.is_empty() || taken.contains(&(tenant, schedule.to_owned()));
        (!is_somebodys).then(|| format!("{start} is taken by {schedule}, which does not exist"))
    })
}

fn conflict_is_justified(entry: &Entry, spans: &[Span], findings: &mut Findings) {
    let Outcome::Refused(Error::ScheduleOverlap(conflict)) = &entry.outcome else { return };
    let (interval, is_own) = match &entry.call {
        // A request that died may stand in the way of its own repetition until its lease ends.
        Call::CreateSchedule { interval, name, key } => (interval, key.is_none() && conflict.name.as_str() == name),
        Call::MoveSchedule { interval, id, .. } => (interval, *id == conflict.schedule),
        _ => return,
    };
    let pk = format!("SCHED#{}", entry.tenant);
    let (start, end) = (instant_text(conflict.interval.start()), instant_text(conflict.interval.end()));
    let was_there = spans.iter().any(|span| {
        let is_it =
            span.pk == pk && span.schedule == conflict.schedule.to_string() && span.start == start && span.end == end;
        is_it && span.from <= entry.returned && span.to >= entry.invoked
    });
    let is_justified = was_there && conflict.interval.overlaps(interval) && !is_own;
    findings.require(is_justified, "every conflict was there", || format!("{entry:?}"));
}

fn nothing_that_started_was_deleted(entry: &Entry, spans: &[Span], findings: &mut Findings) {
    let (Call::DeleteSchedule { id }, Outcome::Done(_)) = (&entry.call, &entry.outcome) else { return };
    let last = spans.iter().filter(|span| span.schedule == id.to_string()).max_by_key(|span| span.from);
    let asked_at = instant_text(instant(entry.invoked + entry.skew));
    findings.require(last.is_some_and(|last| asked_at < last.start), "nothing that started is deleted", || {
        format!("{entry:?}")
    });
}

/// What a presenter is told was the schedule's channel while it asked.
fn delivery_is_true(entry: &Entry, evidence: &Evidence, findings: &mut Findings) {
    let (Call::GetDelivery { id }, Outcome::Done(channel)) = (&entry.call, &entry.outcome) else { return };
    let mut was_true = false;
    let mut is_true = false;
    for commit in evidence.journal.iter().take_while(|commit| commit.at <= entry.returned) {
        let is_it = |key: &Key| key.pk.starts_with("SCHED#") && key.sk == id.to_string();
        for (_, after) in commit.changes.iter().filter(|(key, _)| is_it(key)) {
            was_true |= is_true && commit.seen_at >= entry.invoked;
            is_true = after.as_ref().is_some_and(|item| text(item, "channel_id") == channel);
        }
    }
    findings.require(was_true || is_true, "a delivery is true", || format!("{entry:?}"));
}

/// Unless an attempt of it was still under way, which nobody can call back.
fn refused_leaves_no_trace(entry: &Entry, spans: &[Span], evidence: &Evidence, findings: &mut Findings) {
    let (name, Outcome::Refused(_), false) = (name_of(entry), &entry.outcome, entry.ambiguous) else { return };
    let Some((name, key)) = name else { return };
    // Another request with its key may have done it.
    let is_seen = key.is_none() && !spans.is_empty() && ever_named(evidence, name).next().is_some();
    findings.require(!is_seen, "what is refused changes nothing", || format!("{entry:?}"));
}

fn name_of(entry: &Entry) -> Option<(&str, Option<&String>)> {
    match &entry.call {
        Call::CreateSchedule { name, key, .. } => Some((name, key.as_ref())),
        Call::MoveSchedule { name, .. } => Some((name, None)),
        _ => None,
    }
}

/// The schedules that ever had the name.
fn ever_named<'a>(evidence: &'a Evidence, name: &'a str) -> impl Iterator<Item = &'a str> {
    evidence.journal.iter().flat_map(|commit| &commit.changes).filter_map(move |(key, after)| {
        let item = after.as_ref().filter(|_| key.pk.starts_with("SCHED#"))?;
        (text(item, "name") == name).then_some(key.sk.as_str())
    })
}

fn acknowledged_is_there(evidence: &Evidence, last: &Items, findings: &mut Findings) {
    for created in &evidence.entries {
        let (Call::CreateSchedule { name, interval, .. }, Outcome::Done(id)) = (&created.call, &created.outcome) else {
            continue;
        };
        let about = |entry: &&Entry| matches!(&entry.call, Call::MoveSchedule { id: of, .. } | Call::DeleteSchedule { id: of } if of.to_string() == *id);
        let later: Vec<&Entry> = evidence.entries.iter().filter(about).collect();
        let deletions = || later.iter().filter(|entry| matches!(entry.call, Call::DeleteSchedule { .. }));
        let item = last.get(&Key { pk: format!("SCHED#{}", created.tenant), sk: id.clone() });
        let Some(item) = item else {
            let may_be_gone = deletions().any(|entry| entry.may_have_happened());
            findings.require(may_be_gone, "what is acknowledged stays", || format!("{created:?}"));
            continue;
        };
        let must_be_gone = deletions().any(|entry| matches!(entry.outcome, Outcome::Done(_)));
        findings.require(!must_be_gone, "what is deleted is gone", || format!("{created:?}"));
        let mut states: Vec<(&str, &Interval, &Entry)> = vec![(name, interval, created)];
        states.extend(later.iter().filter_map(|entry| match &entry.call {
            Call::MoveSchedule { name, interval, .. } if entry.may_have_happened() => {
                Some((name.as_str(), interval, *entry))
            }
            _ => None,
        }));
        let is_outdated = |entry: &Entry| {
            let overwrote =
                |after: &&Entry| matches!((&after.call, &after.outcome), (Call::MoveSchedule { .. }, Outcome::Done(_)));
            !entry.ambiguous
                && later.iter().filter(|after| overwrote(after)).any(|after| after.invoked > entry.returned)
        };
        let is_one_of_them = states.iter().any(|(name, interval, entry)| {
            let is_it = text(item, "name") == *name
                && text(item, "starts_at") == instant_text(interval.start())
                && text(item, "ends_at") == instant_text(interval.end());
            is_it && !is_outdated(entry)
        });
        findings.require(is_one_of_them, "the last acknowledged change stays", || format!("{item:?}\n{later:?}"));
    }
}

/// A schedule that all could see before a list was asked for, and that nobody removed before it was answered, is in it;
/// also while it moves. None is in it twice.
fn lists_are_whole(evidence: &Evidence, findings: &mut Findings) {
    let lives = lives(evidence);
    for entry in &evidence.entries {
        let (Call::ListSchedules, Outcome::Done(ids)) = (&entry.call, &entry.outcome) else { continue };
        let listed: Vec<&str> = ids.split_whitespace().collect();
        let pk = format!("SCHED#{}", entry.tenant);
        let missing = lives.iter().find(|(key, life)| {
            let was_there = key.pk == pk && life.start <= entry.invoked && life.end > entry.returned;
            was_there && !listed.contains(&key.sk.as_str())
        });
        findings.require(missing.is_none(), "a list is whole", || format!("{missing:?} {entry:?}"));
        let distinct: BTreeSet<&&str> = listed.iter().collect();
        findings.require(distinct.len() == listed.len(), "a list shows nothing twice", || format!("{entry:?}"));
    }
}

/// From when on all could see each schedule, and when it was removed.
fn lives(evidence: &Evidence) -> Vec<(&Key, Range<i64>)> {
    let mut living: BTreeMap<&Key, i64> = BTreeMap::new();
    let mut lives = Vec::new();
    for commit in &evidence.journal {
        for (key, after) in commit.changes.iter().filter(|(key, _)| key.pk.starts_with("SCHED#")) {
            match after {
                Some(_) => drop(living.entry(key).or_insert(commit.seen_at)),
                None => lives.extend(living.remove(key).map(|seen_at| (key, seen_at..commit.at))),
            }
        }
    }
    lives.extend(living.into_iter().map(|(key, seen_at)| (key, seen_at..i64::MAX)));
    lives
}

fn one_effect_per_key(evidence: &Evidence, findings: &mut Findings) {
    for entry in &evidence.entries {
        let Call::CreateSchedule { name, .. } = &entry.call else { continue };
        let made: BTreeSet<&str> = ever_named(evidence, name).collect();
        findings.require(made.len() <= 1, "one effect per key", || format!("{made:?} {entry:?}"));
        if let Outcome::Done(id) = &entry.outcome {
            findings.require(made.contains(id.as_str()), "an answer tells the truth", || format!("{entry:?}"));
        }
    }
}

fn one_channel_each(evidence: &Evidence, last: &Items, findings: &mut Findings) {
    let mut wanted = BTreeSet::new();
    let over = instant_text(instant(evidence.ended() - 1_000 * CHANNEL_GRACE + SKEW));
    for (_, item) in
        last.iter().filter(|(key, item)| key.pk.starts_with("SCHED#") && !text(item, "starts_at").is_empty())
    {
        let channel = text(item, "channel_id");
        if channel.is_empty() && text(item, "ends_at") <= over.as_str() {
            continue;
        }
        findings.require(!channel.is_empty() && wanted.insert(channel), "one channel each", || format!("{item:?}"));
        let is_there = evidence.channels.get(channel).is_some_and(|channel| !channel.deleted);
        findings.require(is_there, "one channel each", || format!("deleted: {item:?}"));
    }
    let just_now = Key { pk: "TODO".to_owned(), sk: instant_text(instant(evidence.ended() - SKEW - 2_000)) };
    let retired_just_now: BTreeSet<&str> = last.range(just_now..).map(|(_, item)| text(item, "channel_id")).collect();
    for (id, channel) in &evidence.channels {
        if channel.deleted || wanted.contains(id.as_str()) || retired_just_now.contains(id.as_str()) {
            continue;
        }
        let entry = channel.operation.map(|operation| &evidence.entries[operation]);
        let is_unattributable = !channel.told || entry.is_some_and(|entry| matches!(entry.outcome, Outcome::Crashed));
        let is_unrecorded = !is_unattributable && entry.is_some_and(|entry| was_out_of_order(evidence, entry));
        findings.unattributable += usize::from(is_unattributable);
        findings.unrecorded += usize::from(is_unrecorded);
        findings
            .require(is_unattributable || is_unrecorded, "no channel leaks", || format!("{id} {channel:?} {entry:?}"));
    }
}

/// Whether the table was away for longer than an operation tries to write a channel down.
fn was_out_of_order(evidence: &Evidence, entry: &Entry) -> bool {
    let during = |outage: &Range<i64>| outage.end.min(entry.returned) - outage.start.max(entry.invoked);
    evidence.outages.iter().map(during).filter(|millis| *millis > 0).sum::<i64>() > 8_000
}

fn nothing_is_left_to_do(evidence: &Evidence, last: &Items, findings: &mut Findings) {
    let due = instant_text(instant(evidence.ended() - SKEW));
    for (key, item) in last.range(Key { pk: "TODO".to_owned(), sk: String::new() }..) {
        findings.require(key.pk != "TODO" || key.sk >= due, "two sweeps finish everything", || format!("{item:?}"));
    }
}
