//! `docs/iam-matrix.txt`, held over the table: each function may do there what its role may do, and nothing else.
//!
//! `.ci/check_template.py` holds the template against the same matrix.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use local::apps::Guard;
use shared::table::{Condition, Effect, Fault, Write};

use crate::intercepted::{Intercept, Intercepted, Request};

/// The roles of one product, and what its functions did with them. Clones are the same.
#[derive(Clone)]
pub struct Roles {
    granted: Arc<BTreeSet<Grant>>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    used: BTreeSet<Grant>,
    refused: BTreeSet<String>,
}

/// Function, key pattern, action.
type Grant = (String, String, String);

impl Default for Roles {
    fn default() -> Self {
        let matrix = include_str!("../../docs/iam-matrix.txt");
        let granted = matrix.lines().filter(|line| !line.starts_with('#')).flat_map(grants_in).collect();
        Self { granted: Arc::new(granted), seen: Arc::default() }
    }
}

impl Roles {
    /// Narrows each function's table to its role.
    #[must_use]
    pub fn guard(&self) -> Guard {
        let roles = self.clone();
        Arc::new(move |function: &str, inner| {
            let intercept = Role { name: function.to_owned(), roles: roles.clone() };
            Arc::new(Intercepted { inner, intercept })
        })
    }

    /// What a function tried and its role does not allow. It would be a 500 in production.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        self.seen().refused.iter().cloned().collect()
    }

    /// What is granted and was never used, as the matrix names it.
    #[must_use]
    pub fn idle(&self) -> Vec<String> {
        let used = &self.seen().used;
        let idle = self.granted.iter().filter(|grant| !used.contains(*grant));
        idle.map(|(role, pattern, action)| format!("{role} {pattern} {action}")).collect()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The second part of the matrix, about other services, names its actions with a colon.
fn grants_in(line: &str) -> Vec<Grant> {
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(role), Some(pattern)) = (words.next(), words.next()) else { return Vec::new() };
    let actions = words.filter(|word| word.ends_with("Item") || word == "Query");
    actions.map(|action| (role.clone(), pattern.clone(), action)).collect()
}

/// What a role may not do is refused, as IAM refuses it.
struct Role {
    name: String,
    roles: Roles,
}

impl Role {
    fn check<'k>(&self, action: &str, keys: impl IntoIterator<Item = &'k str>) -> Result<(), Fault> {
        for key in keys {
            let is_granted =
                |(role, pattern, granted): &&Grant| *role == self.name && granted == action && matches(pattern, key);
            let Some(grant) = self.roles.granted.iter().find(is_granted) else {
                return self.refuse(&format!("{} may not {action} {key}", self.name));
            };
            self.roles.seen().used.insert(grant.clone());
        }
        Ok(())
    }

    fn check_write(&self, write: &Write) -> Result<(), Fault> {
        // No policy can ask for a condition, so this holds the code to it: a row of the trail is added, never replaced.
        if write.key.pk.starts_with("AUDIT#") && write.condition != Some(Condition::Absent) {
            return self.refuse(&format!("{} may only add {}", self.name, write.key.pk));
        }
        self.check(action_of(write), [write.key.pk.as_str()])
    }

    fn refuse(&self, what: &str) -> Result<(), Fault> {
        let refused = format!("AccessDenied: {what}");
        self.roles.seen().refused.insert(refused.clone());
        Err(Fault::Broken(refused))
    }
}

fn matches(pattern: &str, key: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == key, |prefix| key.starts_with(prefix))
}

fn action_of(write: &Write) -> &'static str {
    match write.effect {
        Effect::Put(_) => "PutItem",
        Effect::Update(_) => "UpdateItem",
        Effect::Delete => "DeleteItem",
        Effect::Check => "ConditionCheckItem",
    }
}

impl Intercept for Role {
    async fn before(&self, request: Request<'_>) -> Result<(), Fault> {
        match request {
            Request::Get(key) => self.check("GetItem", [key.pk.as_str()]),
            Request::GetBatch(keys) => self.check("BatchGetItem", keys.iter().map(|key| key.pk.as_str())),
            Request::Query(query) => self.check("Query", [query.pk.as_str()]),
            Request::Write(write) => self.check_write(write),
            Request::Transact(writes) => writes.iter().try_for_each(|write| self.check_write(write)),
        }
    }
}
