//! Each kind of condition that the product's writes carry, and what a simulation shows when all of that kind are lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use shared::table::{Change, Condition, Effect, Write};

use crate::flaws::{altering, drop_conditions};
use crate::run::Run;
use crate::world::Seams;

/// Which conditions were seen, said as `docs/simulation.md` says them.
type Kinds = Arc<Mutex<BTreeSet<String>>>;

/// Takes the conditions of the lost kind away, and notes which kinds there are.
fn lose(write: &mut Write, lost: Option<&str>, seen: &Kinds) {
    let target = target(write);
    drop_conditions(write, |part| {
        let kind = format!("{target} if {}", said(part));
        let is_lost = lost == Some(&kind);
        seen.lock().unwrap_or_else(PoisonError::into_inner).insert(kind);
        is_lost
    });
}

/// What some writes set beside the rest, and some do not.
const OPTIONAL: [&str; 5] = ["hook", "has_published", "forgotten_before", "watchers", "was_told"];

/// What is written, e.g. `CAL: set nxt`.
fn target(write: &Write) -> String {
    let mut place = write.key.pk.split('#').next().unwrap_or_default().to_owned();
    let word = write.key.sk.split('#').next().unwrap_or_default();
    if !word.is_empty() && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '-') {
        place = format!("{place} {word}");
    }
    let name = |change: &Change| match change {
        Change::Set(name, _) | Change::Add(name, _) | Change::Remove(name) => *name,
    };
    let effect = match &write.effect {
        Effect::Put(_) => "put".to_owned(),
        Effect::Update(changes) => {
            let names: BTreeSet<&str> = changes.iter().map(name).filter(|name| !OPTIONAL.contains(name)).collect();
            format!("set {}", names.into_iter().collect::<Vec<_>>().join(", "))
        }
        Effect::Delete => "delete".to_owned(),
        Effect::Check => "nothing".to_owned(),
    };
    format!("{place}: {effect}")
}

fn said(condition: &Condition) -> String {
    match condition {
        Condition::Absent => "absent".to_owned(),
        Condition::Present => "present".to_owned(),
        Condition::Missing(name) => format!("no `{name}`"),
        Condition::Equals(name, _) => format!("`{name}` as given"),
        Condition::AtMost(name, _) => format!("`{name}` not above"),
        Condition::AtLeast(name, _) => format!("`{name}` not below"),
        Condition::Above(name, _) => format!("`{name}` above"),
        Condition::All(parts) => parts.iter().map(said).collect::<Vec<_>>().join(" and "),
        Condition::Any(parts) => parts.iter().map(said).collect::<Vec<_>>().join(" or "),
    }
}

fn run(seed: u64, lost: Option<String>, kinds: &Kinds) -> Run {
    let kinds = Arc::clone(kinds);
    let table = altering(move |write| lose(write, lost.as_deref(), &kinds));
    Run::with(seed, Seams { table: Box::new(table), ..Seams::default() })
}

/// The kinds that the seeds show.
pub fn kinds(seeds: u64) -> BTreeSet<String> {
    let seen = Kinds::default();
    for seed in 0..seeds {
        run(seed, None, &seen);
    }
    std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner))
}

/// For each kind the first seed that shows its loss, and the promise it breaks. On two threads.
pub fn losses(kinds: &BTreeSet<String>, seeds: u64) -> BTreeMap<String, Option<(u64, &'static str)>> {
    let (next, kinds) = (AtomicUsize::new(0), kinds.iter().collect::<Vec<_>>());
    let losses = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(kind) = kinds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let show = |seed| {
                        let run = run(seed, Some((*kind).clone()), &Kinds::default());
                        Some((seed, run.findings.violations.first()?.promise))
                    };
                    let found = (0..seeds).find_map(show);
                    match found {
                        Some((seed, promise)) => eprintln!("| {kind} | {seed}: {promise} |"),
                        None => eprintln!("| {kind} | |"),
                    }
                    losses.lock().unwrap_or_else(PoisonError::into_inner).insert((*kind).clone(), found);
                }
            });
        }
    });
    losses.into_inner().unwrap_or_else(PoisonError::into_inner)
}
