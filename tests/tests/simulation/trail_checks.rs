//! The trail: one row beside each change, in its transaction, for ever, and all of them are shown.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::ids::UserId;
use shared::domain::tenant::State;
use shared::table::{Item, Key, Value};

use crate::auditors::Reading;
use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};
use crate::model::Commit;
use crate::on_air::Deed;
use crate::world::instant;

pub fn check(evidence: &Evidence, readings: &[Reading], findings: &mut Findings) {
    let rows = rows_beside_their_changes(evidence, findings);
    let mut by_operation: BTreeMap<usize, usize> = BTreeMap::new();
    for by in rows.iter().filter_map(|row| row.by) {
        *by_operation.entry(by).or_default() += 1;
    }
    for (index, entry) in evidence.entries.iter().enumerate() {
        let written = by_operation.get(&index).copied().unwrap_or(0);
        let is_right = match &entry.outcome {
            Outcome::Done(answer) => written <= 1 && (written == 1 || !must_be_told(&entry.call, answer, &rows)),
            Outcome::Refused(_) if !entry.ambiguous => written == 0,
            _ => written <= 1,
        };
        findings.require(is_right, "one row for each operation that changes", || format!("{written} rows: {entry:?}"));
    }
    for reading in readings {
        a_reading_is_whole(evidence, reading, &rows, findings);
    }
}

struct Row<'a> {
    key: &'a Key,
    item: &'a Item,
    by: Option<usize>,
    seen_at: i64,
}

/// Whether the operation itself must have written a row: not when an earlier one with its key did.
fn must_be_told(call: &Call, answer: &str, rows: &[Row]) -> bool {
    let is_told = |action: &str, target: String| {
        rows.iter().any(|row| text(row.item, "action") == action && text(row.item, "target") == target)
    };
    match call {
        Call::CreateSchedule { key: Some(_), .. } => !is_told("create_schedule", format!("schedule/{answer}")),
        Call::CreateUser { .. } => !is_told("create_user", format!("user/{answer}")),
        Call::CreateSchedule { .. }
        | Call::DeleteSchedule { .. }
        | Call::DeleteUser { .. }
        | Call::SetPassword { .. }
        | Call::ChangePassword { .. }
        | Call::ChangeAccessCode { .. }
        | Call::SetState { .. }
        | Call::SetArchiveDestinations
        | Call::ResetDelivery { .. }
        | Call::OnAir(Deed::ResetTokens { .. })
        | Call::CreateCalendar
        | Call::Mute { .. } => true,
        // Where nothing was left to take away, or to change, nothing is told.
        _ => false,
    }
}

/// One item that a commit wrote.
struct Changed<'a> {
    key: &'a Key,
    before: Option<&'a Item>,
    after: Option<&'a Item>,
}

/// Action and target, as a row says them, after the tenant.
type Told = (String, &'static str, String);

fn rows_beside_their_changes<'a>(evidence: &'a Evidence, findings: &mut Findings) -> Vec<Row<'a>> {
    let mut items: BTreeMap<&Key, &Item> = BTreeMap::new();
    let mut rows = Vec::new();
    for commit in &evidence.journal {
        let mut changes = Vec::new();
        for (key, after) in &commit.changes {
            let before = match after {
                Some(item) => items.insert(key, item),
                None => items.remove(key),
            };
            changes.push(Changed { key, before, after: after.as_ref() });
        }
        let entry = commit.by.map(|by| &evidence.entries[by]);
        let mut expected: Vec<Told> = changes.iter().filter_map(|change| told(change, &changes, entry)).collect();
        let mut found = Vec::new();
        for change in changes.iter().filter(|change| change.key.pk.starts_with("AUDIT#")) {
            let is_new = change.before.is_none() && change.after.is_some();
            findings.require(is_new, "no row is changed or removed", || format!("{:?} by {entry:?}", change.key));
            let Some(item) = change.after else { continue };
            let action = text(item, "action").to_owned();
            found.push((part(change.key, 1).to_owned(), action, text(item, "target").to_owned()));
            says_who_and_when(commit, item, entry, findings);
            rows.push(Row { key: change.key, item, by: commit.by, seen_at: commit.seen_at });
        }
        expected.sort();
        found.sort();
        let is_same = expected
            .iter()
            .map(|(tenant, action, target)| (tenant, *action, target))
            .eq(found.iter().map(|(tenant, action, target)| (tenant, action.as_str(), target)));
        findings.require(is_same, "one row beside each change", || {
            format!("at {}: {expected:?} and {found:?}: {entry:?}", commit.at)
        });
    }
    rows
}

fn says_who_and_when(commit: &Commit, row: &Item, entry: Option<&Entry>, findings: &mut Findings) {
    let Some(entry) = entry else { return };
    let times =
        instant(entry.invoked + entry.skew).timestamp_millis()..=instant(commit.at + entry.skew).timestamp_millis();
    let is_right =
        number(row, "user_id") == Some(entry.user.0) && number(row, "at").is_some_and(|at| times.contains(&at));
    findings.require(is_right, "a row says who and when", || format!("{row:?}: {entry:?}"));
    if let Some(target) = target(&entry.call) {
        findings
            .require(text(row, "target") == target, "a row names what was changed", || format!("{row:?}: {entry:?}"));
    }
    // Nothing of an operation comes after its answer.
    let is_late = matches!(entry.outcome, Outcome::Done(_)) && commit.at > entry.returned;
    findings.require(!is_late, "what is acknowledged happened before", || format!("at {}: {entry:?}", commit.at));
}

/// What a row must name, where the call says it.
fn target(call: &Call) -> Option<String> {
    Some(match call {
        Call::MoveSchedule { id, .. } | Call::DeleteSchedule { id } | Call::ResetDelivery { id } => {
            format!("schedule/{id}")
        }
        Call::ChangeRules { schedule, .. } => format!("schedule/{schedule}"),
        Call::DeleteMessage { schedule, message } => format!("schedule/{schedule}/message/{message}"),
        Call::Mute { schedule, user, .. } | Call::Unmute { schedule, user } => {
            format!("schedule/{schedule}/user/{user}")
        }
        Call::UpdateUser { user, .. } | Call::SetPassword { user, .. } | Call::DeleteUser { user } => {
            format!("user/{user}")
        }
        _ => return None,
    })
}

/// What a row has to say of a change. `None` where it is part of another, or nobody's.
fn told(change: &Changed, all: &[Changed], entry: Option<&Entry>) -> Option<Told> {
    let Changed { key, before, after } = *change;
    let call = entry.map(|entry| &entry.call);
    let (tenant, sk) = (part(key, 1).to_owned(), key.sk.as_str());
    let is_beside = |prefix: &str| all.iter().any(|other| other.key.pk.starts_with(prefix));
    let differs = |name: &str| before.and_then(|item| item.get(name)) != after.and_then(|item| item.get(name));
    let (action, target) = match (part(key, 0), before.is_some(), after.is_some()) {
        ("TEN", false, true) => ("create_tenant", "tenant".to_owned()),
        ("TEN", true, true) => match call? {
            Call::SetState { state: State::Active } => ("resume_tenant", "tenant".to_owned()),
            Call::SetState { state: State::Suspended } => ("suspend_tenant", "tenant".to_owned()),
            Call::SetArchiveDestinations => ("set_archive_destinations", "tenant".to_owned()),
            // Whoever makes a user takes a number.
            _ => return None,
        },
        ("SCHED", false, true) => ("create_schedule", format!("schedule/{sk}")),
        ("SCHED", true, false) => ("delete_schedule", format!("schedule/{sk}")),
        ("SCHED", true, true) if differs("revision") => ("update_schedule", format!("schedule/{sk}")),
        ("SCHED", true, true) if differs("publish_secret") => ("reset_delivery", format!("schedule/{sk}")),
        ("USER", false, true) if !is_beside("TEN#") => ("create_user", user(sk)),
        ("USER", true, false) => ("delete_user", user(sk)),
        ("USER", true, true) => ("update_user", user(sk)),
        ("CRED", true, true) if sk == "ACCESS-CODE" => ("change_access_code", "tenant".to_owned()),
        ("CRED", true, true) if !is_beside("USER#") => match entry.map(|entry| entry.user) {
            Some(UserId::OPERATOR) => ("reset_master", user(sk)),
            _ => ("change_password", user(sk)),
        },
        ("CHAT", true, true) if differs("x") => ("delete_message", format!("schedule/{}/message/{sk}", part(key, 2))),
        ("ROOM", _, true) if sk == "RULES" => ("update_chat_settings", format!("schedule/{}", part(key, 2))),
        ("ROOM", was_muted, is_muted) if sk.starts_with("MUTE#") && (was_muted || is_muted) => {
            let action = if is_muted { "mute_user" } else { "unmute_user" };
            if !is_muted && matches!(call, Some(Call::Sweep)) {
                return None;
            }
            (action, format!("schedule/{}/user/{}", part(key, 2), sk.trim_start_matches("MUTE#")))
        }
        ("FEED", _, true) => ("create_calendar", user(sk)),
        ("FEED", true, false) if !is_beside("USER#") => ("delete_calendar", user(sk)),
        _ => return None,
    };
    Some((tenant, action, target))
}

fn part(key: &Key, index: usize) -> &str {
    key.pk.split('#').nth(index).unwrap_or_default()
}

/// The list keeps numbers with zeros before them.
fn user(sk: &str) -> String {
    format!("user/{}", sk.parse().unwrap_or(0_i64))
}

fn number(item: &Item, name: &str) -> Option<i64> {
    match item.get(name) {
        Some(Value::N(number)) => number.parse().ok(),
        _ => None,
    }
}

/// All rows that could be seen when the reading began are in it, newest first, each once, and only those asked for.
fn a_reading_is_whole(evidence: &Evidence, reading: &Reading, rows: &[Row], findings: &mut Findings) {
    let in_order = reading.rows.iter().zip(reading.rows.iter().skip(1)).all(|(one, next)| one > next);
    findings.require(in_order, "the trail is read in order", || format!("{reading:?}"));
    let reader = evidence.entries.iter().find(|entry| matches!(entry.call, Call::ReadTrail));
    let pk = reader.map_or_else(String::new, |entry| format!("AUDIT#{}", entry.tenant));
    let is_asked_for = |row: &Row| {
        row.key.pk == pk
            && reading.from.is_none_or(|from| number(row.item, "at") >= Some(from.timestamp_millis()))
            && reading.user.is_none_or(|user| number(row.item, "user_id") == Some(user.0))
            && reading.action.as_ref().is_none_or(|action| text(row.item, "action") == action)
    };
    let asked_for: BTreeMap<&str, i64> =
        rows.iter().filter(|row| is_asked_for(row)).map(|row| (row.key.sk.as_str(), row.seen_at)).collect();
    for id in &reading.rows {
        findings.require(asked_for.contains_key(id.as_str()), "only rows asked for are read", || id.clone());
    }
    let read: BTreeSet<&str> = reading.rows.iter().map(String::as_str).collect();
    for (id, _) in asked_for.iter().filter(|(_, seen_at)| **seen_at <= reading.began) {
        findings
            .require(read.contains(id), "a reading of the trail is whole", || format!("{id} is not in {reading:?}"));
    }
}
