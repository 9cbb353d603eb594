//! Finding a place in the calendar: which gap an interval fits into, or who stands in its way.

use std::time::Duration;

use super::{Conflict, Error, reservations};
use crate::app::App;
use crate::domain::ids::TenantId;
use crate::domain::interval::Interval;
use crate::domain::schedule::{Plan, Schedule};
use crate::store::calendar::{self, Node};
use crate::store::{instant_text, schedules, todo};
use crate::table::{TableError, Write};

/// What lies after a node, as far as an interval is concerned.
pub(super) enum Gap {
    /// The interval fits.
    Free,
    /// The node itself is in the way.
    Taken,
    /// There must be another node before the interval's end: the list was seen in the middle of a change.
    Torn,
}

pub(super) fn gap(owner: &Node, interval: Interval) -> Gap {
    if owner.ends > instant_text(interval.start()) {
        Gap::Taken
    } else if owner.nxt < instant_text(interval.end()) {
        Gap::Torn
    } else {
        Gap::Free
    }
}

/// The only node that an interval can collide with: the one with the greatest start before its end.
pub(super) async fn gap_owner(app: &App, tenant: &TenantId, interval: Interval) -> Result<Node, TableError> {
    let nodes = calendar::before(&app.table, tenant, &instant_text(interval.end()), 1).await?;
    nodes.into_iter().next().ok_or_else(|| TableError::Broken("a calendar without a head".to_owned()))
}

/// Says who stands in the way of an interval, or clears away a reservation whose lease has ended.
pub(super) async fn make_way(app: &App, tenant: &TenantId, node: &Node, interval: Interval) -> Result<(), Error> {
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
        (None, Some(reservation)) => reservations::release(app, &reservation).await,
        // It moved or went away since the node was read.
        (Some(_), _) | (None, None) => {
            pause(app).await;
            Ok(())
        }
    }
}

/// What has to change in the calendar for a schedule to move. `None` when it has to be read again.
pub(super) async fn moving(
    app: &App,
    tenant: &TenantId,
    seen: &Plan,
    to: Interval,
) -> Result<Option<Vec<Write>>, Error> {
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

fn overlap(plan: Plan) -> Error {
    Error::ScheduleOverlap(Box::new(Conflict::from(plan)))
}

/// Lets a change that was seen half done become whole.
pub(super) async fn pause(app: &App) {
    app.table.pause_up_to(Duration::from_millis(50)).await;
}
