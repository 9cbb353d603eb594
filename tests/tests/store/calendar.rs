//! The calendar's writes: no two intervals ever overlap, whatever was read before.

use shared::domain::ids::ScheduleId;
use shared::domain::moment::Moment;
use shared::domain::schedule::Plan;
use shared::store::calendar::{self, Node};
use shared::table::Write;

use crate::bench::{Bench, at, id, interval, plan, tenant};

pub async fn empty() -> Bench {
    let bench = Bench::new().await;
    assert!(bench.one(&calendar::create(&tenant()).unwrap()).await);
    bench
}

pub async fn node(bench: &Bench, start: Moment) -> Node {
    calendar::at(&bench.table, &tenant(), start).await.unwrap().expect("a node")
}

pub async fn head(bench: &Bench) -> Node {
    node(bench, Moment::Beginning).await
}

pub async fn take(bench: &Bench, owner: &Node, plan: &Plan) -> bool {
    bench.all(&calendar::take(&tenant(), owner, plan, None).unwrap()).await
}

/// A calendar of these, each behind the one before; their nodes, the head first.
pub async fn of(plans: &[Plan]) -> (Bench, Vec<Node>) {
    let bench = empty().await;
    let mut last = Moment::Beginning;
    for plan in plans {
        assert!(take(&bench, &node(&bench, last).await, plan).await);
        last = plan.interval.start().into();
    }
    let mut nodes = calendar::before(&bench.table, &tenant(), Moment::End, 100).await.unwrap();
    nodes.reverse();
    (bench, nodes)
}

/// Makes a broadcast that starts where it did end at another second.
async fn ends_at(bench: &Bench, number: u128, start: i64, end: i64) {
    assert!(bench.one(&calendar::amend(&tenant(), &plan(number, start, end))).await);
}

#[tokio::test]
async fn a_calendar_is_made_once() {
    let (bench, _) = of(&[plan(1, 10, 20)]).await;
    assert!(!bench.one(&calendar::create(&tenant()).unwrap()).await);
    assert_eq!(head(&bench).await.nxt, at(10).into());
}

#[tokio::test]
async fn a_gap_is_taken_only_as_it_was_seen() {
    let (bench, nodes) = of(&[plan(1, 10, 20)]).await;
    assert!(take(&bench, &nodes[1], &plan(2, 50, 60)).await);
    assert!(!take(&bench, &nodes[1], &plan(3, 30, 40)).await, "its end is another now");
    let seen = node(&bench, at(10).into()).await;
    ends_at(&bench, 1, 10, 31).await;
    assert!(!take(&bench, &seen, &plan(3, 30, 40)).await, "it begins later now");
    assert!(take(&bench, &seen, &plan(3, 31, 40)).await, "at the very end of the one before");
}

#[tokio::test]
async fn what_removes_a_gap_s_owner_leaves_nothing_to_take_from() {
    let (bench, nodes) = of(&[plan(1, 10, 20)]).await;
    assert!(bench.all(&calendar::give_back(&tenant(), &nodes[0], &nodes[1])).await);
    assert!(!take(&bench, &nodes[1], &plan(2, 30, 40)).await);
    assert!(calendar::at(&bench.table, &tenant(), at(10).into()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_node_is_never_written_over_another() {
    let (bench, nodes) = of(&[plan(1, 10, 20)]).await;
    let [_, node_alone] = calendar::take(&tenant(), &nodes[0], &plan(2, 10, 15), None).unwrap();
    assert!(!bench.one(&node_alone).await);
    assert!(!bench.one(&calendar::require_free(&tenant(), at(10))).await);
    assert!(
        bench.all(&[calendar::require_free(&tenant(), at(11)), calendar::amend(&tenant(), &plan(1, 10, 19))]).await
    );
}

#[tokio::test]
async fn only_its_own_reservation_is_shown() {
    let bench = empty().await;
    let reserved = calendar::take(&tenant(), &head(&bench).await, &plan(1, 10, 20), Some(at(5))).unwrap();
    assert!(bench.all(&reserved).await);
    assert_eq!(node(&bench, at(10).into()).await.reserved_until, Some(at(5)));
    assert!(node(&bench, at(10).into()).await.plan().is_none());
    assert!(!bench.one(&calendar::show(&tenant(), &plan(2, 10, 20))).await);
    assert!(!bench.one(&calendar::show(&tenant(), &plan(1, 11, 20))).await);
    assert!(bench.one(&calendar::show(&tenant(), &plan(1, 10, 20))).await);
    assert_eq!(node(&bench, at(10).into()).await.plan(), Some(plan(1, 10, 20)));
}

#[tokio::test]
async fn an_interval_goes_back_only_to_the_one_before_it() {
    let (bench, nodes) = of(&[plan(1, 10, 20), plan(2, 30, 40)]).await;
    let [widened, _] = calendar::give_back(&tenant(), &nodes[0], &nodes[2]);
    assert!(!bench.one(&widened).await, "the head's gap ends elsewhere");
    let [widened, removed] = calendar::give_back(&tenant(), &nodes[1], &nodes[2]);
    assert!(bench.all(&[widened, removed]).await);
    assert_eq!(node(&bench, at(10).into()).await.nxt, Moment::End);
}

#[tokio::test]
async fn a_node_is_removed_only_while_it_is_the_same_and_owns_the_same_gap() {
    let (bench, nodes) = of(&[plan(1, 10, 20)]).await;
    let [_, removed] = calendar::give_back(&tenant(), &nodes[0], &nodes[1]);
    assert!(take(&bench, &nodes[1], &plan(2, 30, 40)).await);
    assert!(!bench.one(&removed).await, "what it gives back would include the second broadcast");
    let (bench, nodes) = of(&[plan(1, 10, 20)]).await;
    let [_, removed] = calendar::give_back(&tenant(), &nodes[0], &nodes[1]);
    assert!(bench.all(&calendar::give_back(&tenant(), &nodes[0], &nodes[1])).await);
    assert!(take(&bench, &head(&bench).await, &plan(3, 10, 20)).await);
    assert!(!bench.one(&removed).await, "it is another's now");
}

#[tokio::test]
async fn a_node_shows_what_its_own_schedule_became_within_its_gap() {
    let (bench, _) = of(&[plan(1, 10, 20), plan(2, 30, 40)]).await;
    assert!(!bench.one(&calendar::amend(&tenant(), &plan(3, 10, 15))).await, "another's");
    assert!(!bench.one(&calendar::amend(&tenant(), &plan(1, 10, 31))).await, "a second into the next");
    assert!(bench.one(&calendar::amend(&tenant(), &plan(1, 10, 30))).await);
    let amended = node(&bench, at(10).into()).await.plan().unwrap();
    assert_eq!((amended.interval, amended.revision), (interval(10, 30), 1));
    assert!(bench.one(&calendar::amend(&tenant(), &plan(2, 30, 4_000))).await, "the last one's gap has no end");
}

async fn shift(bench: &Bench, predecessor: &Node, node: &Node, to: &Plan) -> bool {
    bench.all(&calendar::shift(&tenant(), predecessor, node, to).unwrap()).await
}

#[tokio::test]
async fn a_move_within_a_gap_knows_the_predecessor_s_end() {
    let (bench, nodes) = of(&[plan(1, 10, 20), plan(2, 50, 60)]).await;
    ends_at(&bench, 1, 10, 45).await;
    assert!(!shift(&bench, &nodes[1], &nodes[2], &plan(2, 44, 60)).await, "the first ends later than was seen");
    assert!(shift(&bench, &nodes[1], &nodes[2], &plan(2, 45, 60)).await);
    assert_eq!(node(&bench, at(10).into()).await.nxt, at(45).into());
    assert_eq!(node(&bench, at(45).into()).await.nxt, Moment::End);
    assert!(calendar::at(&bench.table, &tenant(), at(50).into()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_move_within_a_gap_knows_who_came_between() {
    let (bench, nodes) = of(&[plan(1, 10, 20), plan(2, 50, 60)]).await;
    assert!(take(&bench, &nodes[1], &plan(3, 30, 35)).await);
    assert!(!shift(&bench, &nodes[1], &nodes[2], &plan(2, 36, 60)).await, "somebody stands before it now");
    let (bench, nodes) = of(&[plan(1, 10, 20), plan(2, 50, 60)]).await;
    assert!(take(&bench, &nodes[2], &plan(3, 60, 70)).await);
    assert!(!shift(&bench, &nodes[1], &nodes[2], &plan(2, 51, 65)).await, "somebody stands behind it now");
}

#[tokio::test]
async fn a_move_onto_a_start_that_is_taken_is_refused() {
    let (bench, nodes) = of(&[plan(1, 10, 20), plan(2, 50, 60), plan(3, 70, 80)]).await;
    let [_, _, node_alone] =
        <[Write; 3]>::try_from(calendar::shift(&tenant(), &nodes[1], &nodes[2], &plan(2, 70, 80)).unwrap()).unwrap();
    assert!(!bench.one(&node_alone).await);
}

#[tokio::test]
async fn a_node_knows_whose_it_is() {
    let (_, nodes) = of(&[plan(1, 10, 20)]).await;
    let owns = |node: &Node, number| node.belongs_to(&id(number));
    assert!(owns(&nodes[1], 1) && !owns(&nodes[1], 2) && !nodes[0].belongs_to(&ScheduleId::NIL));
    assert_eq!((nodes[0].starts_at(), nodes[1].starts_at()), (None, Some(at(10))));
}
