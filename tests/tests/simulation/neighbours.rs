//! Two broadcasts side by side: while the one is prolonged towards the other, that moves towards it.

use chrono::TimeDelta;
use futures_util::future::{BoxFuture, FutureExt};
use shared::domain::ids::ScheduleId;
use shared::domain::interval::Interval;

use crate::planners;
use crate::world::{Actor, instant};

/// Where nobody else plans, in seconds after the beginning.
const FIRST: i64 = 400_000;

pub async fn plan(master: &Actor) -> (ScheduleId, ScheduleId) {
    let first = planners::create_between(master, "first", FIRST, FIRST + 60).await;
    (first, planners::create_between(master, "second", FIRST + 120, FIRST + 180).await)
}

/// Both change between their first and their second time, again and again; there is room for one of them in between.
pub fn squeeze([one, other]: [Actor; 2], (first, second): (ScheduleId, ScheduleId)) -> [BoxFuture<'static, ()>; 2] {
    let (short, long) = (between(0, 60), between(0, 110));
    let (late, early) = (between(120, 180), between(70, 130));
    [
        take_turns(one, first, "first", [long, short], 12).boxed(),
        take_turns(other, second, "second", [early, late], 12).boxed(),
    ]
}

async fn take_turns(actor: Actor, id: ScheduleId, name: &'static str, intervals: [Interval; 2], steps: usize) {
    for step in 0..steps {
        actor.rest_up_to(700).await;
        planners::move_to(&actor, id, format!("{name} {step}"), intervals[step % 2]).await;
    }
}

fn between(start: i64, end: i64) -> Interval {
    let at = |seconds| instant(0) + TimeDelta::seconds(FIRST + seconds);
    Interval::new(at(start), at(end)).expect("a start before its end")
}
