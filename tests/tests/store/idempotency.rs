//! A key has one attempt at a time, one answer for ever, and is free again when it should be.

use shared::domain::ids::UserId;
use shared::store::idempotency::{self, Claim, Claimed, Place, abandon, answer, claim};

use crate::bench::{Bench, tenant};

const LEASE_END: i64 = 1_030;
const EXPIRES_AT: i64 = 90_000;

fn place() -> Place {
    Place::new(&tenant(), UserId(2), "create", "digest")
}

fn attempt(operation: &str) -> Claim {
    Claim {
        body: format!("body of {operation}"),
        operation: operation.to_owned(),
        lease_end: LEASE_END,
        answer: None,
        expires_at: EXPIRES_AT,
    }
}

async fn claimed(bench: &Bench, operation: &str, now: i64) -> Claimed {
    claim(&bench.table, &place(), &attempt(operation), now).await.unwrap()
}

async fn is_ours(bench: &Bench, operation: &str, now: i64) -> bool {
    matches!(claimed(bench, operation, now).await, Claimed::Ours)
}

#[tokio::test]
async fn an_attempt_holds_its_key_until_the_second_of_its_lease() {
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    match claimed(&bench, "second", LEASE_END - 1).await {
        Claimed::Others(found) => assert_eq!(found, attempt("first")),
        Claimed::Ours => panic!("the first is at it"),
    }
    assert!(is_ours(&bench, "second", LEASE_END).await, "the first is dead");
    assert!(!is_ours(&bench, "third", LEASE_END - 1).await);
}

#[tokio::test]
async fn an_answer_is_given_again_until_the_key_is_forgotten() {
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    assert!(bench.one(&answer(&place(), &attempt("first"), "42")).await);
    for now in [1_001, LEASE_END, EXPIRES_AT - 1] {
        match claimed(&bench, "second", now).await {
            Claimed::Others(found) => assert_eq!(found.answer.as_deref(), Some("42"), "{now}"),
            Claimed::Ours => panic!("{now}: it was answered"),
        }
    }
    assert!(is_ours(&bench, "second", EXPIRES_AT).await);
}

#[tokio::test]
async fn an_attempt_that_lost_its_key_answers_nothing_and_frees_nothing() {
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    assert!(is_ours(&bench, "second", LEASE_END).await);
    assert!(!bench.one(&answer(&place(), &attempt("first"), "late")).await);
    assert!(!bench.one(&abandon(&place(), &attempt("first"))).await);
    assert!(!is_ours(&bench, "third", 1_001).await, "the second is at it");
    assert!(bench.one(&abandon(&place(), &attempt("second"))).await);
    assert!(is_ours(&bench, "third", 1_001).await);
}

#[tokio::test]
async fn an_answer_is_not_thrown_away() {
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    assert!(bench.one(&answer(&place(), &attempt("first"), "42")).await);
    assert!(!bench.one(&abandon(&place(), &attempt("first"))).await);
}

#[tokio::test]
async fn an_answer_needs_a_claim() {
    let bench = Bench::new().await;
    assert!(!bench.one(&answer(&place(), &attempt("first"), "42")).await);
    assert!(is_ours(&bench, "second", 1_000).await, "nothing was left by it");
}

#[tokio::test]
async fn what_comes_between_keeps_a_dead_claim_from_being_taken_over() {
    // An answer that was on its way.
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    bench.writes_first(1, answer(&place(), &attempt("first"), "42"));
    match claimed(&bench, "second", LEASE_END).await {
        Claimed::Others(Claim { answer: None, body, .. }) => assert_eq!(body, "body of second", "so it asks again"),
        other => panic!("{other:?}"),
    }
    // A third attempt.
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    let third = claim_write(&bench).await;
    bench.writes_first(1, third);
    assert!(!is_ours(&bench, "second", LEASE_END).await);
}

/// The write that makes the key another's.
async fn claim_write(bench: &Bench) -> shared::table::Write {
    let key = shared::store::keys::idempotency(&tenant(), UserId(2), "create", "digest");
    let mut item = bench.item(&key).await.expect("a claim");
    item.insert("operation".to_owned(), shared::table::Value::S("third".to_owned()));
    shared::table::Write::put(key, item)
}

#[tokio::test]
async fn an_answered_key_that_expired_is_taken_over_as_it_was_seen() {
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    assert!(bench.one(&answer(&place(), &attempt("first"), "42")).await);
    bench.writes_first(1, answer(&place(), &attempt("first"), "43"));
    assert!(!is_ours(&bench, "second", EXPIRES_AT).await, "its answer is another now");
    assert!(is_ours(&bench, "second", EXPIRES_AT).await);
}

#[tokio::test]
async fn a_takeover_whose_answer_was_lost_knows_itself() {
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    let key = shared::store::keys::idempotency(&tenant(), UserId(2), "create", "digest");
    let mut own = bench.item(&key).await.unwrap();
    own.insert("operation".to_owned(), shared::table::Value::S("second".to_owned()));
    bench.writes_first(1, shared::table::Write::put(key, own));
    assert!(is_ours(&bench, "second", LEASE_END).await);
}

#[tokio::test]
async fn keys_are_a_user_s_own_and_an_operation_s_own() {
    let bench = Bench::new().await;
    assert!(is_ours(&bench, "first", 1_000).await);
    for other in [
        Place::new(&tenant(), UserId(3), "create", "digest"),
        Place::new(&tenant(), UserId(2), "delete", "digest"),
        Place::new(&tenant(), UserId(2), "create", "another"),
        Place::new(&crate::bench::other_tenant(), UserId(2), "create", "digest"),
    ] {
        let claimed = idempotency::claim(&bench.table, &other, &attempt("other"), 1_000).await.unwrap();
        assert!(matches!(claimed, Claimed::Ours));
    }
}
