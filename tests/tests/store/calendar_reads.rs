//! Which nodes each reading of the calendar finds, to the second.

use shared::domain::moment::Moment;
use shared::store::calendar::{self, Node, Starts};

use crate::bench::{Bench, at, plan, tenant};
use crate::calendar::{of, take};

fn seconds(nodes: &[Node]) -> Vec<i64> {
    nodes.iter().map(|node| node.starts_at().map_or(-1, |start| (start - at(0)).num_seconds())).collect()
}

async fn three() -> Bench {
    of(&[plan(1, 10, 20), plan(2, 30, 40), plan(3, 50, 60)]).await.0
}

#[tokio::test]
async fn before_a_moment_are_those_that_start_earlier_the_latest_first() {
    let bench = three().await;
    let before =
        async |end: Moment, count| seconds(&calendar::before(&bench.table, &tenant(), end, count).await.unwrap());
    assert_eq!(before(at(30).into(), 1).await, [10]);
    assert_eq!(before(at(31).into(), 2).await, [30, 10]);
    assert_eq!(before(Moment::End, 10).await, [50, 30, 10, -1]);
    assert_eq!(before(at(10).into(), 3).await, [-1], "the head is always there");
}

#[tokio::test]
async fn starts_are_from_the_first_and_before_the_second() {
    let bench = three().await;
    let starting = async |from: Option<i64>, before: Option<i64>, count| {
        let starts = Starts { from: from.map(at), before: before.map(at) };
        seconds(&calendar::starting(&bench.table, &tenant(), starts, count).await.unwrap())
    };
    assert_eq!(starting(None, None, 10).await, [50, 30, 10], "never the head");
    assert_eq!(starting(Some(30), Some(50), 10).await, [30]);
    assert_eq!(starting(Some(31), Some(51), 10).await, [50]);
    assert_eq!(starting(None, None, 2).await, [50, 30]);
    assert_eq!(starting(Some(50), Some(50), 10).await, [0_i64; 0]);
    assert_eq!(starting(Some(60), Some(10), 10).await, [0_i64; 0], "nothing lies there");
    assert_eq!(starting(Some(50), Some(51), 10).await, [50], "one second");
}

#[tokio::test]
async fn a_node_is_read_with_the_one_before_it_or_not_at_all() {
    let (bench, nodes) = of(&[plan(1, 10, 20), plan(2, 30, 40)]).await;
    let around = async |start| calendar::at_with_predecessor(&bench.table, &tenant(), at(start)).await.unwrap();
    assert_eq!(around(30).await, Some((nodes[2].clone(), nodes[1].clone())));
    assert_eq!(around(10).await, Some((nodes[1].clone(), nodes[0].clone())));
    assert_eq!(around(31).await, None, "nobody starts there");
    assert_eq!(around(9).await, None);
    // As a reader in the middle of a change sees it: one that nobody before it knows yet.
    let [_, late] = calendar::take(&tenant(), &nodes[1], &plan(3, 25, 28), None).unwrap();
    bench.put(&late).await;
    assert_eq!(around(25).await, None);
}

#[tokio::test]
async fn two_tenants_plan_beside_each_other() {
    let (bench, nodes) = of(&[plan(1, 10, 20)]).await;
    let other = crate::bench::other_tenant();
    assert!(bench.one(&calendar::create(&other).unwrap()).await);
    let head = calendar::at(&bench.table, &other, Moment::Beginning).await.unwrap().unwrap();
    assert!(bench.all(&calendar::take(&other, &head, &plan(2, 15, 25), None).unwrap()).await);
    assert!(take(&bench, &nodes[1], &plan(3, 20, 30)).await);
    assert_eq!(seconds(&calendar::before(&bench.table, &other, Moment::End, 9).await.unwrap()), [15, -1]);
}
