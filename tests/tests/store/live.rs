//! What is known of a broadcast is written as it was read, and one at a time asks about it.

use shared::domain::ids::ScheduleId;
use shared::domain::live::{Fact, Live, News};
use shared::store::live::{self, Seen};
use shared::store::{feeds, keys};

use crate::bench::{Bench, at, id, number, other_tenant, tenant};

fn schedule() -> ScheduleId {
    id(1)
}

async fn seen(bench: &Bench) -> Seen {
    live::find(&bench.table, &tenant(), &schedule()).await.unwrap()
}

async fn keep(bench: &Bench, seen: &Seen, live: &Live) -> bool {
    live::keep(&bench.table, &tenant(), &schedule(), seen, live).await.unwrap()
}

async fn lease(bench: &Bench, now: i64, until: i64) -> bool {
    live::take_lease(&bench.table, &tenant(), &schedule(), now, until).await.unwrap().is_some()
}

fn published() -> Live {
    Live::from(Fact { connection_id: "c".to_owned(), at: at(5), news: News::Playlist("https://a.example/".to_owned()) })
}

#[tokio::test]
async fn what_was_learned_is_kept_only_if_nobody_else_kept_something() {
    let bench = Bench::new().await;
    let nothing = seen(&bench).await;
    assert!(keep(&bench, &nothing, &Live::default()).await);
    assert!(!keep(&bench, &nothing, &published()).await, "the first was there before");
    let first = seen(&bench).await;
    assert!(keep(&bench, &first, &published()).await);
    assert!(!keep(&bench, &first, &Live::default()).await, "it was changed since");
    assert_eq!(seen(&bench).await.live, published());
    let item = bench.item(&keys::live(&tenant(), &schedule())).await.unwrap();
    assert_eq!(number(&item, "version"), 2);
}

#[tokio::test]
async fn one_at_a_time_asks_until_the_millisecond_of_its_lease() {
    let bench = Bench::new().await;
    assert!(lease(&bench, 1_000, 3_000).await, "nobody ever asked");
    assert!(!lease(&bench, 2_999, 5_000).await);
    let during = seen(&bench).await;
    assert!(during.is_leased(2_999) && !during.is_leased(3_000));
    assert!(lease(&bench, 3_000, 5_000).await);
    assert!(seen(&bench).await.is_leased(4_999));
}

#[tokio::test]
async fn a_turn_goes_to_the_first_who_saw_the_lease_before_it() {
    let bench = Bench::new().await;
    let turn = async |seen: &Seen, until| {
        live::take_turn(&bench.table, &tenant(), &schedule(), seen, until).await.unwrap().is_some()
    };
    let nobody = seen(&bench).await;
    assert_eq!(nobody.free_from(1_000), 1_000);
    assert!(turn(&nobody, 3_000).await);
    assert!(!turn(&nobody, 4_000).await, "somebody took it since");
    let during = seen(&bench).await;
    assert_eq!((during.free_from(2_000), during.free_from(3_500)), (3_000, 3_500));
    assert!(turn(&during, 6_000).await, "behind the one who asks now");
    assert!(!turn(&during, 6_000).await);
    assert!(!lease(&bench, 5_999, 9_000).await);
}

#[tokio::test]
async fn a_lease_disturbs_nobody_who_learns_and_is_disturbed_by_nobody() {
    let bench = Bench::new().await;
    let nothing = seen(&bench).await;
    assert!(lease(&bench, 1_000, 3_000).await);
    assert!(keep(&bench, &nothing, &published()).await, "the lease is no version");
    assert!(!lease(&bench, 2_000, 5_000).await, "what was learned leaves the lease");
    let known = seen(&bench).await;
    assert!(lease(&bench, 3_000, 5_000).await);
    assert_eq!(seen(&bench).await.live, known.live);
}

#[tokio::test]
async fn that_somebody_published_is_a_condition() {
    let bench = Bench::new().await;
    let beside = feeds::replace(&tenant(), shared::domain::ids::UserId(1), "x".to_owned()).unwrap();
    let nobody = [live::require_nobody_published(&tenant(), &schedule()), beside];
    assert!(bench.all(&nobody).await, "nothing is known");
    assert!(keep(&bench, &seen(&bench).await, &Live::default()).await);
    assert!(bench.all(&nobody).await, "nobody did");
    assert!(keep(&bench, &seen(&bench).await, &published()).await);
    assert!(!bench.all(&nobody).await);
    assert!(bench.one(&live::forget(&tenant(), &schedule())).await);
    assert!(bench.all(&nobody).await);
}

#[tokio::test]
async fn of_a_channel_that_went_it_stays_known_that_somebody_published() {
    let bench = Bench::new().await;
    assert!(keep(&bench, &seen(&bench).await, &published()).await);
    let before = seen(&bench).await;
    assert!(bench.one(&live::clear(&tenant(), &schedule(), "channel-1")).await);
    assert_eq!(seen(&bench).await.live, Live { has_published: true, ..Live::default() });
    assert!(!keep(&bench, &before, &published()).await, "what was learned of the old channel comes too late");
    assert!(keep(&bench, &seen(&bench).await, &published()).await);
    assert!(seen(&bench).await.is_retired("channel-1"));
    assert!(!seen(&bench).await.is_retired("channel-2"));
}

#[tokio::test]
async fn many_are_read_in_their_order_whether_known_or_not() {
    let bench = Bench::new().await;
    assert!(keep(&bench, &seen(&bench).await, &published()).await);
    let found = live::find_all(&bench.table, &tenant(), &[id(3), schedule(), id(2)]).await.unwrap();
    assert_eq!(found, [Live::default(), published(), Live::default()]);
    assert!(live::find_all(&bench.table, &tenant(), &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_schedule_is_known_for_itself() {
    let bench = Bench::new().await;
    assert!(keep(&bench, &seen(&bench).await, &published()).await);
    assert!(live::keep(&bench.table, &tenant(), &id(2), &Seen::default(), &Live::default()).await.unwrap());
    assert!(live::find(&bench.table, &other_tenant(), &schedule()).await.unwrap().live == Live::default());
}
