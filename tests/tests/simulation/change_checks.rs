//! What a change says of itself: its row names the fields that have another value, and whoever is told without a row that
//! it is done has asked for what was there.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::permission::Permission;
use shared::domain::room::Rules;
use shared::store::{instant_text, keys};
use shared::table::{Item, Key, Value};

use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};
use crate::past::Past;
use crate::permission_checks::permissions;

/// The fields that a caller can change, and their values.
type Fields = BTreeMap<&'static str, String>;

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    rows_name_what_changed(evidence, findings);
    let past = Past::of(evidence, &["SCHED#", "PASS#", "ROOM#"]);
    let with_a_row: BTreeSet<usize> = evidence
        .journal
        .iter()
        .filter(|commit| commit.changes.iter().any(is_row))
        .filter_map(|commit| commit.by)
        .collect();
    for (index, entry) in evidence.entries.iter().enumerate() {
        let Some((key, asked)) = asked(entry) else { continue };
        if with_a_row.contains(&index) || !matches!(entry.outcome, Outcome::Done(_)) {
            continue;
        }
        let is_so = |item: Option<&Item>| {
            let found = fields(&key, item);
            asked.iter().all(|(name, value)| found.get(name) == Some(value))
        };
        let was_so = past.any(&key, entry.invoked, entry.returned, is_so);
        findings.require(was_so, "only what is so already is not changed", || format!("{entry:?}"));
    }
}

fn rows_name_what_changed(evidence: &Evidence, findings: &mut Findings) {
    let mut items: BTreeMap<&Key, &Item> = BTreeMap::new();
    for commit in &evidence.journal {
        let mut changed = BTreeSet::new();
        for (key, after) in &commit.changes {
            let before = match after {
                Some(item) => items.insert(key, item),
                None => items.remove(key),
            };
            let (before, after) = (fields(key, before), fields(key, after.as_ref()));
            changed
                .extend(after.iter().filter(|(name, value)| before.get(*name) != Some(value)).map(|(name, _)| *name));
            if key.pk.starts_with("CRED#") {
                changed.insert("password");
            }
        }
        for row in commit.changes.iter().filter(|change| is_row(change)).filter_map(|(_, row)| row.as_ref()) {
            if text(row, "action").starts_with("update_") {
                findings.require(named(row) == changed, "a row names what changed", || {
                    format!("{changed:?} at {}: {row:?}", commit.at)
                });
            }
        }
    }
}

fn is_row((key, _): &(Key, Option<Item>)) -> bool {
    key.pk.starts_with("AUDIT#")
}

fn named(row: &Item) -> BTreeSet<&str> {
    let Some(Value::L(names)) = row.get("changed") else { return BTreeSet::new() };
    names.iter().filter_map(|name| if let Value::S(name) = name { Some(name.as_str()) } else { None }).collect()
}

/// The fields of a schedule, a user or the rules of a chat; none of anything else.
fn fields(key: &Key, item: Option<&Item>) -> Fields {
    let own = |item: &Item, name| text(item, name).to_owned();
    match (key.pk.split('#').next(), item) {
        (Some("SCHED"), Some(item)) => schedule(own(item, "name"), own(item, "starts_at"), own(item, "ends_at")),
        (Some("PASS"), Some(item)) => {
            let held = permissions(item);
            let permission = |permission: Permission| (permission.name(), held.include(permission).to_string());
            Permission::ALL.into_iter().map(permission).chain([("name", own(item, "name"))]).collect()
        }
        (Some("ROOM"), item) if key.sk == "RULES" => {
            let usual = Rules::default();
            let value = |name, usual: String| match item.and_then(|item| item.get(name)) {
                Some(Value::Bool(value)) => value.to_string(),
                Some(Value::N(value)) => value.clone(),
                _ => usual,
            };
            [("is_open", usual.is_open.to_string()), ("slow_seconds", usual.slow_seconds.to_string())]
                .map(|(name, usual)| (name, value(name, usual)))
                .into()
        }
        _ => Fields::new(),
    }
}

fn schedule(name: String, start: String, end: String) -> Fields {
    [("name", name), ("start_datetime", start), ("end_datetime", end)].into()
}

/// What was asked for, and the key of what it was asked of.
fn asked(entry: &Entry) -> Option<(Key, Fields)> {
    let tenant = &entry.tenant;
    Some(match &entry.call {
        Call::MoveSchedule { id, name, interval } => {
            let (start, end) = (instant_text(interval.start()), instant_text(interval.end()));
            (keys::schedule(tenant, id), schedule(name.clone(), start, end))
        }
        Call::UpdateUser { user, name, permissions } => {
            let permissions = permissions.iter().map(|(permission, held)| (permission.name(), held.to_string()));
            let name = name.iter().map(|name| ("name", name.clone()));
            (keys::standing(tenant, *user), permissions.chain(name).collect())
        }
        Call::ChangeRules { schedule, is_open, slow_seconds } => {
            let is_open = is_open.iter().map(|is_open| ("is_open", is_open.to_string()));
            let slow_seconds = slow_seconds.iter().map(|seconds| ("slow_seconds", seconds.to_string()));
            (keys::room(tenant, schedule), is_open.chain(slow_seconds).collect())
        }
        _ => return None,
    })
}
