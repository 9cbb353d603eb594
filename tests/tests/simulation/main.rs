//! The real operations under faults, from a seed.
//!
//! Many users work at once over a table and an ImageFlux that fail in every way that AWS and a network
//! can, then the faults stop, and the history of all they did is checked. `docs/simulation.md` says how
//! to replay a seed and what a long run showed.

#![expect(clippy::large_futures, reason = "a simulation holds all its actors in one future")]

mod air_checks;
mod air_flaws;
mod air_items;
mod auditors;
mod brink;
mod change_checks;
mod chat_checks;
mod chatters;
mod checks;
mod evening;
mod faults;
mod flaws;
mod history;
mod hosts;
mod imageflux;
mod limits;
mod losses;
mod members;
mod model;
mod neighbours;
mod on_air;
mod operators;
mod pass_checks;
mod past;
mod people;
mod people_checks;
mod permission_checks;
mod planners;
mod planted;
mod presenters;
mod publishers;
mod question_checks;
mod reconcilers;
mod room_checks;
mod run;
mod schedule_checks;
mod staff;
mod studio;
mod table;
mod tenant_checks;
mod trail_checks;
mod viewers;
mod world;

use shared::platform::env::var;

use run::{Run, Totals, first_violation, seeds};

#[test]
fn no_promise_is_broken_whatever_goes_wrong() {
    let totals = Totals::of(&seeds(), Run::of_seed);
    eprintln!("{totals}");
    assert!(totals.failures.is_empty(), "{}", totals.failures.join("\n"));
}

#[test]
fn a_seed_repeats_exactly() {
    assert_eq!(Run::of_seed(7).fingerprint(), Run::of_seed(7).fingerprint());
    assert_ne!(Run::of_seed(7).fingerprint(), Run::of_seed(8).fingerprint());
}

#[test]
fn a_missing_condition_on_the_next_is_found() {
    first_violation("disjoint after every commit", flaws::without_the_condition_on_the_next);
}

#[test]
fn a_new_token_for_each_attempt_is_found() {
    first_violation("one message per post", flaws::with_a_new_token_for_each_attempt);
}

#[test]
fn a_needless_channel_that_is_not_noted_is_found() {
    first_violation("no channel leaks", flaws::without_the_note_of_a_needless_channel);
}

#[test]
fn a_channel_created_before_its_slot_is_reserved_is_found() {
    first_violation("no channel leaks", flaws::with_the_channel_first);
}

#[test]
fn an_answer_that_is_not_kept_with_its_effect_is_found() {
    first_violation("one message per post", flaws::without_the_answer_beside_the_effect);
}

#[test]
fn a_move_that_is_not_announced_is_found() {
    first_violation("a list is whole", flaws::without_the_announcement_of_a_move);
}

#[test]
fn a_cursor_without_time_to_settle_is_found() {
    first_violation("every message at least once", flaws::without_the_time_to_settle);
}

#[test]
fn a_watermark_behind_now_instead_of_behind_the_read_is_found() {
    first_violation("every message at least once", flaws::with_a_watermark_behind_now);
}

#[test]
fn a_watermark_that_falls_is_found() {
    first_violation("every message at most once", flaws::with_a_watermark_that_falls);
}

#[test]
fn a_deletion_that_does_not_enter_the_order_is_found() {
    first_violation("told of each deletion", flaws::without_the_deletion_in_the_order);
}

#[test]
fn a_missing_guard_of_an_address_is_found() {
    first_violation("one user per address", flaws::without_the_guard_of_an_address);
}

#[test]
fn a_token_that_outlives_its_password_is_found() {
    first_violation("revocation is never late", flaws::without_an_end_to_old_tokens);
}

#[test]
fn a_role_that_is_not_looked_at_is_found() {
    first_violation("who receives is never on air", air_flaws::without_the_role);
}

#[test]
fn an_end_that_does_not_last_is_found() {
    first_violation("who has ended never comes back", air_flaws::with_an_end_that_does_not_last);
}

#[test]
fn a_lease_without_its_condition_is_found() {
    first_violation("one question in two seconds", air_flaws::without_the_condition_of_the_lease);
}

#[test]
fn a_publish_token_compared_by_its_beginning_is_found() {
    first_violation("a token works only while it may", air_flaws::with_a_token_compared_by_its_beginning);
}

#[test]
fn a_hook_key_compared_by_its_beginning_is_found() {
    first_violation("only the key opens", air_flaws::with_a_key_compared_by_its_beginning);
}

#[test]
fn a_change_without_its_row_in_the_trail_is_found() {
    first_violation("one row beside each change", planted::without_a_row_in_the_trail);
}

#[test]
fn a_row_that_is_written_after_its_change_is_found() {
    first_violation("one row for each operation that changes", planted::with_the_row_afterwards);
}

#[test]
fn a_row_that_names_what_was_sent_is_found() {
    first_violation("a row names what changed", planted::with_a_row_that_names_all_of_the_rules);
}

#[test]
fn a_change_of_a_user_that_does_not_ask_what_was_seen_is_found() {
    first_violation("a change of a user is the one asked for", planted::without_the_version_of_a_standing);
}

#[test]
fn a_mute_that_nobody_looks_at_is_found() {
    first_violation("nobody posts who is muted", planted::without_a_look_at_mutes);
}

#[test]
fn a_chat_that_is_closed_in_vain_is_found() {
    first_violation("nobody posts to a closed chat", planted::without_a_look_at_the_rules);
}

#[test]
fn a_chat_that_is_slowed_down_in_vain_is_found() {
    first_violation("nobody posts too soon", planted::without_a_look_at_the_rules);
}

#[test]
fn a_permission_that_outlives_its_end_is_found() {
    first_violation("nobody does what they may not", planted::with_standings_that_are_kept);
}

#[test]
fn a_move_that_does_not_ask_when_its_predecessor_ends_is_found() {
    first_violation("disjoint after every commit", planted::without_the_end_of_the_predecessor);
}

#[test]
fn a_retirement_of_another_channel_than_was_seen_is_found() {
    first_violation("no channel leaks", planted::without_the_channel_that_was_seen);
}

#[test]
fn a_claim_that_never_ends_is_found() {
    first_violation("a claim ends with its lease", planted::with_a_claim_for_ever);
}

#[test]
fn reconciling_what_was_seen_only_now_is_found() {
    first_violation("only what is nobody's is reconciled", planted::without_the_time_between_sightings);
}

/// `FLAWS=all` loses each kind of condition in turn, in so many seeds as `SEEDS` says, and prints what that shows. Another
/// value is the kind to begin with.
#[test]
fn every_condition_is_in_the_table_of_what_its_loss_shows() {
    let documented = include_str!("../../../docs/simulation.md");
    if let Some(first) = var("FLAWS") {
        let seeds = var("SEEDS").and_then(|seeds| seeds.parse().ok()).unwrap_or(20);
        let mut kinds = losses::kinds(seeds);
        kinds.retain(|kind| first == "all" || *kind >= first);
        let losses = losses::losses(&kinds, seeds);
        let shown = losses.values().filter(|shown| shown.is_some()).count();
        eprintln!("{shown} of {} kinds are shown by {seeds} seeds", losses.len());
        return;
    }
    let missing: Vec<String> = losses::kinds(4).into_iter().filter(|kind| !documented.contains(kind)).collect();
    assert!(missing.is_empty(), "not in docs/simulation.md: {missing:#?}");
}
