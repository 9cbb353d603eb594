//! Unfinished business, sorted by the time it is due: what a crash may leave behind, and what is done later.
//!
//! An entry is added in the transaction that makes it necessary and struck off in the one that makes
//! it done, so nothing is forgotten; `operations::sweeping` finishes what is due.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::schedules::PlanItem;
use super::{decode, encode, instant, keys, stored, text};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::schedule::Reservation;
use crate::table::{Condition, Item, Key, Query, Range, Table, TableError, Value, Write};

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Todo {
    /// Free the slot, unless the schedule came to be in time.
    Reservation(#[serde(with = "reservation_item")] Reservation),
    /// Delete a channel that nobody needs any more.
    Channel {
        channel_id: String,
        #[serde(with = "instant")]
        due: DateTime<Utc>,
    },
    /// Take the channel from a schedule that ended a while ago.
    Retirement {
        #[serde(with = "stored")]
        tenant: TenantId,
        #[serde(with = "stored")]
        schedule: ScheduleId,
        /// The channel as it is now; every channel of a schedule is named by one such entry for as long as it lives.
        channel_id: String,
        #[serde(with = "instant")]
        due: DateTime<Utc>,
    },
    /// Remove the chat of a schedule that was deleted.
    Chat {
        #[serde(with = "stored")]
        tenant: TenantId,
        #[serde(with = "stored")]
        schedule: ScheduleId,
        #[serde(with = "instant")]
        due: DateTime<Utc>,
    },
}

impl Todo {
    /// What there is to do, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reservation(_) => "reservation",
            Self::Channel { .. } => "channel",
            Self::Retirement { .. } => "retirement",
            Self::Chat { .. } => "chat",
        }
    }

    fn key(&self) -> Key {
        match self {
            Self::Reservation(reservation) => reservation_key(&reservation.plan.id, reservation.lease_end),
            Self::Channel { channel_id, due } => keys::todo(*due, channel_id),
            Self::Retirement { schedule, due, .. } => keys::retirement(*due, schedule),
            Self::Chat { schedule, due, .. } => keys::todo(*due, &schedule.to_string()),
        }
    }
}

fn reservation_key(schedule: &ScheduleId, lease_end: DateTime<Utc>) -> Key {
    keys::todo(lease_end, &schedule.to_string())
}

/// One line of the list.
pub struct Entry {
    /// Its sort key: when it is due, and an id.
    pub key: String,
    /// `None` when this version cannot read it.
    pub todo: Option<Todo>,
}

impl Entry {
    pub fn due(&self) -> Option<DateTime<Utc>> {
        super::instant_from_text(self.key.split('#').next()?)
    }
}

fn entry(item: Item) -> Entry {
    Entry { key: keys::sort_key(&item), todo: decode(item).ok() }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    MostUrgentFirst,
    LatestFirst,
}

/// What was due before the instant, `limit` entries at the most.
pub async fn due(table: &Table, now: DateTime<Utc>, limit: usize, order: Order) -> Result<Vec<Entry>, TableError> {
    let query = Query::all(keys::TODO).within(Range::Below(keys::due_before(now))).at_most(limit);
    let query = if order == Order::LatestFirst { query.descending() } else { query };
    Ok(table.query(&query).await?.into_iter().map(entry).collect())
}

/// Every channel that an entry names, due or not: those of schedules, and those that are to be deleted. An entry that
/// this version cannot read names its channel all the same.
pub async fn channel_ids(table: &Table) -> Result<BTreeSet<String>, TableError> {
    let named = |mut item: Item| match item.remove("channel_id") {
        Some(Value::S(channel_id)) => Some(channel_id),
        _ => None,
    };
    Ok(table.query(&Query::all(keys::TODO)).await?.into_iter().filter_map(named).collect())
}

/// The reservation of a schedule, found by the end of its lease.
pub async fn reservation(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    lease_end: DateTime<Utc>,
) -> Result<Option<Reservation>, TableError> {
    Ok(match table.get(&reservation_key(schedule, lease_end)).await?.map(decode).transpose()? {
        Some(Todo::Reservation(reservation)) if reservation.tenant == *tenant => Some(reservation),
        _ => None,
    })
}

pub fn add(todo: &Todo) -> Result<Write, TableError> {
    Ok(Write::put(todo.key(), encode(todo)?))
}

/// Removes an entry that is done. A reservation is removed only if it is still this operation's.
pub fn strike_off(todo: &Todo) -> Write {
    let write = Write::delete(todo.key());
    match todo {
        Todo::Reservation(reservation) => {
            write.only_if(Condition::Equals("operation", text(reservation.operation.as_str())))
        }
        Todo::Channel { .. } | Todo::Retirement { .. } | Todo::Chat { .. } => write,
    }
}

/// For `#[serde(with = "reservation_item")]`.
mod reservation_item {
    use serde::de::Error;

    use super::{
        DateTime, Deserialize, Deserializer, PlanItem, Reservation, Serialize, Serializer, TenantId, Utc, instant,
        stored,
    };

    #[derive(Serialize, Deserialize)]
    struct ReservationItem {
        #[serde(with = "stored")]
        tenant: TenantId,
        operation: String,
        #[serde(with = "instant")]
        due: DateTime<Utc>,
        #[serde(flatten)]
        plan: PlanItem,
    }

    pub fn serialize<S: Serializer>(reservation: &Reservation, serializer: S) -> Result<S::Ok, S::Error> {
        let Reservation { tenant, plan, operation, lease_end } = reservation;
        let item = ReservationItem {
            tenant: tenant.clone(),
            operation: operation.clone(),
            due: *lease_end,
            plan: plan.into(),
        };
        item.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reservation, D::Error> {
        let ReservationItem { tenant, operation, due, plan } = ReservationItem::deserialize(deserializer)?;
        let plan = plan.into_plan().map_err(|_| D::Error::custom("not a plan"))?;
        Ok(Reservation { tenant, plan, operation, lease_end: due })
    }
}
