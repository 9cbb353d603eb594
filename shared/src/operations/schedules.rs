//! Planning broadcasts that never overlap, each with exactly one channel.
//!
//! A new schedule is first a reservation: its slot is taken, its lease runs, nobody sees it. Then its
//! channel is created, and one transaction turns the reservation into a schedule. Whatever stops in
//! between is undone here, or by `sweeping` once the lease has ended.

use std::cmp::Reverse;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::idempotency::{self, Attempt, Begun, Keyed};
use super::planning::{channels, gaps, moves, reservations};
use super::{Caller, Error, MAX_DECISIONS, admit, contended, lease_end};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::hls::HlsParams;
use crate::domain::ids::ScheduleId;
use crate::domain::interval::Interval;
use crate::domain::schedule::{Plan, Schedule, ScheduleName};
use crate::platform::telemetry;
use crate::policy::Action;
use crate::store::calendar::{self, Node};
use crate::store::schedules;
use crate::store::todo::{self, Reservation};
use crate::table::Transacted;

pub struct NewSchedule {
    pub name: ScheduleName,
    pub interval: Interval,
    pub hls: HlsParams,
}

pub struct ScheduleChange {
    pub id: ScheduleId,
    pub name: ScheduleName,
    pub interval: Interval,
}

/// Which part of the list is asked for.
#[derive(Default)]
pub struct Window {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub limit: Option<usize>,
    pub after: Option<Position>,
}

/// A place in the list: after the schedule with this start and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub start: DateTime<Utc>,
    pub id: ScheduleId,
}

/// A part of the list, newest start first, and where the rest begins.
pub struct Listing {
    pub schedules: Vec<Plan>,
    pub next: Option<Position>,
}

/// # Errors
/// When the token is none, or the table does not answer.
pub async fn list_schedules(app: &App, bearer: &Bearer, form: Result<Window, Error>) -> Result<Listing, Error> {
    let load = async { Ok((form?, schedules::list(&app.table, &bearer.tenant).await?)) };
    let (_, (window, mut plans)) = admit(app, bearer, Action::ListSchedules, load).await?;
    plans.retain(|plan| {
        window.from.is_none_or(|from| plan.interval.end() > from)
            && window.to.is_none_or(|to| plan.interval.start() < to)
    });
    let place = |plan: &Plan| (Reverse(plan.interval.start()), Reverse(plan.id.clone()));
    plans.sort_by_key(place);
    if let Some(Position { start, id }) = window.after {
        plans.retain(|plan| place(plan) > (Reverse(start), Reverse(id.clone())));
    }
    let is_cut = window.limit.is_some_and(|limit| limit < plans.len());
    plans.truncate(window.limit.unwrap_or(usize::MAX));
    let next =
        plans.last().filter(|_| is_cut).map(|plan| Position { start: plan.interval.start(), id: plan.id.clone() });
    Ok(Listing { schedules: plans, next })
}

/// # Errors
/// `ScheduleOverlap` when the time is taken; what ImageFlux says when it makes no channel. Then nothing remains.
pub async fn create_schedule(
    app: &App,
    bearer: &Bearer,
    form: Result<Keyed<NewSchedule>, Error>,
) -> Result<ScheduleId, Error> {
    let load = async {
        let Keyed { form: new, key } = form?;
        let owner = gaps::gap_owner(app, &bearer.tenant, new.interval).await?;
        Ok((new, key, owner))
    };
    let (caller, (new, key, owner)) = admit(app, bearer, Action::CreateSchedule, load).await?;
    match idempotency::begin(app, &caller, "create_schedule", key.as_ref()).await? {
        Begun::Answered(answer) => Ok(answer.as_str().into()),
        Begun::Fresh(attempt) => {
            let result = create_once(app, &caller, new, owner, &attempt).await;
            attempt.end(app, result).await
        }
    }
}

/// How long taking a slot may take.
const RESERVING: Duration = Duration::from_secs(5);

async fn create_once(
    app: &App,
    caller: &Caller,
    new: NewSchedule,
    owner: Node,
    attempt: &Attempt,
) -> Result<ScheduleId, Error> {
    let now = app.clock.now_second();
    let reservation = Reservation {
        tenant: caller.tenant.clone(),
        plan: Plan {
            id: app.random.uuid().into(),
            name: new.name,
            interval: new.interval,
            created_at: now,
            created_by: caller.user.name.as_str().to_owned(),
        },
        operation: app.random.uuid().to_string(),
        lease_end: lease_end(now),
    };
    let begun = Instant::now();
    let reserved = reservations::reserve(app, &reservation, owner).await.and_then(|()| {
        // What comes next must be decided before the function's time is up.
        if begun.elapsed() <= RESERVING { Ok(()) } else { Err(contended()) }
    });
    if let Err(error) = reserved {
        // It may be there although nobody knows, and would stand in the way of the same request's next attempt.
        if let Error::Unavailable(_) = error {
            let _released_later = tokio::time::timeout(RESERVING, reservations::release(app, &reservation)).await;
        }
        return Err(error);
    }
    match app.imageflux.create_channel(&new.hls).await {
        Ok(channel) => reservations::activate(app, reservation, channel, &new.hls, attempt).await,
        Err(failed) => {
            if let Some(channel_id) = failed.left_behind {
                channels::discard(app, &channel_id).await;
            }
            // If this fails, the sweeper does it when the lease has ended.
            let _released_later = reservations::release(app, &reservation).await;
            Err(failed.error.into())
        }
    }
}

/// # Errors
/// `ScheduleNotFound`, `ScheduleStarted` when the start has come and shall change, `ScheduleOverlap`. Then nothing changes.
pub async fn update_schedule(app: &App, bearer: &Bearer, form: Result<ScheduleChange, Error>) -> Result<(), Error> {
    let load = async {
        let change = form?;
        let schedule = schedules::find(&app.table, &bearer.tenant, &change.id).await?;
        Ok((change, schedule))
    };
    let (caller, (change, mut schedule)) = admit(app, bearer, Action::UpdateSchedule, load).await?;
    for _ in 0..MAX_DECISIONS {
        let now = app.clock.now_second();
        telemetry::note("schedule", change.id.is_well_formed().then(|| change.id.as_str()));
        let seen = schedule.ok_or(Error::ScheduleNotFound)?.plan;
        if change.interval.start() != seen.interval.start() && seen.interval.has_started_at(now) {
            return Err(Error::ScheduleStarted);
        }
        if let Some(mut writes) = moves::moving(app, &caller.tenant, &seen, change.interval).await? {
            writes.push(schedules::change(&caller.tenant, &seen, &change.name, change.interval, now));
            if let Transacted::Done = app.table.transact(&writes).await? {
                return Ok(());
            }
        }
        schedule = schedules::find(&app.table, &caller.tenant, &change.id).await?;
    }
    Err(contended())
}

/// Its chat goes with it, and its channel is deleted upstream: now if ImageFlux answers, else surely later.
///
/// # Errors
/// `ScheduleNotFound`, or `ScheduleStarted` from the second of its start on.
pub async fn delete_schedule(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<(), Error> {
    let load = async {
        let id = form?;
        let schedule = schedules::find(&app.table, &bearer.tenant, &id).await?;
        Ok((id, schedule))
    };
    let (caller, (id, mut schedule)) = admit(app, bearer, Action::DeleteSchedule, load).await?;
    let tenant = &caller.tenant;
    for _ in 0..MAX_DECISIONS {
        let now = app.clock.now_second();
        telemetry::note("schedule", id.is_well_formed().then(|| id.as_str()));
        let Schedule { plan, channel } = schedule.ok_or(Error::ScheduleNotFound)?;
        if plan.interval.has_started_at(now) {
            return Err(Error::ScheduleStarted);
        }
        match calendar::at_with_predecessor(&app.table, tenant, plan.interval.start()).await? {
            Some((node, predecessor)) if node.is(&plan.id) => {
                let mut writes = calendar::give_back(tenant, &predecessor, &node).to_vec();
                writes.push(schedules::delete(tenant, &plan, now));
                writes.push(schedules::forget_hls(tenant, &plan.id));
                if let Some(channel) = &channel {
                    writes.push(todo::delete_channel(&channel.channel_id, now)?);
                }
                // Posts that are on their way may still arrive for a while.
                writes.push(todo::delete_chat(tenant, &plan.id, lease_end(now))?);
                if let Transacted::Done = app.table.transact(&writes).await? {
                    if let Some(channel) = channel {
                        channels::delete(app, &channel.channel_id, now).await;
                    }
                    return Ok(());
                }
            }
            _ => gaps::pause(app).await,
        }
        schedule = schedules::find(&app.table, tenant, &id).await?;
    }
    Err(contended())
}
