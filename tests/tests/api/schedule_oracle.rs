//! Random planning beside a planner that keeps its schedules in memory: both always say the same.

use std::collections::BTreeMap;

use api_tests::{Actor, Product, at_hour, new_schedule_at};
use serde_json::{Value, json};
use shared::platform::random::Random;

use crate::support::calendar::assert_is_consistent;

/// Hours of the small world in which everything happens.
const HOURS: u64 = 24;

/// By schedule, its first hour and the one after its last.
type Oracle = BTreeMap<String, (u32, u32)>;

struct Planner {
    master: Actor,
    oracle: Oracle,
    random: Random,
}

impl Planner {
    fn pick(&self, bound: u64) -> u32 {
        u32::try_from(self.random.below(bound)).expect("small")
    }

    fn any_schedule(&self) -> Option<String> {
        let index = self.pick(self.oracle.len().max(1) as u64) as usize;
        self.oracle.keys().nth(index).cloned()
    }

    /// Who of the others shares an hour with the interval.
    fn in_the_way(&self, own: Option<&String>, start: u32, end: u32) -> Vec<String> {
        let others = self.oracle.iter().filter(|(id, _)| Some(*id) != own);
        others.filter(|(_, (from, to))| *from < end && start < *to).map(|(id, _)| id.clone()).collect()
    }

    async fn create(&mut self, start: u32, end: u32) {
        let answer = self.master.post("/api/schedule", &new_schedule_at(&at_hour(start), &at_hour(end))).await;
        let in_the_way = self.in_the_way(None, start, end);
        if in_the_way.is_empty() {
            let id = answer.ok()["schedule_id"].as_str().unwrap().to_owned();
            self.oracle.insert(id, (start, end));
        } else {
            assert_names_one_of(&answer.refused(409, "schedule_overlap"), &in_the_way);
        }
    }

    async fn change(&mut self, id: &String, start: u32, end: u32) {
        let change = json!({"schedule_id": id, "name": format!("{start}-{end}"),
                            "start_datetime": at_hour(start), "end_datetime": at_hour(end)});
        let answer = self.master.patch("/api/schedule", &change).await;
        let in_the_way = self.in_the_way(Some(id), start, end);
        if in_the_way.is_empty() {
            answer.ok();
            self.oracle.insert(id.clone(), (start, end));
        } else {
            assert_names_one_of(&answer.refused(409, "schedule_overlap"), &in_the_way);
        }
    }

    async fn step(&mut self) {
        let start = self.pick(HOURS);
        let end = start + 1 + self.pick(5);
        let own = self.any_schedule();
        match (self.random.below(8), own) {
            (0, Some(id)) => {
                self.master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
                self.oracle.remove(&id);
            }
            (1 | 2, Some(id)) => self.change(&id, start, end).await,
            (3 | 4, Some(id)) => {
                let from = self.oracle[&id].0;
                self.change(&id, from, from + 1 + self.pick(5)).await;
            }
            (5, Some(id)) => {
                let (from, to) = self.oracle[&id];
                self.change(&id, from + 1, to + 1).await;
            }
            _ => self.create(start, end).await,
        }
    }

    async fn assert_agree(&self) {
        let list = self.master.get("/api/schedule").await.ok();
        let listed: Vec<(&str, &str, &str)> = list.as_array().unwrap().iter().map(row).collect();
        let mut oracle: Vec<_> = self.oracle.iter().map(|(id, (start, end))| (*start, *end, id)).collect();
        oracle.sort_unstable();
        let in_list = |hour| at_hour(hour).replace('/', "-").replace(' ', "T");
        let expected: Vec<(String, String, &String)> =
            oracle.iter().rev().map(|(start, end, id)| (in_list(*start), in_list(*end), *id)).collect();
        let expected: Vec<(&str, &str, &str)> =
            expected.iter().map(|(start, end, id)| (start.as_str(), end.as_str(), id.as_str())).collect();
        assert_eq!(listed, expected);
    }
}

fn row(schedule: &Value) -> (&str, &str, &str) {
    let text = |member: &str| schedule[member].as_str().expect("text");
    (text("start_datetime"), text("end_datetime"), text("schedule_id"))
}

fn assert_names_one_of(problem: &Value, in_the_way: &[String]) {
    let named = problem["conflicts_with"]["schedule_id"].as_str().expect("an id");
    assert!(in_the_way.iter().any(|id| id == named), "{problem} names none of {in_the_way:?}");
}

#[tokio::test]
async fn three_hundred_random_changes_do_what_a_planner_with_a_pencil_does() {
    let product = Product::start().await;
    let mut planner =
        Planner { master: product.master().await, oracle: Oracle::new(), random: Random::from_seed(20_300_101) };
    for step in 0..300 {
        planner.step().await;
        if step % 20 == 0 {
            planner.assert_agree().await;
        }
    }
    planner.assert_agree().await;
    assert_is_consistent(&product, &planner.master).await;
}
