//! Tenants: while one is suspended nobody works there, an access code opens while it is the one, and one that is asked for
//! by many is made once.

use std::collections::BTreeSet;

use shared::crypto::access_code_digest;
use shared::domain::access_code::AccessCode;
use shared::domain::ids::UserId;
use shared::store::keys;

use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};
use crate::past::Past;
use crate::people::ACCESS_CODE;

/// For how long an environment may not notice that a tenant was suspended, in milliseconds.
const UNNOTICED: i64 = 2_000;

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    let tenants = Past::of(evidence, &["TEN#"]);
    let codes = Past::of(evidence, &["CRED#"]);
    let mut made = BTreeSet::new();
    for entry in evidence.entries.iter().filter(|entry| matches!(entry.outcome, Outcome::Done(_))) {
        let is_a_users = entry.user != UserId::OPERATOR && !matches!(entry.call, Call::Sweep | Call::Reconcile);
        if is_a_users {
            let (key, since) = (keys::tenant(&entry.tenant), entry.invoked - UNNOTICED);
            let was_active = tenants
                .any(&key, since, entry.returned, |item| item.is_some_and(|item| text(item, "state") == "active"));
            findings.require(was_active, "nobody works in a suspended tenant", || format!("{entry:?}"));
        }
        if let Call::LogIn { .. } = entry.call {
            let right = digest(entry, ACCESS_CODE);
            let was_right = codes.any(&keys::access_code(&entry.tenant), entry.invoked, entry.returned, |item| {
                item.is_some_and(|item| text(item, "digest") == right)
            });
            findings.require(was_right, "no old access code works", || format!("{entry:?}"));
        }
        if let (Call::CreateTenant, Outcome::Done(id)) = (&entry.call, &entry.outcome) {
            made.insert(id.as_str());
            findings.require(made.len() == 1 && id != "taken", "all are told of one tenant", || format!("{made:?}"));
        }
    }
    for commit in &evidence.journal {
        let Some(entry) = commit.by.map(|by| &evidence.entries[by]) else { continue };
        let code = commit.changes.iter().find(|(key, _)| *key == keys::access_code(&entry.tenant));
        if let (Some((_, Some(item))), Call::ChangeAccessCode { code }) = (code, &entry.call) {
            let is_right = text(item, "digest") == digest(entry, code);
            findings.require(is_right, "an access code is the one given", || format!("{entry:?}"));
        }
    }
}

fn digest(entry: &Entry, code: &str) -> String {
    access_code_digest(&entry.tenant, &AccessCode::parse(code).expect("a code"))
}

/// Whether a suspension explains that the token did not work.
pub fn was_suspended(evidence: &Evidence, entry: &Entry) -> bool {
    let tenants = Past::of(evidence, &["TEN#"]);
    tenants.any(&keys::tenant(&entry.tenant), entry.invoked - UNNOTICED, entry.returned, |item| {
        item.is_some_and(|item| text(item, "state") == "suspended")
    })
}
