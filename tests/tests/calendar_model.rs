//! An executable model of the calendar: proof by exhaustion that no two schedules of a tenant overlap.
//!
//! Two checks share one algorithm. The *explorer* lets two or three writers loose on a small calendar
//! and tries every order of their steps, with written items becoming visible at once or one by one.
//! *Any reads* drops the writers and the order: it decides every transaction that any reads, right or
//! wrong, could lead to. After every commit the schedules are disjoint, the linked list is exactly the
//! sorted schedules, and the commit did what was asked. Mistakes planted in the algorithm, and the
//! simpler design that was rejected, must be caught, or the checks would prove nothing.
//!
//! What follows from it, and the figures: `docs/decisions/0003-gap-owner-list.md`. The model is small
//! in a debug build; `cargo test --release -p api-tests --test calendar_model -- --nocapture` tries the larger one.

#[path = "calendar_model/any_reads.rs"]
mod any_reads;
#[path = "calendar_model/design.rs"]
mod design;
#[path = "calendar_model/explorer.rs"]
mod explorer;
#[path = "calendar_model/gap_owner.rs"]
mod gap_owner;
#[path = "calendar_model/operation.rs"]
mod operation;
#[path = "calendar_model/scenario.rs"]
mod scenario;
#[path = "calendar_model/sweep.rs"]
mod sweep;
#[path = "calendar_model/table.rs"]
mod table;
#[path = "calendar_model/version_guard.rs"]
mod version_guard;
#[path = "calendar_model/world.rs"]
mod world;

use any_reads::AnyReads;
use explorer::Violation;
use gap_owner::{Flaw, GapOwner};
use scenario::Size;
use sweep::{find, print_figures, sweep};
use table::{Condition, Time};
use version_guard::VersionGuard;
use world::Visibility;

const IS_SMALL: bool = cfg!(debug_assertions);
const TWO_WRITERS: Size = Size { points: if IS_SMALL { 5 } else { 6 }, schedules: 2, writers: 2 };
const THREE_WRITERS: Size = Size { points: if IS_SMALL { 3 } else { 4 }, schedules: 2, writers: 3 };
/// Enough for every planted mistake.
const FOR_MISTAKES: Size = Size { points: 4, schedules: 2, writers: 2 };
const POINTS_FOR_ANY_READS: Time = if IS_SMALL { 4 } else { 5 };

const OURS: GapOwner = GapOwner { flaw: Flaw::None };

#[test]
fn no_interleaving_of_two_writers_overlaps() {
    for visibility in [Visibility::AtOnce, Visibility::ItemByItem] {
        sweep(&OURS, TWO_WRITERS, visibility).assert_sound();
    }
}

#[test]
fn no_interleaving_of_three_writers_overlaps() {
    for visibility in [Visibility::AtOnce, Visibility::ItemByItem] {
        sweep(&OURS, THREE_WRITERS, visibility).assert_sound();
    }
}

#[test]
fn no_read_however_wrong_leads_to_a_harmful_commit() {
    let mut any_reads = AnyReads::new(&OURS, POINTS_FOR_ANY_READS);
    assert_eq!(any_reads.check(), Ok(()));
    print_figures(&format!(
        "any reads, {POINTS_FOR_ANY_READS} points: {} transactions in each of {} calendars, {} commits",
        any_reads.transactions,
        any_reads.calendars.len(),
        any_reads.committed
    ));
    assert!(any_reads.committed > 0);
}

/// As many attempts as writers are then enough: nobody is kept waiting by writers who get nowhere themselves.
#[test]
fn an_attempt_fails_only_when_another_writer_got_ahead() {
    for size in [TWO_WRITERS, THREE_WRITERS] {
        assert_eq!(sweep(&OURS, size, Visibility::AtOnce).unavailable, 0);
    }
}

#[test]
fn a_version_guard_overlaps_when_items_become_visible_one_by_one() {
    let found = sweep(&VersionGuard, TWO_WRITERS, Visibility::ItemByItem);
    assert!(found.has(Violation::Overlap));
    assert_eq!(AnyReads::new(&VersionGuard, POINTS_FOR_ANY_READS).check(), Err(Violation::Overlap));
}

#[test]
fn a_version_guard_would_hold_if_items_became_visible_at_once() {
    sweep(&VersionGuard, TWO_WRITERS, Visibility::AtOnce).assert_sound();
}

#[test]
fn schedules_overlap_when_the_end_of_the_gaps_owner_is_not_a_condition() {
    let flaw = Flaw::Without(|condition| matches!(condition, Condition::EndsAtMost(_)));
    assert_caught(flaw, Violation::Overlap);
}

#[test]
fn schedules_overlap_when_the_end_of_the_gap_is_not_a_condition() {
    let flaw = Flaw::Without(|condition| matches!(condition, Condition::GapEndsAt(_)));
    assert_caught(flaw, Violation::Overlap);
}

#[test]
fn schedules_overlap_when_a_longer_one_need_not_fit_its_gap() {
    let flaw = Flaw::Without(|condition| matches!(condition, Condition::NxtAtLeast(_)));
    assert_caught(flaw, Violation::Overlap);
}

#[test]
fn the_list_breaks_when_the_predecessor_need_not_point_at_what_goes() {
    let flaw = Flaw::Without(|condition| matches!(condition, Condition::PointsAt(_)));
    assert_caught(flaw, Violation::BrokenList);
}

#[test]
fn the_list_breaks_when_the_gap_of_what_goes_may_have_changed() {
    let flaw = Flaw::Without(|condition| matches!(condition, Condition::OwnsGapUntil(_)));
    assert_caught(flaw, Violation::BrokenList);
}

#[test]
fn a_change_is_lost_when_the_schedule_may_have_changed() {
    let flaw = Flaw::Without(|condition| matches!(condition, Condition::RowIs(_)));
    assert_caught(flaw, Violation::WrongEffect);
}

#[test]
fn schedules_overlap_when_the_gap_that_was_read_need_not_hold_the_interval() {
    assert_found(Flaw::TrustsTheNeighbour, Visibility::ItemByItem, Violation::Overlap);
}

#[test]
fn a_schedule_collides_with_itself_when_it_knows_itself_by_its_place() {
    assert_caught(Flaw::KnowsItselfByKey, Violation::FalseConflict);
}

#[test]
fn a_failed_condition_is_no_proof_of_a_conflict() {
    assert_caught(Flaw::FailureIsConflict, Violation::FalseConflict);
}

#[test]
fn a_torn_read_must_not_lead_to_two_actions_on_one_item() {
    assert_caught(Flaw::NamesAnItemTwice, Violation::ItemNamedTwice);
}

/// They follow from the others while the list is whole. The product keeps them, for the day that it is not.
#[test]
fn two_conditions_are_a_second_lock_on_the_same_door() {
    let second_locks: [fn(&Condition) -> bool; 2] = [
        |condition| matches!(condition, Condition::NodeIsOf(_)),
        |condition| matches!(condition, Condition::NodeAbsent),
    ];
    for left_out in second_locks {
        let design = GapOwner { flaw: Flaw::Without(left_out) };
        assert_eq!(AnyReads::new(&design, POINTS_FOR_ANY_READS).check(), Ok(()));
    }
}

fn assert_caught(flaw: Flaw, violation: Violation) {
    for visibility in [Visibility::AtOnce, Visibility::ItemByItem] {
        assert_found(flaw, visibility, violation);
    }
}

fn assert_found(flaw: Flaw, visibility: Visibility, violation: Violation) {
    let found = find(&GapOwner { flaw }, FOR_MISTAKES, visibility, violation);
    print_figures(&format!("{violation:?}, visible {visibility:?}: {found:?}"));
    assert!(found.is_some());
}
