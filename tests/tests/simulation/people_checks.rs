//! Users and tokens: one user per address, no number twice, and no token that works when it must not.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::ids::UserId;
use shared::operations::Error;
use shared::table::{Item, Key, Value};

use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};
use crate::tenant_checks;

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    addresses_are_unique(evidence, findings);
    acknowledged_users_are_there(evidence, findings);
    addresses_are_refused_for_a_reason(evidence, findings);
    let tokens = tokens(evidence);
    for entry in &evidence.entries {
        let Some(login) = tokens.get(entry.token.as_str()) else { continue };
        no_dead_token_works(evidence, login, entry, findings);
        no_living_token_is_refused(evidence, entry, findings);
    }
    for login in evidence.entries.iter().filter(|entry| matches!(entry.call, Call::LogIn { .. })) {
        no_old_password_works(evidence, login, findings);
    }
}

/// After every commit, users and the pointers from their addresses belong together one by one.
fn addresses_are_unique(evidence: &Evidence, findings: &mut Findings) {
    let mut items: BTreeMap<&Key, &Item> = BTreeMap::new();
    let mut born = BTreeSet::new();
    for commit in &evidence.journal {
        let mut is_about_users = false;
        for (key, after) in &commit.changes {
            let is_user = key.pk.starts_with("USER#");
            if !is_user && !is_pointer(key) {
                continue;
            }
            is_about_users = true;
            let before = match after {
                Some(item) => items.insert(key, item),
                None => items.remove(key),
            };
            let is_new = is_user && before.is_none() && after.is_some();
            findings.require(!is_new || born.insert(key), "no user number twice", || format!("{key:?}"));
        }
        if is_about_users {
            let fault = fault_of_addresses(&items);
            findings.require(fault.is_none(), "one user per address", || format!("at {}: {fault:?}", commit.at));
        }
    }
}

fn is_pointer(key: &Key) -> bool {
    key.pk.starts_with("EMAIL#") && key.sk != shared::store::keys::SALT
}

fn fault_of_addresses(items: &BTreeMap<&Key, &Item>) -> Option<String> {
    let number = |item: &Item, name| match item.get(name) {
        Some(Value::N(number)) => number.clone(),
        _ => String::new(),
    };
    let users = items.iter().filter(|(key, _)| key.pk.starts_with("USER#"));
    let users: BTreeSet<(String, String, String)> = users
        .map(|(key, item)| (text(item, "email").to_lowercase(), key.pk.replacen("USER#", "", 1), number(item, "id")))
        .collect();
    let pointers = items.iter().filter(|(key, _)| is_pointer(key));
    let pointers: BTreeSet<(String, String, String)> =
        pointers.map(|(key, item)| (key.pk.replacen("EMAIL#", "", 1), key.sk.clone(), number(item, "user"))).collect();
    (users != pointers).then(|| format!("{:?}", users.symmetric_difference(&pointers).collect::<Vec<_>>()))
}

fn acknowledged_users_are_there(evidence: &Evidence, findings: &mut Findings) {
    let last = evidence.last_items();
    let mut ids = BTreeMap::new();
    for entry in &evidence.entries {
        let (Call::CreateUser { email }, Outcome::Done(id)) = (&entry.call, &entry.outcome) else { continue };
        let first = ids.entry((&entry.tenant, id)).or_insert(email);
        findings.require(*first == email, "no user number twice", || format!("{first}: {entry:?}"));
        let id = id.parse().map_or(UserId(0), UserId);
        let key = shared::store::keys::user(&entry.tenant, id);
        let is_deletion = |other: &&Entry| {
            other.tenant == entry.tenant && matches!(other.call, Call::DeleteUser { user } if user == id)
        };
        let deletions: Vec<&Entry> = evidence.entries.iter().filter(is_deletion).collect();
        let is_there = last.contains_key(&key);
        let may_be_gone = deletions.iter().any(|entry| entry.may_have_happened());
        findings.require(is_there || may_be_gone, "an acknowledged user stays", || format!("{entry:?}"));
        let must_be_gone = deletions.iter().any(|entry| matches!(entry.outcome, Outcome::Done(_)));
        findings.require(!is_there || !must_be_gone, "a deleted user is gone", || format!("{entry:?}"));
    }
}

/// 409 only if the address had a user, or was about to have one, while the request ran.
fn addresses_are_refused_for_a_reason(evidence: &Evidence, findings: &mut Findings) {
    for entry in &evidence.entries {
        let (Call::CreateUser { email }, Outcome::Refused(Error::EmailTaken)) = (&entry.call, &entry.outcome) else {
            continue;
        };
        let pk = format!("EMAIL#{email}");
        let mut taken_since = None;
        let mut is_justified = false;
        for commit in &evidence.journal {
            for (_, after) in commit.changes.iter().filter(|(key, _)| key.pk == pk && key.sk == entry.tenant.as_str()) {
                let overlaps = |since: i64| since <= entry.returned && commit.seen_at >= entry.invoked;
                is_justified |= after.is_none() && taken_since.is_some_and(overlaps);
                taken_since = after.as_ref().map(|_| commit.at);
            }
        }
        is_justified |= taken_since.is_some_and(|since| since <= entry.returned);
        findings.require(is_justified, "no address is refused without a reason", || format!("{entry:?}"));
    }
}

/// Tokens by their ids, with the log-ins that gave them out.
fn tokens(evidence: &Evidence) -> BTreeMap<&str, &Entry> {
    let token = |entry| match entry {
        entry @ &Entry { call: Call::LogIn { .. }, outcome: Outcome::Done(ref token), .. } => {
            Some((token.as_str(), entry))
        }
        _ => None,
    };
    evidence.entries.iter().filter_map(token).collect()
}

/// Whether the call ends the token of the entry: one that changed its own password stays.
fn ends(other: &Entry, entry: &Entry) -> bool {
    let ends = match &other.call {
        Call::LogOut => other.token == entry.token,
        Call::ChangePassword { .. } => other.user == entry.user && other.token != entry.token,
        Call::SetPassword { user, .. } | Call::DeleteUser { user } => *user == entry.user,
        _ => false,
    };
    ends && other.tenant == entry.tenant
}

fn no_dead_token_works(evidence: &Evidence, login: &Entry, entry: &Entry, findings: &mut Findings) {
    if !matches!(entry.outcome, Outcome::Done(_)) {
        return;
    }
    let killed = evidence.entries.iter().find(|other| {
        let is_acknowledged = matches!(other.outcome, Outcome::Done(_)) && other.returned < entry.invoked;
        // A log-out is of this token; of the others only those count that came after the token.
        let is_later = matches!(other.call, Call::LogOut) || other.invoked > login.returned;
        is_acknowledged && is_later && ends(other, entry)
    });
    findings.require(killed.is_none(), "revocation is never late", || format!("{killed:?}\n{entry:?}"));
}

fn no_living_token_is_refused(evidence: &Evidence, entry: &Entry, findings: &mut Findings) {
    if !matches!(entry.outcome, Outcome::Refused(Error::Unauthenticated)) {
        return;
    }
    let begun = |other: &Entry| other.invoked <= entry.returned && ends(other, entry);
    let is_justified = evidence.entries.iter().any(|other| begun(other) && other.may_have_happened());
    let is_justified = is_justified || tenant_checks::was_suspended(evidence, entry);
    findings.require(is_justified, "no token dies without a reason", || format!("{entry:?}"));
}

fn no_old_password_works(evidence: &Evidence, login: &Entry, findings: &mut Findings) {
    let (Call::LogIn { user, password }, Outcome::Done(_)) = (&login.call, &login.outcome) else { return };
    let sets = |entry: &Entry| match &entry.call {
        Call::ChangePassword { password } => (entry.user == *user).then(|| password.clone()),
        Call::SetPassword { user: of, password } => (of == user).then(|| password.clone()),
        _ => None,
    };
    // When this password was certainly set; the first one was there before everything.
    let mut set_at = 0;
    for entry in evidence.entries.iter().filter(|entry| sets(entry).as_ref() == Some(password)) {
        set_at = if entry.ambiguous || !matches!(entry.outcome, Outcome::Done(_)) { i64::MAX } else { entry.returned };
    }
    let replaced = evidence.entries.iter().find(|entry| {
        let is_other = sets(entry).is_some_and(|new| new != *password);
        is_other
            && matches!(entry.outcome, Outcome::Done(_))
            && entry.invoked > set_at
            && entry.returned < login.invoked
    });
    findings.require(replaced.is_none(), "no old password works", || format!("{replaced:?}\n{login:?}"));
}
