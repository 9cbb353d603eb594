//! A schedule's own writes: its plan, its channel, its secret.

use secrecy::{ExposeSecret, SecretString};
use shared::domain::channel::Channel;
use shared::domain::schedule::{Keys, Plan, Schedule, ScheduleName};
use shared::store::schedules::{self, ChannelClaim};
use shared::store::{instant_text, keys};
use shared::table::{Condition, Value, Write};

use crate::bench::{Bench, at, id, interval, number, plan, tenant};

fn channel(name: &str) -> Channel {
    Channel { channel_id: name.to_owned(), sora_url: "wss://a.example/".to_owned(), hook: Some("digest".to_owned()) }
}

async fn of(channel: Option<Channel>) -> (Bench, Plan) {
    let bench = Bench::new().await;
    let plan = plan(1, 10, 20);
    let keys = Keys { publishing: SecretString::from("p"), watching: SecretString::from("w") };
    let schedule = Schedule { plan: plan.clone(), channel, keys };
    assert!(bench.one(&schedules::create(&tenant(), &schedule).unwrap()).await);
    assert!(!bench.one(&schedules::create(&tenant(), &schedule).unwrap()).await, "it is made once");
    (bench, plan)
}

async fn found(bench: &Bench) -> Schedule {
    schedules::find(&bench.table, &tenant(), &id(1)).await.unwrap().expect("a schedule")
}

/// The plan as somebody else may have seen it: each with one difference.
fn otherwise(seen: &Plan) -> [Plan; 3] {
    [
        Plan { interval: interval(9, 20), ..seen.clone() },
        Plan { interval: interval(10, 21), ..seen.clone() },
        Plan { name: ScheduleName::parse("another").unwrap(), ..seen.clone() },
    ]
}

#[tokio::test]
async fn a_change_needs_the_schedule_that_was_seen() {
    let (bench, seen) = of(None).await;
    let change = |seen: &Plan| schedules::change(&tenant(), seen, &plan(2, 1, 2).name, interval(10, 25), at(0));
    for other in otherwise(&seen) {
        assert!(!bench.one(&change(&other)).await, "{other:?}");
    }
    assert!(!bench.one(&change(&plan(3, 10, 20))).await, "there is no such schedule");
    assert!(bench.one(&change(&seen)).await);
    let now = found(&bench).await.plan;
    assert_eq!(
        (now.interval, now.name, now.revision, now.changed_at),
        (interval(10, 25), plan(2, 1, 2).name, 1, at(0))
    );
    assert!(!bench.one(&change(&seen)).await, "the same once more comes too late");
}

#[tokio::test]
async fn a_schedule_that_has_started_may_end_at_another_second() {
    let (bench, seen) = of(None).await;
    assert!(bench.one(&schedules::change(&tenant(), &seen, &seen.name, interval(10, 30), at(15))).await);
}

#[tokio::test]
async fn a_new_start_is_decided_before_the_old_one() {
    let (bench, seen) = of(None).await;
    let moved = |now| schedules::change(&tenant(), &seen, &seen.name, interval(12, 20), at(now));
    let Some(Condition::All(conditions)) = moved(9).condition else { panic!("a list of conditions") };
    let start = Condition::Above("starts_at", Value::S(instant_text(at(9))));
    assert!(conditions.contains(&start), "{conditions:?}");
    assert!(bench.one(&moved(9)).await);
}

#[tokio::test]
async fn a_deletion_needs_the_schedule_that_was_seen_and_a_start_that_has_not_come() {
    let (bench, seen) = of(None).await;
    for other in otherwise(&seen) {
        assert!(!bench.one(&schedules::delete(&tenant(), &other, at(0))).await, "{other:?}");
    }
    for late in [10, 11] {
        assert!(!bench.one(&schedules::delete(&tenant(), &seen, at(late))).await, "it has started");
    }
    assert!(bench.one(&schedules::delete(&tenant(), &seen, at(9))).await);
    assert!(!bench.one(&schedules::delete(&tenant(), &seen, at(9))).await, "it is gone");
}

#[tokio::test]
async fn a_channel_is_taken_only_from_the_schedule_that_was_seen_with_it() {
    let (bench, seen) = of(Some(channel("one"))).await;
    let retire = |seen: &Plan, name: &str| schedules::retire_channel(&tenant(), seen, &channel(name));
    for other in otherwise(&seen) {
        assert!(!bench.one(&retire(&other, "one")).await, "{other:?}");
    }
    assert!(!bench.one(&retire(&seen, "two")).await, "it has another channel now");
    assert!(bench.one(&retire(&seen, "one")).await);
    let item = bench.item(&keys::schedule(&tenant(), &id(1))).await.unwrap();
    for gone in ["channel_id", "sora_url", "hook"] {
        assert!(item.get(gone).is_none(), "{gone}");
    }
    assert!(!bench.one(&retire(&seen, "one")).await, "it has none now");
    assert!(found(&bench).await.channel.is_none());
}

async fn claims(bench: &Bench, operation: &str, now: i64) -> bool {
    let claim = schedules::claim_channel(&bench.table, &tenant(), &id(1), operation, now, now + 30).await.unwrap();
    matches!(claim, ChannelClaim::Ours)
}

#[tokio::test]
async fn a_claim_holds_until_the_second_of_its_lease() {
    let (bench, _) = of(None).await;
    assert!(claims(&bench, "first", 100).await);
    let item = bench.item(&keys::schedule(&tenant(), &id(1))).await.unwrap();
    assert_eq!(number(&item, "attach_until"), 130);
    assert!(!claims(&bench, "second", 129).await);
    assert!(claims(&bench, "first", 129).await, "its own claim, written by an attempt whose answer was lost");
    assert!(claims(&bench, "second", 130).await, "whoever claimed it is dead");
    assert!(!bench.one(&schedules::unclaim_channel(&tenant(), &id(1), "first")).await);
    assert!(bench.one(&schedules::unclaim_channel(&tenant(), &id(1), "second")).await);
    let late = schedules::attach_channel(&tenant(), &id(1), "second", &channel("late"));
    assert!(!bench.one(&late).await, "who gave it up attaches nothing");
    assert!(claims(&bench, "third", 131).await, "at once");
}

#[tokio::test]
async fn only_a_schedule_without_a_channel_is_claimed() {
    let (bench, _) = of(Some(channel("one"))).await;
    assert!(!claims(&bench, "first", 100).await);
    let nowhere = schedules::claim_channel(&bench.table, &tenant(), &id(2), "first", 100, 130).await.unwrap();
    assert!(matches!(nowhere, ChannelClaim::Lost));
    assert!(bench.item(&keys::schedule(&tenant(), &id(2))).await.is_none(), "a claim makes no schedule");
}

#[tokio::test]
async fn a_channel_comes_to_whose_claim_it_is() {
    let (bench, _) = of(None).await;
    let attach = |operation: &str, name: &str| schedules::attach_channel(&tenant(), &id(1), operation, &channel(name));
    assert!(!bench.one(&attach("first", "one")).await, "nobody claimed it");
    assert!(claims(&bench, "first", 100).await && claims(&bench, "second", 130).await);
    assert!(!bench.one(&attach("first", "one")).await, "its lease ended and another has it");
    assert!(bench.one(&attach("second", "two")).await);
    let schedule = found(&bench).await;
    assert!(schedule.channel.is_some_and(|found| found == channel("two")));
    let item = bench.item(&keys::schedule(&tenant(), &id(1))).await.unwrap();
    assert!(item.get("attaching").is_none() && item.get("attach_until").is_none());
    assert!(!bench.one(&attach("second", "three")).await, "a claim is for one channel");
    assert!(!bench.one(&schedules::unclaim_channel(&tenant(), &id(1), "second")).await);
    assert!(found(&bench).await.channel.is_some_and(|found| found == channel("two")));
}

#[tokio::test]
async fn a_new_secret_needs_a_schedule() {
    let (bench, _) = of(None).await;
    let secret = SecretString::from("another");
    let reset = |number| schedules::reset_publishing(&tenant(), &id(number), &secret);
    assert!(bench.one(&reset(1)).await && !bench.one(&reset(2)).await);
    assert_eq!(found(&bench).await.keys.publishing.expose_secret(), "another");
    assert!(bench.item(&keys::schedule(&tenant(), &id(2))).await.is_none());
}

#[tokio::test]
async fn a_schedule_that_must_be_absent_is() {
    let (bench, _) = of(None).await;
    let beside = Write::put(keys::hook("x"), shared::table::Item::default());
    assert!(!bench.all(&[schedules::require_absent(&tenant(), &id(1)), beside.clone()]).await);
    assert!(bench.all(&[schedules::require_absent(&tenant(), &id(2)), beside]).await);
}
