//! The real operations under faults, from a seed.
//!
//! Many users work at once over a table and an ImageFlux that fail in every way that AWS and a network
//! can, then the faults stop, and the history of all they did is checked. `docs/simulation.md` says how
//! to replay a seed and what a long run showed.

mod checks;
mod faults;
mod history;
mod imageflux;
mod model;
mod planners;
mod run;
mod schedule_checks;
mod table;
mod world;

use run::{Run, Totals, seeds};

#[test]
fn no_promise_is_broken_whatever_goes_wrong() {
    let totals = Totals::of(&seeds(), Run::of_seed);
    println!("{totals}");
    assert!(totals.failures.is_empty(), "{}", totals.failures.join("\n"));
}

#[test]
fn a_seed_repeats_exactly() {
    assert_eq!(Run::of_seed(7).fingerprint(), Run::of_seed(7).fingerprint());
    assert_ne!(Run::of_seed(7).fingerprint(), Run::of_seed(8).fingerprint());
}
