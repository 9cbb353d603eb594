//! What is kept for a while and then forgotten: announced moves, channels that nobody knows.

use shared::store::moves::{self, Move};
use shared::store::{keys, orphans};
use uuid::Uuid;

use crate::bench::{Bench, at, id, interval, number, other_tenant, tenant};

#[tokio::test]
async fn a_move_is_told_for_two_minutes_and_kept_for_four() {
    let bench = Bench::new().await;
    let moved = Move { schedule: id(1), from: interval(10, 20), to: interval(30, 40) };
    moves::announce(&bench.table, &tenant(), &moved, at(0), Uuid::from_u128(1)).await.unwrap();
    moves::announce(&bench.table, &tenant(), &moved, at(0), Uuid::from_u128(2)).await.unwrap();
    let recent = async |now| moves::recent(&bench.table, &tenant(), at(now)).await.unwrap();
    assert_eq!(recent(0).await.len(), 2, "each has a line of its own");
    let [first, _] = &recent(120).await[..] else { panic!("both are told") };
    assert_eq!((first.schedule, first.from, first.to), (id(1), interval(10, 20), interval(30, 40)));
    assert!(recent(121).await.is_empty());
    assert!(moves::recent(&bench.table, &other_tenant(), at(0)).await.unwrap().is_empty());
    let item = bench.item(&keys::announced_move(&tenant(), at(0), Uuid::from_u128(1))).await.unwrap();
    assert_eq!(number(&item, "expires_at"), at(240).timestamp());
}

#[tokio::test]
async fn the_first_sighting_of_a_channel_is_the_one_that_counts_for_thirty_days() {
    let bench = Bench::new().await;
    assert!(bench.one(&orphans::first_seen("channel", at(0)).unwrap()).await);
    assert!(!bench.one(&orphans::first_seen("channel", at(500)).unwrap()).await);
    let [orphan] = &orphans::list(&bench.table).await.unwrap()[..] else { panic!("one") };
    assert_eq!((orphan.channel_id.as_str(), orphan.first_seen), ("channel", at(0).timestamp()));
    let item = bench.item(&keys::orphan("channel")).await.unwrap();
    assert_eq!(number(&item, "expires_at"), at(30 * 24 * 60 * 60).timestamp());
    assert!(bench.one(&orphans::forget("channel")).await);
    assert!(orphans::list(&bench.table).await.unwrap().is_empty());
}
