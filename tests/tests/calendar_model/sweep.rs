//! Explores all scenarios of a size: on all cores and to the end, or until something is found.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::design::Design;
use crate::explorer::{Explorer, Violation};
use crate::scenario::{Scenario, Size};
use crate::world::Visibility;

/// How often a writer reads and decides before it gives up: once more for each writer that can come in between.
const ATTEMPTS: u8 = 3;

#[derive(Default)]
pub struct Findings {
    pub scenarios: usize,
    pub states: u64,
    pub conflicts: u64,
    pub unavailable: u64,
    pub violations: Vec<(Violation, Scenario)>,
}

pub fn sweep(design: &dyn Design, size: Size, visibility: Visibility) -> Findings {
    let scenarios = size.scenarios();
    let explorer = Explorer { design, visibility, attempts: ATTEMPTS };
    let taken = AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let findings = thread::scope(|scope| {
        let explorers: Vec<_> = (0..cores).map(|_| scope.spawn(|| explore(&explorer, &scenarios, &taken))).collect();
        explorers.into_iter().map(|explorer| explorer.join().expect("an explorer ends")).fold(Findings::default(), add)
    });
    findings.print(size, visibility);
    findings
}

/// The first scenario in which the explorer meets this violation.
pub fn find(design: &dyn Design, size: Size, visibility: Visibility, violation: Violation) -> Option<Scenario> {
    let explorer = Explorer { design, visibility, attempts: ATTEMPTS };
    size.scenarios().into_iter().find(|scenario| explorer.explore(scenario).violation == Some(violation))
}

fn explore(explorer: &Explorer<'_>, scenarios: &[Scenario], taken: &AtomicUsize) -> Findings {
    let mut findings = Findings::default();
    while let Some(scenario) = scenarios.get(taken.fetch_add(1, Ordering::Relaxed)) {
        let found = explorer.explore(scenario);
        findings.scenarios += 1;
        findings.states += found.states;
        findings.conflicts += found.conflicts;
        findings.unavailable += found.unavailable;
        findings.violations.extend(found.violation.map(|violation| (violation, scenario.clone())));
    }
    findings
}

fn add(mut sum: Findings, more: Findings) -> Findings {
    sum.scenarios += more.scenarios;
    sum.states += more.states;
    sum.conflicts += more.conflicts;
    sum.unavailable += more.unavailable;
    sum.violations.extend(more.violations);
    sum
}

impl Findings {
    pub fn assert_sound(&self) {
        assert!(self.violations.is_empty(), "{:#?}", self.violations[0]);
    }

    pub fn has(&self, violation: Violation) -> bool {
        self.violations.iter().any(|(found, _)| *found == violation)
    }

    fn print(&self, size: Size, visibility: Visibility) {
        print_figures(&format!(
            "{} writers, {} points, visible {visibility:?}: {} scenarios, {} states, {} ends with a conflict, {} with \
             a writer out of attempts, {} scenarios with a violation",
            size.writers,
            size.points,
            self.scenarios,
            self.states,
            self.conflicts,
            self.unavailable,
            self.violations.len(),
        ));
    }
}

#[expect(clippy::print_stdout, reason = "the figures of the documents come from here")]
pub fn print_figures(figures: &str) {
    println!("{figures}");
}
