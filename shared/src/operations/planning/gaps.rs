//! Finding a place in the calendar: which gap an interval fits into, or who stands in its way.

use super::reservations;
use crate::app::App;
use crate::domain::ids::TenantId;
use crate::domain::interval::Interval;
use crate::domain::schedule::{Plan, Schedule};
use crate::operations::{Conflict, Error, pause};
use crate::store::calendar::{self, Node};
use crate::store::{schedules, todo};
use crate::table::TableError;

/// What lies after a node, as far as an interval is concerned.
pub(in crate::operations) enum Gap {
    /// The interval fits.
    Free,
    /// The node itself is in the way.
    Taken,
    /// Another node starts before the interval's end: the list was read in the middle of a change.
    Torn,
}

pub(in crate::operations) fn gap(owner: &Node, interval: Interval) -> Gap {
    if owner.ends > interval.start().into() {
        Gap::Taken
    } else if owner.nxt < interval.end().into() {
        Gap::Torn
    } else {
        Gap::Free
    }
}

/// The only node that an interval can collide with: the one with the greatest start before its end.
pub(in crate::operations) async fn gap_owner(
    app: &App,
    tenant: &TenantId,
    interval: Interval,
) -> Result<Node, TableError> {
    let nodes = calendar::before(&app.table, tenant, interval.end().into(), 1).await?;
    nodes.into_iter().next().ok_or_else(|| TableError::Broken("a calendar without a head".to_owned()))
}

/// Fails with the schedule that is in the way of an interval, or releases a reservation whose lease has ended.
pub(in crate::operations) async fn make_way(
    app: &App,
    tenant: &TenantId,
    node: &Node,
    interval: Interval,
) -> Result<(), Error> {
    let Some(id) = &node.schedule else { return Err(Error::Internal("the head of a calendar collides".to_owned())) };
    let reservation = async {
        match node.reserved_until {
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

fn overlap(plan: Plan) -> Error {
    Error::ScheduleOverlap(Box::new(Conflict::from(plan)))
}
