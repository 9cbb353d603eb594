//! Unfinished business, sorted by the time it is due: what a crash may leave behind, and what is done later.
//!
//! An entry is written in the transaction that makes it necessary and removed in the one that makes
//! it done, so nothing is forgotten; `operations::sweeping` finishes what is due.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::schedules::PlanItem;
use super::{decode, encode, instant, keys, text};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::schedule::Plan;
use crate::table::{Action, Condition, Item, Query, Range, Table, TableError, Write};

/// A slot that is taken while its channel is being created. When the lease ends it is void.
pub struct Reservation {
    pub tenant: TenantId,
    pub plan: Plan,
    /// Tells this attempt apart from any other.
    pub operation: String,
    pub lease_end: DateTime<Utc>,
}

pub enum Todo {
    /// Free the slot, unless the schedule came to be in time.
    Reservation(Reservation),
    /// Delete a channel that nobody needs any more.
    Channel { channel_id: String, due: DateTime<Utc> },
    /// Take the channel from a schedule that ended a while ago.
    Retirement { tenant: TenantId, schedule: ScheduleId, due: DateTime<Utc> },
    /// Remove the chat of a schedule that was deleted.
    Chat { tenant: TenantId, schedule: ScheduleId, due: DateTime<Utc> },
}

impl Todo {
    #[must_use]
    pub fn due(&self) -> DateTime<Utc> {
        match self {
            Self::Reservation(reservation) => reservation.lease_end,
            Self::Channel { due, .. } | Self::Retirement { due, .. } | Self::Chat { due, .. } => *due,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum TodoItem {
    Reservation {
        tenant: TenantId,
        operation: String,
        #[serde(with = "instant")]
        due: DateTime<Utc>,
        #[serde(flatten)]
        plan: PlanItem,
    },
    Channel {
        channel_id: String,
        #[serde(with = "instant")]
        due: DateTime<Utc>,
    },
    Retirement {
        tenant: TenantId,
        schedule: ScheduleId,
        #[serde(with = "instant")]
        due: DateTime<Utc>,
    },
    Chat {
        tenant: TenantId,
        schedule: ScheduleId,
        #[serde(with = "instant")]
        due: DateTime<Utc>,
    },
}

fn decode_todo(item: Item) -> Result<Todo, TableError> {
    Ok(match decode(item)? {
        TodoItem::Reservation { tenant, operation, due, plan } => {
            Todo::Reservation(Reservation { tenant, plan: plan.into_plan()?, operation, lease_end: due })
        }
        TodoItem::Channel { channel_id, due } => Todo::Channel { channel_id, due },
        TodoItem::Retirement { tenant, schedule, due } => Todo::Retirement { tenant, schedule, due },
        TodoItem::Chat { tenant, schedule, due } => Todo::Chat { tenant, schedule, due },
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    MostUrgentFirst,
    LatestFirst,
}

/// What was due before the instant, `limit` entries at the most.
///
/// # Errors
/// When the table does not answer.
pub async fn due(table: &Table, now: DateTime<Utc>, limit: usize, order: Order) -> Result<Vec<Todo>, TableError> {
    let range = Range::Below(keys::due_before(now));
    let query = Query { pk: keys::TODO.to_owned(), range, descending: order == Order::LatestFirst, limit: Some(limit) };
    table.query(&query).await?.into_iter().map(decode_todo).collect()
}

/// The reservation of a schedule, found by the end of its lease.
///
/// # Errors
/// When the table does not answer.
pub async fn reservation(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    lease_end: DateTime<Utc>,
) -> Result<Option<Reservation>, TableError> {
    let found = table.get(&keys::todo(lease_end, schedule.as_str())).await?.map(decode_todo).transpose()?;
    Ok(match found {
        Some(Todo::Reservation(reservation)) if reservation.tenant == *tenant => Some(reservation),
        _ => None,
    })
}

/// # Errors
/// When the item cannot be written down.
pub fn reserve(reservation: &Reservation) -> Result<Write, TableError> {
    let item = TodoItem::Reservation {
        tenant: reservation.tenant.clone(),
        operation: reservation.operation.clone(),
        due: reservation.lease_end,
        plan: (&reservation.plan).into(),
    };
    put(&keys::todo(reservation.lease_end, reservation.plan.id.as_str()), &item)
}

/// Ends a reservation, in whatever way, if it is still this operation's.
#[must_use]
pub fn settle(reservation: &Reservation) -> Write {
    Write {
        key: keys::todo(reservation.lease_end, reservation.plan.id.as_str()),
        action: Action::Delete,
        condition: Some(Condition::Equals("operation", text(reservation.operation.as_str()))),
    }
}

/// # Errors
/// When the item cannot be written down.
pub fn delete_channel(channel_id: &str, due: DateTime<Utc>) -> Result<Write, TableError> {
    put(&keys::todo(due, channel_id), &TodoItem::Channel { channel_id: channel_id.to_owned(), due })
}

/// # Errors
/// When the item cannot be written down.
pub fn delete_chat(tenant: &TenantId, schedule: &ScheduleId, due: DateTime<Utc>) -> Result<Write, TableError> {
    let item = TodoItem::Chat { tenant: tenant.clone(), schedule: schedule.clone(), due };
    put(&keys::todo(due, schedule.as_str()), &item)
}

#[must_use]
pub fn channel_is_deleted(channel_id: &str, due: DateTime<Utc>) -> Write {
    Write { key: keys::todo(due, channel_id), action: Action::Delete, condition: None }
}

/// # Errors
/// When the item cannot be written down.
pub fn retire(tenant: &TenantId, schedule: &ScheduleId, due: DateTime<Utc>) -> Result<Write, TableError> {
    let item = TodoItem::Retirement { tenant: tenant.clone(), schedule: schedule.clone(), due };
    put(&retirement(schedule, due), &item)
}

#[must_use]
pub fn is_retired(schedule: &ScheduleId, due: DateTime<Utc>) -> Write {
    Write { key: retirement(schedule, due), action: Action::Delete, condition: None }
}

/// A schedule can have a retirement and a chat to delete that are due in the same second.
fn retirement(schedule: &ScheduleId, due: DateTime<Utc>) -> crate::table::Key {
    keys::todo(due, &format!("{schedule}#RETIREMENT"))
}

#[must_use]
pub fn chat_is_deleted(schedule: &ScheduleId, due: DateTime<Utc>) -> Write {
    Write { key: keys::todo(due, schedule.as_str()), action: Action::Delete, condition: None }
}

fn put(key: &crate::table::Key, item: &TodoItem) -> Result<Write, TableError> {
    Ok(Write { key: key.clone(), action: Action::Put(encode(item)?), condition: None })
}
