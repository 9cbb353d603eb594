//! Planning broadcasts that never overlap, each with exactly one channel.
//!
//! A new schedule is first a reservation: its slot is taken, its lease runs, nobody sees it. Then its
//! channel is created, and one transaction turns the reservation into a schedule. Whatever stops in
//! between is undone here, or by `sweeping` once the lease has ended.

use std::time::Duration;

use tokio::time::Instant;

use super::idempotency::{self, Attempt, Begun, Keyed};
use super::planning::{channels, gaps, moves, reservations};
use super::{Caller, Error, MAX_DECISIONS, admit, contended, lease_end, on_air, pause, reading, trail};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::hls::HlsParams;
use crate::domain::ids::ScheduleId;
use crate::domain::interval::Interval;
use crate::domain::invalid::FormError;
use crate::domain::schedule::{Plan, Reservation, Schedule, ScheduleName};
use crate::domain::trail::names_of;
use crate::platform::telemetry;
use crate::policy::Action;
use crate::store::calendar::{self, Node};
use crate::store::moves::{self as announced, Move};
use crate::store::todo::{self, Todo};
use crate::store::{live, schedules, tenants};
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

/// `ScheduleOverlap` if the time is taken. After any error nothing remains of the schedule.
pub async fn create_schedule(
    app: &App,
    bearer: &Bearer,
    form: Result<Keyed<NewSchedule>, Error>,
) -> Result<ScheduleId, Error> {
    let load = async {
        let Keyed { form: new, key } = form?;
        let owner = gaps::gap_owner(app, &bearer.tenant, new.interval);
        let (owner, archives) = tokio::join!(owner, check_archives(app, bearer, &new.hls));
        Ok((new, key, owner?, archives))
    };
    let (caller, (new, key, owner, archives)) = admit(app, bearer, Action::CreateSchedule, load).await?;
    match idempotency::begin(app, &caller, "create_schedule", key.as_ref()).await? {
        Begun::Answered(answer) => Ok(answer.as_str().into()),
        Begun::Fresh(attempt) => {
            let result = match archives {
                Ok(()) => create_once(app, &caller, new, owner, &attempt).await,
                Err(refused) => Err(refused),
            };
            attempt.end(app, result).await
        }
    }
}

/// An archive goes only where the operator said that this tenant's may go.
async fn check_archives(app: &App, bearer: &Bearer, hls: &HlsParams) -> Result<(), Error> {
    if !hls.names_an_archive_destination() {
        return Ok(());
    }
    let own = tenants::archive_destinations(&app.table, &bearer.tenant).await?;
    let foreign = hls.foreign_archive_destinations(&own);
    if foreign.is_empty() { Ok(()) } else { Err(FormError::Fields(foreign).into()) }
}

/// How long it may take to reserve a slot.
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
            revision: 0,
            changed_at: now,
        },
        operation: app.random.uuid().to_string(),
        lease_end: lease_end(now),
    };
    let begun = Instant::now();
    let reserved = reservations::reserve(app, &reservation, owner).await.and_then(|()| {
        // Creating and activating the channel must fit into what is left of the function's time.
        if begun.elapsed() <= RESERVING { Ok(()) } else { Err(contended()) }
    });
    if let Err(error) = reserved {
        // The reservation may have been written although we saw an error; left behind, it would block a retry of the
        // same request.
        if let Error::Unavailable(_) = error {
            let _released_later = tokio::time::timeout(RESERVING, reservations::release(app, &reservation)).await;
        }
        return Err(error);
    }
    match channels::create(app, &new.hls).await {
        Ok(channel) => {
            let row = trail::row(app, caller, "create_schedule", trail::schedule(reservation.plan.id), &[])?;
            reservations::activate(app, reservation, channel, &new.hls, row, attempt).await
        }
        Err(error) => {
            // If this fails, the sweeper does it when the lease has ended.
            let _released_later = reservations::release(app, &reservation).await;
            Err(error)
        }
    }
}

/// `ScheduleStarted` if the start is in the past, would change, and somebody has published. After any error nothing has
/// changed.
pub async fn update_schedule(app: &App, bearer: &Bearer, form: Result<ScheduleChange, Error>) -> Result<(), Error> {
    let load = async {
        let change = form?;
        let schedule = schedules::find(&app.table, &bearer.tenant, &change.id).await?;
        Ok((change, schedule))
    };
    let (caller, (change, mut schedule)) = admit(app, bearer, Action::UpdateSchedule, load).await?;
    for _ in 0..MAX_DECISIONS {
        let now = app.clock.now_second();
        telemetry::note("schedule", change.id.to_string());
        let found = schedule.ok_or(Error::ScheduleNotFound)?;
        let changed = differences(&found.plan, &change);
        if changed.is_empty() {
            // Perhaps an attempt of ours that was given up arrived after all, or somebody else did the same.
            reading::schedule_changed(app, &caller.tenant, change.id);
            return Ok(());
        }
        // A late presenter may be moved; a broadcast that has begun may not.
        let interval = found.plan.interval;
        let is_late = change.interval.start() != interval.start() && interval.has_started_at(now);
        if is_late && on_air::may_have_published(app, &caller.tenant, &found).await? {
            return Err(Error::ScheduleStarted);
        }
        let seen = found.plan;
        let new = Plan {
            name: change.name.clone(),
            interval: change.interval,
            revision: seen.revision + 1,
            changed_at: now,
            ..seen.clone()
        };
        if let Some(mut writes) = moves::moving(app, &caller.tenant, &seen, &new).await? {
            if is_late {
                writes.push(live::require_nobody_published(&caller.tenant, &seen.id));
            }
            if new.interval.start() != seen.interval.start() {
                let moved = Move { schedule: seen.id, from: seen.interval, to: new.interval };
                announced::announce(&app.table, &caller.tenant, &moved, now, app.random.uuid()).await?;
            }
            writes.push(schedules::change(&caller.tenant, &seen, &change.name, change.interval, now));
            writes.push(trail::row(app, &caller, "update_schedule", trail::schedule(change.id), &changed)?);
            if let Transacted::Done = app.table.transact(&writes).await? {
                reading::schedule_changed(app, &caller.tenant, change.id);
                return Ok(());
            }
        }
        schedule = schedules::find(&app.table, &caller.tenant, &change.id).await?;
    }
    Err(contended())
}

/// The names of the fields whose values change.
fn differences(seen: &Plan, change: &ScheduleChange) -> Vec<&'static str> {
    names_of([
        ("name", seen.name != change.name),
        ("start_datetime", seen.interval.start() != change.interval.start()),
        ("end_datetime", seen.interval.end() != change.interval.end()),
    ])
}

/// Deletes its chat, too, and its channel at ImageFlux: now if ImageFlux answers, otherwise in a later sweep.
///
/// `ScheduleStarted` from the second of its start on.
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
        telemetry::note("schedule", id.to_string());
        let Schedule { plan, channel, .. } = schedule.ok_or(Error::ScheduleNotFound)?;
        if plan.interval.has_started_at(now) {
            return Err(Error::ScheduleStarted);
        }
        match calendar::at_with_predecessor(&app.table, tenant, plan.interval.start()).await? {
            Some((node, predecessor)) if node.belongs_to(&plan.id) => {
                let mut writes = calendar::give_back(tenant, &predecessor, &node).to_vec();
                writes.push(schedules::delete(tenant, &plan, now));
                writes.push(schedules::forget_hls(tenant, &plan.id));
                writes.push(live::forget(tenant, &plan.id));
                if let Some(channel) = &channel {
                    writes.push(todo::add(&Todo::Channel { channel_id: channel.channel_id.clone(), due: now })?);
                    writes.extend(channels::remove_hook(channel));
                }
                // Posts that are on their way may still arrive for a while.
                let chat = Todo::Chat { tenant: tenant.clone(), schedule: plan.id, due: lease_end(now) };
                writes.push(todo::add(&chat)?);
                writes.push(trail::row(app, &caller, "delete_schedule", trail::schedule(id), &[])?);
                if let Transacted::Done = app.table.transact(&writes).await? {
                    reading::schedule_changed(app, tenant, id);
                    if let Some(channel) = channel {
                        channels::delete(app, &channel.channel_id, now).await;
                    }
                    return Ok(());
                }
            }
            _ => pause(app).await,
        }
        schedule = schedules::find(&app.table, tenant, &id).await?;
    }
    Err(contended())
}
