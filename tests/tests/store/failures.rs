//! The counters of failed log-ins: what counts, how long, and what is forgiven.

use shared::domain::failures::{SLICE, WINDOW, slice_of};
use shared::store::failures::{self, Added, Counters, Seen};
use shared::store::keys;

use crate::bench::{Bench, number};

/// The first second of a quarter of an hour.
const START: i64 = 2_000_000 * 900;
const QUARTER: i64 = WINDOW * SLICE;

fn counters() -> Counters {
    Counters::new("address", "source", "pair")
}

async fn fail(bench: &Bench, counters: &Counters, now: i64) {
    failures::count(&bench.table, counters, &Added { pair: 1, address: 10, source: 100 }, now).await.unwrap();
}

async fn look(bench: &Bench, now: i64) -> Seen {
    failures::look(&bench.table, &counters(), now).await.unwrap()
}

async fn totals(bench: &Bench, now: i64) -> (i64, i64, i64) {
    let seen = look(bench, now).await;
    (seen.pair.total(), seen.address.total(), seen.source.total())
}

#[tokio::test]
async fn each_counter_is_kept_until_nothing_of_it_counts() {
    let bench = Bench::new().await;
    fail(&bench, &counters(), START + 5).await;
    for counter in
        [keys::failed_logins_of_pair("pair"), keys::failed_logins("address"), keys::failed_logins_from("source")]
    {
        let item = bench.item(&keys::quarter(&counter, slice_of(START) / WINDOW)).await.expect("a counter");
        assert_eq!(number(&item, "expires_at"), START + 2 * QUARTER, "{counter}");
    }
}

#[tokio::test]
async fn failures_of_this_quarter_and_of_the_one_before_count_together() {
    let bench = Bench::new().await;
    fail(&bench, &counters(), START - 1).await;
    assert_eq!(totals(&bench, START).await, (1, 10, 100));
    fail(&bench, &counters(), START).await;
    fail(&bench, &counters(), START).await;
    assert_eq!(totals(&bench, START + 1).await, (3, 30, 300));
    assert_eq!(totals(&bench, START + QUARTER - 1).await, (2, 20, 200), "the first is a window old");
    assert_eq!(totals(&bench, START + 2 * QUARTER).await, (0, 0, 0));
}

#[tokio::test]
async fn counters_of_others_do_not_count() {
    let bench = Bench::new().await;
    for other in [
        Counters::new("other address", "source", "other pair"),
        Counters::new("address", "other source", "another pair"),
        Counters::new("pair", "address", "source"),
    ] {
        fail(&bench, &other, START).await;
    }
    assert_eq!(totals(&bench, START).await, (0, 10, 100));
}

#[tokio::test]
async fn a_success_is_remembered_for_thirty_days_and_forgives_the_pair_alone() {
    let bench = Bench::new().await;
    fail(&bench, &counters(), START).await;
    let seen = look(&bench, START).await;
    assert!(!seen.pair_is_known);
    fail(&bench, &counters(), START).await;
    failures::remember(&bench.table, &counters(), &seen, START).await.unwrap();
    assert_eq!(totals(&bench, START).await, (1, 20, 200), "what came after it was seen counts");
    let known_until = START + 30 * 24 * 60 * 60;
    let item = bench.item(&keys::forgiven(&keys::failed_logins_of_pair("pair"))).await.unwrap();
    assert_eq!(number(&item, "expires_at"), known_until);
    assert!(look(&bench, known_until - 1).await.pair_is_known);
    assert!(!look(&bench, known_until).await.pair_is_known);
}

#[tokio::test]
async fn an_unlocked_address_and_its_pairs_begin_anew() {
    let bench = Bench::new().await;
    fail(&bench, &counters(), START - 1).await;
    fail(&bench, &counters(), START).await;
    failures::unlock_address(&bench.table, "address", START).await.unwrap();
    assert_eq!(totals(&bench, START).await, (0, 0, 200));
    fail(&bench, &counters(), START).await;
    // Of a pair nothing tells which of them came first in the same slice of time.
    assert_eq!(totals(&bench, START).await, (0, 10, 300));
    fail(&bench, &counters(), START + SLICE).await;
    assert_eq!(totals(&bench, START + SLICE).await, (1, 20, 400));
    let item = bench.item(&keys::forgiven(&keys::failed_logins("address"))).await.unwrap();
    assert_eq!(number(&item, "expires_at"), START + QUARTER + SLICE);
}

#[tokio::test]
async fn an_unlocked_source_and_its_pairs_begin_anew() {
    let bench = Bench::new().await;
    fail(&bench, &counters(), START).await;
    failures::unlock_source(&bench.table, "source", START).await.unwrap();
    assert_eq!(totals(&bench, START).await, (0, 10, 0));
    let item = bench.item(&keys::forgiven(&keys::failed_logins_from("source"))).await.unwrap();
    assert_eq!(number(&item, "expires_at"), START + QUARTER + SLICE);
}
