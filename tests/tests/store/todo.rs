//! The list of what is to be done: when an entry is due, and who may strike it off.

use shared::domain::schedule::Reservation;
use shared::store::todo::{self, Order, Todo};

use crate::bench::{Bench, at, id, other_tenant, plan, tenant};

fn channel(name: &str, due: i64) -> Todo {
    Todo::Channel { channel_id: name.to_owned(), due: at(due) }
}

fn reservation(operation: &str) -> Reservation {
    Reservation { tenant: tenant(), plan: plan(1, 10, 20), operation: operation.to_owned(), lease_end: at(5) }
}

async fn due(bench: &Bench, now: i64, limit: usize, order: Order) -> Vec<String> {
    let entries = todo::due(&bench.table, at(now), limit, order).await.unwrap();
    entries
        .into_iter()
        .map(|entry| {
            assert!(entry.due().is_some(), "{}", entry.key);
            match entry.todo.expect("a readable entry") {
                Todo::Channel { channel_id, .. } => channel_id,
                other => other.kind().to_owned(),
            }
        })
        .collect()
}

#[tokio::test]
async fn an_entry_is_due_from_the_second_after_its_own() {
    let bench = Bench::new().await;
    for (name, second) in [("a", 10), ("b", 11), ("c", 12)] {
        assert!(bench.one(&todo::add(&channel(name, second)).unwrap()).await);
    }
    assert!(due(&bench, 10, 9, Order::MostUrgentFirst).await.is_empty());
    assert_eq!(due(&bench, 12, 9, Order::MostUrgentFirst).await, ["a", "b"]);
    assert_eq!(due(&bench, 99, 2, Order::MostUrgentFirst).await, ["a", "b"]);
    assert_eq!(due(&bench, 99, 2, Order::LatestFirst).await, ["c", "b"]);
    assert!(bench.one(&todo::strike_off(&channel("a", 10))).await);
    assert_eq!(due(&bench, 99, 9, Order::MostUrgentFirst).await, ["b", "c"]);
}

#[tokio::test]
async fn what_is_due_at_the_same_second_stands_beside_each_other() {
    let bench = Bench::new().await;
    let (tenant, schedule, due_at) = (tenant(), id(1), at(5));
    for todo in [
        Todo::Chat { tenant: tenant.clone(), schedule, due: due_at },
        Todo::Retirement { tenant: tenant.clone(), schedule, channel_id: "r".to_owned(), due: due_at },
        channel("c", 5),
    ] {
        assert!(bench.one(&todo::add(&todo).unwrap()).await);
    }
    let mut found = due(&bench, 6, 9, Order::MostUrgentFirst).await;
    found.sort();
    assert_eq!(found, ["c", "chat", "retirement"]);
    let channels = todo::channel_ids(&bench.table).await.unwrap();
    assert_eq!(channels.into_iter().collect::<Vec<_>>(), ["c", "r"], "due or not");
}

#[tokio::test]
async fn a_reservation_is_struck_off_by_its_own_operation_and_once() {
    let bench = Bench::new().await;
    assert!(bench.one(&todo::add(&Todo::Reservation(reservation("first"))).unwrap()).await);
    assert!(!bench.one(&todo::strike_off(&Todo::Reservation(reservation("second")))).await);
    assert_eq!(due(&bench, 6, 9, Order::MostUrgentFirst).await, ["reservation"]);
    let own = todo::strike_off(&Todo::Reservation(reservation("first")));
    assert!(bench.one(&own).await && !bench.one(&own).await, "who comes second did not end it");
}

#[tokio::test]
async fn a_reservation_is_found_by_its_tenant_and_the_end_of_its_lease() {
    let bench = Bench::new().await;
    assert!(bench.one(&todo::add(&Todo::Reservation(reservation("first"))).unwrap()).await);
    let find = async |tenant, number, lease_end| {
        todo::reservation(&bench.table, &tenant, &id(number), at(lease_end)).await.unwrap()
    };
    let found = find(tenant(), 1, 5).await.expect("the reservation");
    assert_eq!((found.plan, found.operation.as_str(), found.lease_end), (plan(1, 10, 20), "first", at(5)));
    assert!(find(other_tenant(), 1, 5).await.is_none());
    assert!(find(tenant(), 1, 6).await.is_none() && find(tenant(), 2, 5).await.is_none());
}
