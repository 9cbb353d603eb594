//! The life of a reservation: a slot is taken, then it becomes a schedule with its channel, or nothing remains.

use super::channels::{self, Decided};
use super::gaps::{Gap, gap, gap_owner, make_way, pause};
use crate::app::App;
use crate::domain::channel::Channel;
use crate::domain::hls::HlsParams;
use crate::domain::ids::ScheduleId;
use crate::domain::schedule::Schedule;
use crate::operations::idempotency::Attempt;
use crate::operations::{Error, MAX_DECISIONS, contended};
use crate::platform::telemetry;
use crate::store::calendar::{self, Node};
use crate::store::todo::{self, Reservation};
use crate::store::{instant_text, schedules};
use crate::table::{Refusal, Transacted, Write};

/// Takes the slot.
pub(in crate::operations) async fn reserve(app: &App, reservation: &Reservation, mut owner: Node) -> Result<(), Error> {
    let (tenant, plan) = (&reservation.tenant, &reservation.plan);
    let lease_end = instant_text(reservation.lease_end);
    for decision in 0..MAX_DECISIONS {
        // An attempt that seemed lost may have been on its way, and arrived: the slot is taken, by this reservation.
        if owner.is(&plan.id) {
            return Ok(());
        }
        match gap(&owner, plan.interval) {
            Gap::Taken => make_way(app, tenant, &owner, plan.interval).await?,
            Gap::Torn => pause(app).await,
            Gap::Free => {
                let mut writes = calendar::take(tenant, &owner, plan.interval, &plan.id, Some(&lease_end))?.to_vec();
                writes.push(todo::reserve(reservation)?);
                if let Transacted::Done = app.table.transact(&writes).await? {
                    return Ok(());
                }
                // Many who come in the order of their starts would each wait for all before them.
                if decision > 0 {
                    pause(app).await;
                }
            }
        }
        owner = gap_owner(app, tenant, plan.interval).await?;
    }
    Err(contended())
}

/// Turns the reservation into a schedule, unless its lease was found to have ended.
pub(in crate::operations) async fn activate(
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
        todo::retire(tenant, &id, channels::retirement(app, plan))?,
    ];
    writes.extend(attempt.answer(id.as_str()));
    let error = match app.table.transact(&writes).await {
        Ok(Transacted::Done) => return Ok(id),
        Ok(Transacted::Refused(_)) => Error::Unavailable("the reservation ended before its channel came".to_owned()),
        // Nobody knows whether it happened. Undoing it decides: one of the two ends the reservation first.
        Err(error) => error.into(),
    };
    match channels::insist(app, || undo(app, &reservation, &channel_id)).await? {
        Decided::Taken => Ok(id),
        Decided::Discarded => Err(error),
    }
}

/// Undoes a reservation whose channel was created; from the same moment on the channel is one to be deleted.
async fn undo(app: &App, reservation: &Reservation, channel_id: &str) -> Result<Decided, Error> {
    let due = app.clock.now_second();
    let unneeded = todo::delete_channel(channel_id, due)?;
    if let Ended::Before = end(app, reservation, Some(unneeded.clone())).await? {
        // It became a schedule, or was released. A read could see that it ended, and not yet what it became.
        let writes = [schedules::is_absent(&reservation.tenant, &reservation.plan.id), unneeded];
        if let Transacted::Refused(_) = app.table.transact(&writes).await? {
            return Ok(Decided::Taken);
        }
    }
    channels::delete(app, channel_id, due).await;
    Ok(Decided::Discarded)
}

/// Undoes a reservation that has no channel; one that is gone already is undone.
pub(in crate::operations) async fn release(app: &App, reservation: &Reservation) -> Result<(), Error> {
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
            _ => match calendar::at(&app.table, tenant, &instant_text(plan.interval.start())).await? {
                Some(node) if node.is(&plan.id) => {
                    pause(app).await;
                    continue;
                }
                // Another's slot cannot be about to become this reservation's. A free one can: it may be taken already,
                // and not yet be seen.
                Some(_) => {}
                None => writes.push(calendar::is_free(tenant, plan.interval.start())),
            },
        }
        writes.extend(besides.clone());
        writes.push(todo::settle(reservation));
        match app.table.transact(&writes).await? {
            Transacted::Done => return Ok(Ended::Now),
            Transacted::Refused(refusals) if refusals.last().is_some_and(Refusal::is_failed) => {
                return Ok(Ended::Before);
            }
            Transacted::Refused(_) => pause(app).await,
        }
    }
    Err(contended())
}
