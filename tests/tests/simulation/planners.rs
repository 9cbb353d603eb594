//! People who plan broadcasts, all in the same few hours.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join;
use serde_json::json;
use shared::domain::hls::HlsParams;
use shared::domain::ids::ScheduleId;
use shared::domain::interval::Interval;
use shared::domain::schedule::ScheduleName;
use shared::operations::idempotency::{IdempotencyKey, Keyed};
use shared::operations::listing::{self, Listing, Window};
use shared::operations::schedules::{self, NewSchedule, ScheduleChange};
use shared::operations::sweeping;

use crate::faults::Harm;
use crate::flaws;
use crate::history::{Call, Reply};
use crate::world::{Actor, instant};

/// The schedules that somebody was told of, and when they were to be.
#[derive(Clone, Default)]
pub struct Known {
    ids: Arc<Mutex<Vec<(ScheduleId, Interval)>>>,
}

impl Known {
    fn add(&self, id: ScheduleId, interval: Interval) {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).push((id, interval));
    }

    pub fn any(&self, actor: &Actor) -> Option<(ScheduleId, Interval)> {
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(actor.random.below(ids.len().max(1) as u64)).ok()?;
        ids.get(index).copied()
    }
}

pub async fn plan(actor: Actor, known: Known, name: String, steps: u32) {
    for step in 0..steps {
        let name = format!("{name}-{step}");
        match (actor.random.below(100), known.any(&actor)) {
            (0..30, Some((id, interval))) => reschedule(&actor, id, interval, name).await,
            (30..45, Some((id, _))) => cancel(&actor, id).await,
            (45..50, _) => list(&actor).await,
            _ => Box::pin(create(&actor, &known, name)).await,
        }
        actor.rest_up_to(2_000).await;
    }
}

async fn create(actor: &Actor, known: &Known, name: String) {
    let interval = any_interval(actor);
    let key = (actor.random.below(2) == 0).then(|| format!("key {name}"));
    for _ in 0..6 {
        let reply = if key.is_some() && actor.world.nemesis.strikes(Harm::Duplicate) {
            let twins = join(
                create_once(actor, &name, interval, key.as_deref()),
                create_once(actor, &name, interval, key.as_deref()),
            );
            match Box::pin(twins).await {
                (Reply::Done(id), _) | (_, Reply::Done(id)) => Reply::Done(id),
                _ => Reply::Unknown,
            }
        } else {
            create_once(actor, &name, interval, key.as_deref()).await
        };
        match reply {
            Reply::Done(id) => return known.add(id, interval),
            Reply::Refused => return,
            Reply::Unknown if key.is_none() => return,
            Reply::Unknown => actor.rest_up_to(20_000).await,
        }
    }
}

async fn create_once(actor: &Actor, name: &str, interval: Interval, key: Option<&str>) -> Reply<ScheduleId> {
    let call = Call::CreateSchedule { name: name.to_owned(), interval, key: key.map(str::to_owned) };
    let new = NewSchedule { name: schedule_name(name), interval, hls: hls() };
    if actor.world.seams.channel_first {
        let work = flaws::create_channel_first(&actor.app, &actor.bearer, new);
        return actor.perform(call, work, ToString::to_string).await;
    }
    let key = key.map(|key| IdempotencyKey::new(key, name.as_bytes()));
    let work = schedules::create_schedule(&actor.app, &actor.bearer, Ok(Keyed { form: new, key }));
    actor.perform(call, work, ToString::to_string).await
}

/// A broadcast from so many seconds after the beginning to so many, which nobody moves.
pub async fn create_between(actor: &Actor, name: &str, start: i64, end: i64) -> ScheduleId {
    let at = |seconds| instant(0) + TimeDelta::seconds(seconds);
    let interval = Interval::new(at(start), at(end)).expect("a start before its end");
    match create_once(actor, name, interval, None).await {
        Reply::Done(id) => id,
        _ => panic!("a schedule"),
    }
}

/// Half of the time only the end moves.
async fn reschedule(actor: &Actor, id: ScheduleId, from: Interval, name: String) {
    let start = if actor.random.below(2) == 0 { from.start() } else { any_interval(actor).start() };
    let interval = lasting_some_minutes(actor, start);
    move_to(actor, id, name, interval).await;
}

pub async fn move_to(actor: &Actor, id: ScheduleId, name: String, interval: Interval) {
    let call = Call::MoveSchedule { id, name: name.clone(), interval };
    let change = ScheduleChange { id, name: schedule_name(&name), interval };
    let work = schedules::update_schedule(&actor.app, &actor.bearer, Ok(change));
    actor.perform(call, work, |()| String::new()).await;
}

async fn cancel(actor: &Actor, id: ScheduleId) {
    let work = schedules::delete_schedule(&actor.app, &actor.bearer, Ok(id));
    actor.perform(Call::DeleteSchedule { id }, work, |()| String::new()).await;
}

/// Somebody who looks at the list again and again.
pub async fn look(actor: Actor, times: u32) {
    for _ in 0..times {
        list(&actor).await;
        actor.rest_up_to(500).await;
    }
}

async fn list(actor: &Actor) {
    let work = listing::list_schedules(&actor.app, &actor.bearer, Ok(Window::default()));
    let ids = |listing: &Listing| {
        let ids = listing.schedules.iter().map(|(plan, _)| plan.id.to_string());
        ids.collect::<Vec<_>>().join(" ")
    };
    actor.perform(Call::ListSchedules, work, ids).await;
}

/// The sweeper's timer: now and then, and sometimes twice at once.
pub async fn sweep_now_and_then(actor: Actor, runs: u32) {
    for _ in 0..runs {
        actor.rest_up_to(20_000).await;
        sweep(&actor).await;
    }
}

pub async fn sweep(actor: &Actor) {
    let work = sweeping::sweep(&actor.app);
    actor.perform(Call::Sweep, work, |swept| format!("{swept:?}")).await;
}

/// From soon on within 15, 30, 45 or 60 minutes, so that many collide and some start before the simulation ends.
fn any_interval(actor: &Actor) -> Interval {
    let horizon = 15 * (1 + actor.world.seed % 4);
    lasting_some_minutes(actor, instant(0) + TimeDelta::seconds(15 + 60 * minutes(actor, horizon)))
}

fn lasting_some_minutes(actor: &Actor, start: DateTime<Utc>) -> Interval {
    let length = TimeDelta::seconds(60 * (1 + minutes(actor, 8)));
    Interval::new(start, start + length).expect("a start before its end")
}

fn minutes(actor: &Actor, bound: u64) -> i64 {
    i64::try_from(actor.random.below(bound)).unwrap_or(0)
}

fn schedule_name(name: &str) -> ScheduleName {
    ScheduleName::parse(name).expect("a short name")
}

fn hls() -> HlsParams {
    let value = json!([{"durationSeconds": 1, "startTimeOffset": -1, "video": {"width": 640, "height": 360}}]);
    HlsParams::check(&value.to_string(), &value).expect("good parameters")
}
