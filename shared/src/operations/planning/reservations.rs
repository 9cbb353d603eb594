//! The life of a reservation: a slot is taken, then it becomes a schedule with its channel, or nothing remains.

use super::channels::{self, Decided};
use super::gaps::{Gap, gap, gap_owner, make_way};
use crate::app::App;
use crate::crypto::{publish_token, watch_key};
use crate::domain::channel::Channel;
use crate::domain::hls::HlsParams;
use crate::domain::ids::ScheduleId;
use crate::domain::schedule::{Keys, Reservation, Schedule};
use crate::operations::idempotency::Attempt;
use crate::operations::{Error, MAX_DECISIONS, contended, pause};
use crate::platform::telemetry;
use crate::store::calendar::{self, Node};
use crate::store::schedules;
use crate::store::todo::{self, Todo};
use crate::table::{Refusal, Transacted, Write};

/// Takes the slot.
pub(in crate::operations) async fn reserve(app: &App, reservation: &Reservation, mut owner: Node) -> Result<(), Error> {
    let (tenant, plan) = (&reservation.tenant, &reservation.plan);
    let lease_end = Some(reservation.lease_end);
    for decision in 0..MAX_DECISIONS {
        // An earlier attempt of ours may have arrived after we gave it up: then this reservation has the slot already.
        if owner.belongs_to(&plan.id) {
            return Ok(());
        }
        match gap(&owner, plan.interval) {
            Gap::Taken => make_way(app, tenant, &owner, plan.interval).await?,
            Gap::Torn => pause(app).await,
            Gap::Free => {
                let mut writes = calendar::take(tenant, &owner, plan, lease_end)?.to_vec();
                writes.push(todo::add(&Todo::Reservation(reservation.clone()))?);
                if let Transacted::Done = app.table.transact(&writes).await? {
                    return Ok(());
                }
                // Without a pause, many requests in the order of their starts would each wait for all before them.
                if decision > 0 {
                    pause(app).await;
                }
            }
        }
        owner = gap_owner(app, tenant, plan.interval).await?;
    }
    Err(contended())
}

/// Turns the reservation into a schedule, which `row` says in the trail, unless its lease was found to have ended.
pub(in crate::operations) async fn activate(
    app: &App,
    reservation: Reservation,
    channel: Channel,
    hls: &HlsParams,
    row: Write,
    attempt: &Attempt,
) -> Result<ScheduleId, Error> {
    let (tenant, plan) = (&reservation.tenant, &reservation.plan);
    let channel_id = channel.channel_id.clone();
    let hook = channels::add_hook(tenant, plan.id, &channel)?;
    let keys =
        Keys { publishing: publish_token::secret(app.random.bytes()), watching: watch_key::secret(app.random.bytes()) };
    let schedule = Schedule { plan: plan.clone(), channel: Some(channel), keys };
    let id = plan.id;
    telemetry::note("schedule", id.to_string());
    let mut writes = vec![
        todo::strike_off(&Todo::Reservation(reservation.clone())),
        schedules::create(tenant, &schedule)?,
        calendar::show(tenant, plan),
        schedules::keep_hls(tenant, &id, hls)?,
        todo::add(&channels::retirement(app, tenant, plan, &channel_id))?,
    ];
    writes.extend(hook);
    writes.push(row);
    writes.extend(attempt.answer(&id.to_string()));
    let error = match app.table.transact(&writes).await {
        Ok(Transacted::Done) => return Ok(id),
        Ok(Transacted::Refused(_)) => Error::Unavailable("the reservation ended before its channel came".to_owned()),
        // The transaction may have happened or not. Undoing it decides: one of the two ends the reservation first.
        Err(error) => error.into(),
    };
    match channels::insist(app, || undo(app, &reservation, &channel_id)).await? {
        Decided::Taken => Ok(id),
        Decided::Discarded => Err(error),
    }
}

/// Undoes a reservation whose channel was created, and notes in the same transaction that the channel is to be deleted.
async fn undo(app: &App, reservation: &Reservation, channel_id: &str) -> Result<Decided, Error> {
    let due = app.clock.now_second();
    let unneeded = todo::add(&Todo::Channel { channel_id: channel_id.to_owned(), due })?;
    if let Ended::Before = end(app, reservation, Some(unneeded.clone())).await? {
        // It became a schedule, or was released. A read could see that it ended, and not yet what it became.
        let writes = [schedules::require_absent(&reservation.tenant, &reservation.plan.id), unneeded];
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
            Some((node, predecessor)) if node.belongs_to(&plan.id) => {
                writes.extend(calendar::give_back(tenant, &predecessor, &node));
            }
            // A slot that is free or another's, or a list seen in the middle of a change.
            _ => match calendar::at(&app.table, tenant, plan.interval.start().into()).await? {
                Some(node) if node.belongs_to(&plan.id) => {
                    pause(app).await;
                    continue;
                }
                // A slot owned by someone else cannot become ours. A free one can: our own late write may have committed
                // without being visible yet.
                Some(_) => {}
                None => writes.push(calendar::require_free(tenant, plan.interval.start())),
            },
        }
        writes.extend(besides.clone());
        writes.push(todo::strike_off(&Todo::Reservation(reservation.clone())));
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
