//! Permissions: nobody does what they may not do, nobody is refused what they may, and a change is the one asked for.

use std::collections::BTreeMap;

use shared::domain::ids::{TenantId, UserId};
use shared::domain::permission::{Permission, Permissions};
use shared::operations::Error;
use shared::store::keys;
use shared::table::{Item, Key, Value};

use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};
use crate::members;
use crate::past::Past;

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    let standings = Past::of(evidence, &["PASS#"]);
    for entry in &evidence.entries {
        if matches!(entry.outcome, Outcome::Done(_)) {
            let might = may_between(&standings, entry, entry.returned);
            findings.require(might, "nobody does what they may not", || format!("{entry:?}"));
        }
        // Whether a message is one's own is the chat's matter.
        let is_denied = matches!(entry.outcome, Outcome::Refused(Error::PermissionDenied));
        if is_denied && !matches!(entry.call, Call::DeleteMessage { .. }) {
            let lacked = lacked_between(&standings, entry);
            findings.require(lacked, "nobody is denied what they may do", || format!("{entry:?}"));
        }
    }
    for commit in &evidence.journal {
        let is_told = commit.changes.iter().any(|(key, _)| key.pk.starts_with("AUDIT#"));
        let Some(entry) = commit.by.map(|by| &evidence.entries[by]).filter(|_| is_told) else { continue };
        let might = may_between(&standings, entry, commit.at);
        findings.require(might, "nobody does what they may not", || format!("at {}: {entry:?}", commit.at));
    }
    changes_are_those_asked_for(evidence, findings);
}

/// Any of these is enough; `None` where no permission is needed.
fn needed(call: &Call) -> Option<&'static [Permission]> {
    use Permission::{Delivery, Schedule, User, View};
    Some(match call {
        Call::CreateSchedule { .. } | Call::MoveSchedule { .. } | Call::DeleteSchedule { .. } => &[Schedule],
        Call::GetDelivery { .. } => &[Delivery],
        Call::ResetDelivery { .. }
        | Call::Mute { .. }
        | Call::Unmute { .. }
        | Call::ChangeRules { .. }
        | Call::LookAtRules
        | Call::Export => &[Delivery, Schedule],
        Call::Post { .. } | Call::ReadChat => &[Delivery, View],
        Call::DeleteMessage { .. } => &[Delivery, View, Schedule],
        Call::CreateUser { .. }
        | Call::DeleteUser { .. }
        | Call::UpdateUser { .. }
        | Call::SetPassword { .. }
        | Call::ChangeAccessCode { .. }
        | Call::ListUsers => &[User],
        _ => return None,
    })
}

fn may_between(standings: &Past, entry: &Entry, until: i64) -> bool {
    let Some(sufficient) = needed(&entry.call) else { return true };
    if entry.user == UserId::OPERATOR {
        return true;
    }
    let key = keys::standing(&entry.tenant, entry.user);
    standings.any(&key, entry.invoked, until, |item| item.is_some_and(|item| has_any(item, sufficient)))
}

fn lacked_between(standings: &Past, entry: &Entry) -> bool {
    let Some(sufficient) = needed(&entry.call) else { return false };
    let key = keys::standing(&entry.tenant, entry.user);
    standings.any(&key, entry.invoked, entry.returned, |item| item.is_none_or(|item| !has_any(item, sufficient)))
}

pub fn has_any(standing: &Item, sufficient: &[Permission]) -> bool {
    let held = permissions(standing);
    sufficient.iter().any(|permission| held.include(*permission))
}

pub fn permissions(item: &Item) -> Permissions {
    let Some(Value::L(names)) = item.get("permissions") else { return Permissions::NONE };
    let name = |value: &Value| if let Value::S(name) = value { Some(name.clone()) } else { None };
    Permissions::from_store(&names.iter().filter_map(name).collect::<Vec<_>>())
}

/// Name and permissions change in the list and in the standing, by what the operation asks for and nothing else.
fn changes_are_those_asked_for(evidence: &Evidence, findings: &mut Findings) {
    let mut users: BTreeMap<&Key, &Item> = BTreeMap::new();
    let mut standings: BTreeMap<&Key, &Item> = BTreeMap::new();
    for commit in &evidence.journal {
        let entry = commit.by.map(|by| &evidence.entries[by]);
        for (key, after) in commit.changes.iter().filter(|(key, _)| is_user(key) || is_standing(key)) {
            let items = if is_user(key) { &mut users } else { &mut standings };
            let before = items.get(key).copied();
            match after {
                None => drop(items.remove(key)),
                Some(after) => {
                    items.insert(key, after);
                    let is_asked_for = wanted(entry, key, before).is_none_or(|wanted| wanted == shown(after));
                    findings.require(is_asked_for, "a change of a user is the one asked for", || {
                        format!("at {}: {before:?} became {after:?}: {entry:?}", commit.at)
                    });
                }
            }
        }
        let changed = commit.changes.iter().filter(|(key, _)| is_user(key) || is_standing(key));
        for (tenant, user) in changed.filter_map(|(key, after)| whose(key, after.as_ref())) {
            let listed = users.get(&keys::user(&tenant, user)).map(|item| shown(item));
            let standing = standings.get(&keys::standing(&tenant, user)).map(|item| shown(item));
            findings.require(listed == standing, "the list shows what decides", || {
                format!("at {}: {listed:?} and {standing:?}: {entry:?}", commit.at)
            });
        }
    }
}

fn is_user(key: &Key) -> bool {
    key.pk.starts_with("USER#")
}

fn is_standing(key: &Key) -> bool {
    key.pk.starts_with("PASS#")
}

fn whose(key: &Key, after: Option<&Item>) -> Option<(TenantId, UserId)> {
    let tenant = TenantId::parse(key.pk.split('#').nth(1)?)?;
    match after?.get("id") {
        Some(Value::N(id)) => Some((tenant, UserId(id.parse().ok()?))),
        _ => None,
    }
}

fn shown(item: &Item) -> (String, Permissions) {
    (text(item, "name").to_owned(), permissions(item))
}

/// What must become of a user; `None` where nobody says.
fn wanted(entry: Option<&Entry>, key: &Key, before: Option<&Item>) -> Option<(String, Permissions)> {
    let Some((was, had)) = before.map(shown) else {
        let Call::CreateUser { email } = &entry?.call else { return None };
        return Some(("somebody".to_owned(), members::first_permissions(email)));
    };
    let Some(Entry { tenant, call: Call::UpdateUser { user, name, permissions }, .. }) = entry else {
        return Some((was, had));
    };
    let is_theirs = *key == keys::user(tenant, *user) || *key == keys::standing(tenant, *user);
    let mut held = had;
    for (permission, is_granted) in permissions {
        held.set(*permission, *is_granted);
    }
    is_theirs.then(|| (name.clone().unwrap_or(was), held))
}
