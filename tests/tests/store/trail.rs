//! Rows of the trail are added and read, never written over, and each part of them is a range of their times.

use shared::domain::ids::EntryId;
use shared::domain::trail::{Author, Entry};
use shared::store::trail::{self, Part};
use shared::table::Write;
use uuid::Uuid;

use crate::bench::{Bench, at, other_tenant, tenant};

fn id(number: u128) -> EntryId {
    Uuid::from_u128(number).into()
}

fn entry(number: u128) -> Entry {
    Entry {
        id: id(number),
        at: at(0),
        author: Author::operator("r"),
        action: "a".to_owned(),
        target: "tenant".to_owned(),
        changed: vec!["state".to_owned()],
    }
}

fn add(number: u128, kept_until: i64) -> Write {
    trail::add(&tenant(), &entry(number), at(kept_until)).unwrap()
}

async fn newest(bench: &Bench, part: Part, limit: usize) -> (Vec<u128>, Option<EntryId>) {
    let (rows, next) = trail::newest(&bench.table, &tenant(), part, limit, at(10)).await.unwrap();
    (rows.iter().map(|row| row.id.uuid().as_u128()).collect(), next)
}

const ALL: Part = Part { from: None, below: None };

#[tokio::test]
async fn a_row_is_read_as_it_was_written_and_never_written_over() {
    let bench = Bench::new().await;
    assert!(bench.one(&add(1, 100)).await);
    bench.refuses_each(&[add(1, 200)]).await;
    let (rows, next) = trail::newest(&bench.table, &tenant(), ALL, 10, at(10)).await.unwrap();
    assert_eq!((rows, next), (vec![entry(1)], None));
    let (rows, _) = trail::newest(&bench.table, &other_tenant(), ALL, 10, at(10)).await.unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn a_part_begins_with_its_first_row_and_ends_before_its_last() {
    let bench = Bench::new().await;
    for number in 1..=5 {
        assert!(bench.one(&add(number, 100)).await);
    }
    let part = |from: Option<u128>, below: Option<u128>| Part { from: from.map(id), below: below.map(id) };
    for (part, rows) in [
        (ALL, vec![5, 4, 3, 2, 1]),
        (part(Some(2), None), vec![5, 4, 3, 2]),
        (part(None, Some(4)), vec![3, 2, 1]),
        (part(Some(2), Some(4)), vec![3, 2]),
        (part(Some(4), Some(4)), vec![]),
        (part(Some(5), Some(2)), vec![]),
        (part(None, Some(0)), vec![]),
    ] {
        assert_eq!(newest(&bench, part, 10).await, (rows, None));
    }
    assert_eq!(newest(&bench, ALL, 2).await, (vec![5, 4], Some(id(4))));
    assert_eq!(newest(&bench, part(None, Some(4)), 3).await, (vec![3, 2, 1], Some(id(1))));
    assert_eq!(newest(&bench, part(None, Some(1)), 3).await, (vec![], None));
}

#[tokio::test]
async fn a_row_whose_time_is_over_is_left_out_and_the_rest_is_found() {
    let bench = Bench::new().await;
    for (number, kept_until) in [(1, 100), (2, 10), (3, 11)] {
        assert!(bench.one(&add(number, kept_until)).await);
    }
    assert_eq!(newest(&bench, ALL, 2).await, (vec![3], Some(id(2))));
    assert_eq!(newest(&bench, Part { below: Some(id(2)), ..ALL }, 2).await, (vec![1], None));
}
