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
use super::{Caller, Conflict, Error, MAX_DECISIONS, admit, contended, lease_end};
use crate::app::App;
use crate::credentials::tokens::Bearer;
use crate::domain::channel::Channel;
use crate::domain::hls::HlsParams;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::interval::Interval;
use crate::domain::schedule::{Plan, Schedule, ScheduleName};
use crate::policy::Action;
use crate::store::calendar::{self, Node};
use crate::store::todo::{self, Reservation};
use crate::store::{instant_text, schedules};
use crate::table::{Refusal, TableError, Transacted, Write};
use crate::telemetry;

/// How long undoing is tried while the table does not answer. The client has its refusal in time all the same.
const UNDO_BUDGET: Duration = Duration::from_secs(10);

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
    let load = form.map(|window| async {
        let all = schedules::list(&app.table, &bearer.tenant).await?;
        Ok((window, all))
    });
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
    let load = form.map(|Keyed { form: new, key }| async {
        let owner = gap_owner(app, &bearer.tenant, new.interval).await?;
        Ok((new, key, owner))
    });
    let (caller, (new, key, owner)) = admit(app, bearer, Action::CreateSchedule, load).await?;
    match idempotency::begin(app, &caller, "create_schedule", key.as_ref()).await? {
        Begun::Answered(answer) => Ok(answer.as_str().into()),
        Begun::Fresh(attempt) => {
            let result = create_once(app, &caller, new, owner, &attempt).await;
            attempt.end(app, result).await
        }
    }
}

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
    reserve(app, &reservation, owner).await?;
    match app.imageflux.create_channel(&new.hls).await {
        Ok(channel) => activate(app, reservation, channel, &new.hls, attempt).await,
        Err(failed) => {
            if let Some(channel_id) = failed.left_behind {
                discard_channel(app, &channel_id).await;
            }
            // If this fails, the sweeper does it when the lease has ended.
            let _released_later = release(app, &reservation).await;
            Err(failed.error.into())
        }
    }
}

/// Takes the slot.
async fn reserve(app: &App, reservation: &Reservation, mut owner: Node) -> Result<(), Error> {
    let (tenant, plan) = (&reservation.tenant, &reservation.plan);
    let lease_end = instant_text(reservation.lease_end);
    for _ in 0..MAX_DECISIONS {
        match gap(&owner, plan.interval) {
            Gap::Taken => make_way(app, tenant, &owner, plan.interval).await?,
            Gap::Torn => pause(app).await,
            Gap::Free => {
                let mut writes = calendar::take(tenant, &owner, plan.interval, &plan.id, Some(&lease_end))?.to_vec();
                writes.push(todo::reserve(reservation)?);
                if let Transacted::Done = app.table.transact(&writes).await? {
                    return Ok(());
                }
            }
        }
        owner = gap_owner(app, tenant, plan.interval).await?;
    }
    Err(contended())
}

/// Turns the reservation into a schedule, unless its lease was found to have ended.
async fn activate(
    app: &App,
    reservation: Reservation,
    channel: Channel,
    hls: &HlsParams,
    attempt: &Attempt,
) -> Result<ScheduleId, Error> {
    let (tenant, plan) = (&reservation.tenant, &reservation.plan);
    let channel_id = channel.channel_id.clone();
    let schedule = Schedule { plan: plan.clone(), channel: Some(channel) };
    let id = plan.id.clone();
    telemetry::note("schedule", id.as_str());
    let mut writes = vec![
        todo::settle(&reservation),
        schedules::create(tenant, &schedule)?,
        schedules::keep_hls(tenant, &id, hls)?,
        todo::retire(tenant, &id, retirement(app, plan))?,
    ];
    writes.extend(attempt.answer(id.as_str()));
    let error = match app.table.transact(&writes).await {
        Ok(Transacted::Done) => return Ok(id),
        Ok(Transacted::Refused(_)) => Error::Unavailable("the reservation ended before its channel came".to_owned()),
        // Nobody knows whether it happened. Undoing it decides: one of the two ends the reservation first.
        Err(error) => error.into(),
    };
    let deadline = Instant::now() + UNDO_BUDGET;
    loop {
        match undo(app, &reservation, &channel_id).await {
            Ok(Undone::Activated) => return Ok(id),
            Ok(Undone::Gone) => return Err(error),
            // Nothing else remembers the channel, so giving up would lose it.
            Err(Error::Unavailable(_)) if Instant::now() < deadline => pause(app).await,
            Err(error) => return Err(error),
        }
    }
}

/// What undoing a reservation found.
enum Undone {
    Gone,
    /// It had become a schedule before.
    Activated,
}

/// Undoes a reservation whose channel was created; from the same moment on the channel is one to be deleted.
async fn undo(app: &App, reservation: &Reservation, channel_id: &str) -> Result<Undone, Error> {
    let due = app.clock.now_second();
    let Reservation { tenant, plan, .. } = reservation;
    match end(app, reservation, Some(todo::delete_channel(channel_id, due)?)).await? {
        Ended::Now => delete_channel(app, channel_id, due).await,
        Ended::Before if schedules::find(&app.table, tenant, &plan.id).await?.is_some() => {
            return Ok(Undone::Activated);
        }
        Ended::Before => discard_channel(app, channel_id).await,
    }
    Ok(Undone::Gone)
}

/// When a channel may go: some time after the broadcast has ended, and no sooner than that after now.
pub(super) fn retirement(app: &App, plan: &Plan) -> DateTime<Utc> {
    plan.interval.end().max(app.clock.now_second()) + app.channel_grace
}

/// Undoes a reservation that has no channel; one that is gone already is undone.
pub(super) async fn release(app: &App, reservation: &Reservation) -> Result<(), Error> {
    end(app, reservation, None).await.map(drop)
}

/// How a reservation ended.
enum Ended {
    Now,
    /// It was released or became a schedule.
    Before,
}

/// Ends a reservation and frees its slot, together with what else has to be written then.
async fn end(app: &App, reservation: &Reservation, besides: Option<Write>) -> Result<Ended, Error> {
    let Reservation { tenant, plan, .. } = reservation;
    for _ in 0..MAX_DECISIONS {
        let mut writes: Vec<Write> = Vec::new();
        match calendar::at_with_predecessor(&app.table, tenant, plan.interval.start()).await? {
            Some((node, predecessor)) if node.is(&plan.id) => {
                writes.extend(calendar::give_back(tenant, &predecessor, &node));
            }
            // A slot that is free or another's, or a list seen in the middle of a change.
            _ => {
                if calendar::at(&app.table, tenant, &instant_text(plan.interval.start()))
                    .await?
                    .is_some_and(|node| node.is(&plan.id))
                {
                    pause(app).await;
                    continue;
                }
            }
        }
        writes.extend(besides.clone());
        writes.push(todo::settle(reservation));
        match app.table.transact(&writes).await? {
            Transacted::Done => return Ok(Ended::Now),
            Transacted::Refused(refusals) if refusals.last().is_some_and(Refusal::is_failed) => {
                return Ok(Ended::Before);
            }
            Transacted::Refused(_) => {}
        }
    }
    Err(contended())
}

/// # Errors
/// `ScheduleNotFound`, `ScheduleStarted` when the start has come and shall change, `ScheduleOverlap`. Then nothing changes.
pub async fn update_schedule(app: &App, bearer: &Bearer, form: Result<ScheduleChange, Error>) -> Result<(), Error> {
    let load = form.map(|change| async {
        let schedule = schedules::find(&app.table, &bearer.tenant, &change.id).await?;
        Ok((change, schedule))
    });
    let (caller, (change, mut schedule)) = admit(app, bearer, Action::UpdateSchedule, load).await?;
    for _ in 0..MAX_DECISIONS {
        let now = app.clock.now_second();
        telemetry::note("schedule", change.id.is_well_formed().then(|| change.id.as_str()));
        let seen = schedule.ok_or(Error::ScheduleNotFound)?.plan;
        if change.interval.start() != seen.interval.start() && seen.interval.has_started_at(now) {
            return Err(Error::ScheduleStarted);
        }
        if let Some(mut writes) = calendar_writes(app, &caller.tenant, &seen, change.interval).await? {
            writes.push(schedules::change(&caller.tenant, &seen, &change.name, change.interval, now));
            if let Transacted::Done = app.table.transact(&writes).await? {
                return Ok(());
            }
        }
        schedule = schedules::find(&app.table, &caller.tenant, &change.id).await?;
    }
    Err(contended())
}

/// What has to change in the calendar. `None` when it has to be read again.
async fn calendar_writes(app: &App, tenant: &TenantId, seen: &Plan, to: Interval) -> Result<Option<Vec<Write>>, Error> {
    let from = seen.interval;
    if from == to {
        return Ok(Some(Vec::new()));
    }
    let new_end = instant_text(to.end());
    let (around, owners) = tokio::try_join!(
        calendar::at_with_predecessor(&app.table, tenant, from.start()),
        calendar::before(&app.table, tenant, &new_end, 2)
    )?;
    let Some((node, predecessor)) = around.filter(|(node, _)| node.is(&seen.id)) else {
        pause(app).await;
        return Ok(None);
    };
    if from.start() == to.start() {
        if new_end <= node.nxt {
            return Ok(Some(vec![calendar::set_end(tenant, &node, &seen.id, to.end())]));
        }
        if let Some(next) = calendar::at(&app.table, tenant, &node.nxt).await?.filter(|next| !next.is(&seen.id)) {
            make_way(app, tenant, &next, to).await?;
        }
        return Ok(None);
    }
    // Its own old interval never counts.
    let Some(owner) = owners.into_iter().find(|owner| !owner.is(&seen.id)) else { return Ok(None) };
    // In the middle of another's change two reads can show one place twice; no transaction may name it twice.
    if owner.start == node.start || (owner.start != predecessor.start && predecessor.start == instant_text(to.start()))
    {
        pause(app).await;
        return Ok(None);
    }
    if owner.start == predecessor.start {
        let merged = Node { nxt: node.nxt.clone(), ..predecessor.clone() };
        return match gap(&merged, to) {
            Gap::Free => Ok(Some(calendar::shift(tenant, &predecessor, &node, &seen.id, to)?)),
            Gap::Taken => make_way(app, tenant, &owner, to).await.map(|()| None),
            Gap::Torn => {
                pause(app).await;
                Ok(None)
            }
        };
    }
    match gap(&owner, to) {
        Gap::Free => {
            let lease = node.reserved_until.as_deref();
            let mut writes = calendar::give_back(tenant, &predecessor, &node).to_vec();
            writes.extend(calendar::take(tenant, &owner, to, &seen.id, lease)?);
            Ok(Some(writes))
        }
        Gap::Taken => make_way(app, tenant, &owner, to).await.map(|()| None),
        Gap::Torn => {
            pause(app).await;
            Ok(None)
        }
    }
}

/// Its chat goes with it, and its channel is deleted upstream: now if ImageFlux answers, else surely later.
///
/// # Errors
/// `ScheduleNotFound`, or `ScheduleStarted` from the second of its start on.
pub async fn delete_schedule(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<(), Error> {
    let load = form.map(|id| async {
        let schedule = schedules::find(&app.table, &bearer.tenant, &id).await?;
        Ok((id, schedule))
    });
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
                        delete_channel(app, &channel.channel_id, now).await;
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

/// Deletes upstream what is written down as to be deleted. If it fails, the sweeper repeats it.
async fn delete_channel(app: &App, channel_id: &str, due: DateTime<Utc>) {
    if app.imageflux.delete_channel(channel_id).await.is_ok() {
        let _struck_off_later = app.table.write(&todo::channel_is_deleted(channel_id, due)).await;
    }
}

/// Gets rid of a channel that belongs to no schedule.
pub(super) async fn discard_channel(app: &App, channel_id: &str) {
    let due = app.clock.now_second();
    let Ok(write) = todo::delete_channel(channel_id, due) else { return };
    let _written_or_deleted_at_once = app.table.write(&write).await;
    delete_channel(app, channel_id, due).await;
}

/// What lies after a node, as far as an interval is concerned.
enum Gap {
    /// The interval fits.
    Free,
    /// The node itself is in the way.
    Taken,
    /// There must be another node before the interval's end: the list was seen in the middle of a change.
    Torn,
}

fn gap(owner: &Node, interval: Interval) -> Gap {
    if owner.ends > instant_text(interval.start()) {
        Gap::Taken
    } else if owner.nxt < instant_text(interval.end()) {
        Gap::Torn
    } else {
        Gap::Free
    }
}

/// The only node that an interval can collide with: the one with the greatest start before its end.
async fn gap_owner(app: &App, tenant: &TenantId, interval: Interval) -> Result<Node, TableError> {
    let nodes = calendar::before(&app.table, tenant, &instant_text(interval.end()), 1).await?;
    nodes.into_iter().next().ok_or_else(|| TableError::Broken("a calendar without a head".to_owned()))
}

/// Says who stands in the way of an interval, or clears away a reservation whose lease has ended.
async fn make_way(app: &App, tenant: &TenantId, node: &Node, interval: Interval) -> Result<(), Error> {
    let Some(id) = &node.schedule else { return Err(Error::Internal("the head of a calendar collides".to_owned())) };
    let reservation = async {
        match node.lease_end() {
            Some(lease_end) => todo::reservation(&app.table, tenant, id, lease_end).await,
            None => Ok(None),
        }
    };
    let (schedule, reservation) = tokio::try_join!(schedules::find(&app.table, tenant, id), reservation)?;
    match (schedule, reservation) {
        (Some(Schedule { plan, .. }), _) if plan.interval.overlaps(&interval) => Err(overlap(plan)),
        (None, Some(reservation)) if reservation.lease_end > app.clock.now() => Err(overlap(reservation.plan)),
        (None, Some(reservation)) => release(app, &reservation).await,
        // It moved or went away since the node was read.
        (Some(_), _) | (None, None) => {
            pause(app).await;
            Ok(())
        }
    }
}

fn overlap(plan: Plan) -> Error {
    Error::ScheduleOverlap(Box::new(Conflict::from(plan)))
}

async fn pause(app: &App) {
    app.table.pause_up_to(Duration::from_millis(50)).await;
}
