//! What must hold of a history, whatever went wrong.

use std::collections::BTreeMap;

use shared::table::{Item, Key, Value};

use crate::history::{Entry, Outcome};
use crate::model::Commit;

/// A promise that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    pub promise: &'static str,
    pub what: String,
}

/// All that is known when a simulation is over.
pub struct Evidence {
    pub entries: Vec<Entry>,
    pub journal: Vec<Commit>,
    pub outages: Vec<std::ops::Range<i64>>,
    pub channels: BTreeMap<String, crate::imageflux::Channel>,
    pub studio: crate::studio::Record,
    /// When nothing went wrong any more, in milliseconds since the beginning.
    pub calm_from: i64,
}

impl Evidence {
    /// When the last operation began.
    pub fn ended(&self) -> i64 {
        self.entries.iter().map(|entry| entry.invoked).max().unwrap_or(0)
    }

    /// The table as it was in the end.
    pub fn last_items(&self) -> BTreeMap<Key, Item> {
        let mut items = BTreeMap::new();
        for (key, after) in self.journal.iter().flat_map(|commit| &commit.changes) {
            match after {
                Some(item) => items.insert(key.clone(), item.clone()),
                None => items.remove(key),
            };
        }
        items
    }
}

#[derive(Default)]
pub struct Findings {
    pub violations: Vec<Violation>,
    /// Channels whose creation nobody here ever heard of, each explained by a lost answer or a crash.
    pub unattributable: usize,
    /// Channels that could not be written down because the table was away all the while.
    pub unrecorded: usize,
}

impl Findings {
    pub fn require(&mut self, holds: bool, promise: &'static str, what: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(Violation { promise, what: what() });
        }
    }
}

/// A text of an item; empty when there is none.
pub fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(Value::S(text)) => text,
        _ => "",
    }
}

pub fn nothing_is_broken(evidence: &Evidence, findings: &mut Findings) {
    for entry in &evidence.entries {
        if let Outcome::Broken(cause) = &entry.outcome {
            findings.require(false, "no internal error", || format!("{cause}: {entry:?}"));
        }
        let took = entry.returned - entry.invoked;
        findings.require(took < 29_000, "an answer within the budget", || format!("{took} ms: {entry:?}"));
    }
}
