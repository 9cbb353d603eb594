//! Many planners at once: nothing overlaps, nothing is lost, and every schedule has one channel.

use api_tests::upstream::Upstream;
use api_tests::{Actor, Answer, Product, at_hour, new_schedule_at};
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::platform::random::Random;

use crate::support::calendar::{assert_is_consistent, plan};

/// What one of many did: moved, resized or deleted one of the schedules, or planned another.
async fn meddle(master: &Actor, ids: &[String], random: &Random) -> (Value, Answer) {
    let pick = |bound: u64| u32::try_from(random.below(bound)).unwrap();
    let (start, length) = (pick(40), 1 + pick(4));
    let mut body = new_schedule_at(&at_hour(start), &at_hour(start + length));
    let id = &ids[usize::try_from(random.below(ids.len() as u64)).unwrap()];
    let answer = match random.below(8) {
        0 => master.delete(&format!("/api/schedule?schedule_id={id}")).await,
        1 | 2 => master.post("/api/schedule", &body).await,
        _ => {
            body["schedule_id"] = json!(id);
            master.patch("/api/schedule", &body).await
        }
    };
    (body, answer)
}

#[tokio::test]
async fn a_storm_of_changes_leaves_disjoint_schedules_with_one_channel_each() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let ids = join_all((0..10).map(|index| plan(&master, 4 * index, 4 * index + 2))).await;
    for round in 0..8 {
        let random = Random::from_seed(round);
        let answers = join_all((0..16).map(|_| meddle(&master, &ids, &random))).await;
        for (asked, answer) in answers {
            match answer.status.as_u16() {
                200 => drop(answer.ok()),
                404 => drop(answer.refused(404, "schedule_not_found")),
                _ => assert_is_in_the_way(&answer.refused(409, "schedule_overlap")["conflicts_with"], &asked),
            }
        }
        assert_is_consistent(&product, &master).await;
    }
    let planned = master.get("/api/schedule").await.ok().as_array().unwrap().len();
    assert_eq!(upstream.channels().len(), planned);
}

/// A refusal is only right if what it names really shares a second with what was asked for.
fn assert_is_in_the_way(conflict: &Value, asked: &Value) {
    let instant = |value: &Value, member: &str| shared::http::datetime::parse(value[member].as_str().unwrap()).unwrap();
    let interval = |value: &Value| (instant(value, "start_datetime"), instant(value, "end_datetime"));
    let ((start, end), (from, to)) = (interval(conflict), interval(asked));
    assert!(start < to && from < end, "{conflict} is not in the way of {asked}");
    assert_ne!(conflict["schedule_id"], asked["schedule_id"], "its own interval never counts");
}

#[tokio::test]
async fn many_who_shift_neighbours_about_never_make_them_overlap() {
    let product = Product::start().await;
    let master = product.master().await;
    let ids = [plan(&master, 0, 2).await, plan(&master, 2, 4).await, plan(&master, 4, 6).await];
    for round in 0..6 {
        let moves = (0..12_u32).map(|index| {
            let start = (index * 5 + round) % 7;
            let change = json!({"schedule_id": ids[index as usize % 3], "name": "x",
                                "start_datetime": at_hour(start), "end_datetime": at_hour(start + 1 + index % 3)});
            let master = &master;
            async move { (change.clone(), master.patch("/api/schedule", &change).await) }
        });
        for (asked, answer) in join_all(moves).await {
            if answer.status != 200 {
                assert_is_in_the_way(&answer.refused(409, "schedule_overlap")["conflicts_with"], &asked);
            }
        }
        assert_is_consistent(&product, &master).await;
    }
}
