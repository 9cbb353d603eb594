//! What must hold of a history, whatever went wrong.

use shared::table::{Item, Value};

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
    pub channels: std::collections::BTreeMap<String, crate::imageflux::Channel>,
}

#[derive(Default)]
pub struct Findings {
    pub violations: Vec<Violation>,
    /// Channels whose creation nobody here ever heard of, each explained by a lost answer or a crash.
    pub unattributable: usize,
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
