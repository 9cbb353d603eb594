//! The calendar of a tenant: a sorted, singly linked list of its broadcasts, so that two of them never overlap.
//!
//! Each node owns the free gap after it, from its `ends` to its `nxt`. Whoever takes from a gap does
//! so under two conditions on the owner: `nxt` is what was read, and `ends` is not after the new
//! start. Why both, and why nothing less is safe: `docs/decisions/0003-gap-owner-list.md`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, instant_text, keys, text};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::interval::Interval;
use crate::table::{Action, Change, Condition, Item, Query, Range, Table, TableError, Write};

/// The start of the node before all others, and its end.
const BEGINNING: &str = "0000-00-00T00:00:00Z";
/// After all instants: the `nxt` of the last node.
const END_OF_TIME: &str = "9999-99-99T99:99:99Z";

/// One broadcast in the calendar, or the head before all. Instants are text that sorts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    pub start: String,
    pub ends: String,
    pub nxt: String,
    /// Whose interval it is; the head is nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    /// When the lease of its reservation ends, or has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_until: Option<String>,
}

impl Node {
    #[must_use]
    pub fn is(&self, schedule: &ScheduleId) -> bool {
        self.schedule.as_ref() == Some(schedule)
    }

    /// When the lease of the reservation under which this node was made ends.
    #[must_use]
    pub fn lease_end(&self) -> Option<DateTime<Utc>> {
        super::instant_from_text(self.reserved_until.as_deref()?)
    }
}

fn decode_node(item: Item) -> Result<Node, TableError> {
    decode(item)
}

/// The write that makes a tenant's empty calendar.
///
/// # Errors
/// When the item cannot be written down.
pub fn create(tenant: &TenantId) -> Result<Write, TableError> {
    let head = Node {
        start: BEGINNING.to_owned(),
        ends: BEGINNING.to_owned(),
        nxt: END_OF_TIME.to_owned(),
        schedule: None,
        reserved_until: None,
    };
    Ok(Write {
        key: keys::calendar_node(tenant, BEGINNING),
        action: Action::Put(encode(&head)?),
        condition: Some(Condition::Absent),
    })
}

/// The last `count` nodes that start before the instant, latest first. There is always the head.
///
/// # Errors
/// When the table does not answer.
pub async fn before(table: &Table, tenant: &TenantId, end: &str, count: usize) -> Result<Vec<Node>, TableError> {
    last(table, tenant, Range::Below(end.to_owned()), count).await
}

/// The node that starts at the instant, and the one before it. `None` when the list was seen in the middle of a change.
///
/// # Errors
/// When the table does not answer.
pub async fn at_with_predecessor(
    table: &Table,
    tenant: &TenantId,
    start: DateTime<Utc>,
) -> Result<Option<(Node, Node)>, TableError> {
    let start = instant_text(start);
    let nodes = last(table, tenant, Range::AtMost(start.clone()), 2).await?;
    let Ok([node, predecessor]) = <[Node; 2]>::try_from(nodes) else { return Ok(None) };
    let is_whole = node.start == start && predecessor.nxt == node.start;
    Ok(is_whole.then_some((node, predecessor)))
}

async fn last(table: &Table, tenant: &TenantId, range: Range, count: usize) -> Result<Vec<Node>, TableError> {
    let query = Query { pk: keys::calendar(tenant), range, descending: true, limit: Some(count) };
    table.query(&query).await?.into_iter().map(decode_node).collect()
}

/// # Errors
/// When the table does not answer.
pub async fn at(table: &Table, tenant: &TenantId, start: &str) -> Result<Option<Node>, TableError> {
    table.get(&keys::calendar_node(tenant, start)).await?.map(decode_node).transpose()
}

/// Takes an interval out of the gap of `owner`.
///
/// # Errors
/// When the item cannot be written down.
pub fn take(
    tenant: &TenantId,
    owner: &Node,
    interval: Interval,
    schedule: &ScheduleId,
    reserved_until: Option<&str>,
) -> Result<[Write; 2], TableError> {
    let start = instant_text(interval.start());
    Ok([
        Write {
            key: keys::calendar_node(tenant, &owner.start),
            action: Action::Update(vec![Change::Set("nxt", text(start.clone()))]),
            condition: Some(Condition::All(vec![
                Condition::Equals("nxt", text(owner.nxt.clone())),
                Condition::AtMost("ends", text(start)),
            ])),
        },
        put(tenant, interval, &owner.nxt, schedule, reserved_until)?,
    ])
}

/// The condition that no interval starts here, and none is being put here at the same moment.
#[must_use]
pub fn is_free(tenant: &TenantId, start: DateTime<Utc>) -> Write {
    Write {
        key: keys::calendar_node(tenant, &instant_text(start)),
        action: Action::Delete,
        condition: Some(Condition::Absent),
    }
}

/// Gives the interval of `node` back to the gap of its predecessor.
#[must_use]
pub fn give_back(tenant: &TenantId, predecessor: &Node, node: &Node) -> [Write; 2] {
    [
        Write {
            key: keys::calendar_node(tenant, &predecessor.start),
            action: Action::Update(vec![Change::Set("nxt", text(node.nxt.clone()))]),
            condition: Some(Condition::Equals("nxt", text(node.start.clone()))),
        },
        remove(tenant, node),
    ]
}

/// Moves the end of `node` within the gap it owns: the new end must not be after its `nxt`.
#[must_use]
pub fn set_end(tenant: &TenantId, node: &Node, schedule: &ScheduleId, end: DateTime<Utc>) -> Write {
    let end = instant_text(end);
    Write {
        key: keys::calendar_node(tenant, &node.start),
        action: Action::Update(vec![Change::Set("ends", text(end.clone()))]),
        condition: Some(Condition::All(vec![
            Condition::Equals("schedule", text(schedule.as_str())),
            Condition::AtLeast("nxt", text(end)),
        ])),
    }
}

/// Moves `node` to another start inside of the gap that its removal leaves: after `predecessor`, before `node.nxt`.
///
/// # Errors
/// When the item cannot be written down.
pub fn shift(
    tenant: &TenantId,
    predecessor: &Node,
    node: &Node,
    schedule: &ScheduleId,
    interval: Interval,
) -> Result<Vec<Write>, TableError> {
    let start = instant_text(interval.start());
    Ok(vec![
        Write {
            key: keys::calendar_node(tenant, &predecessor.start),
            action: Action::Update(vec![Change::Set("nxt", text(start.clone()))]),
            condition: Some(Condition::All(vec![
                Condition::Equals("nxt", text(node.start.clone())),
                Condition::AtMost("ends", text(start)),
            ])),
        },
        remove(tenant, node),
        put(tenant, interval, &node.nxt, schedule, node.reserved_until.as_deref())?,
    ])
}

fn put(
    tenant: &TenantId,
    interval: Interval,
    nxt: &str,
    schedule: &ScheduleId,
    reserved_until: Option<&str>,
) -> Result<Write, TableError> {
    let node = Node {
        start: instant_text(interval.start()),
        ends: instant_text(interval.end()),
        nxt: nxt.to_owned(),
        schedule: Some(schedule.clone()),
        reserved_until: reserved_until.map(str::to_owned),
    };
    Ok(Write {
        key: keys::calendar_node(tenant, &node.start),
        action: Action::Put(encode(&node)?),
        condition: Some(Condition::Absent),
    })
}

/// Removes a node that is still the same schedule's and still owns the same gap.
fn remove(tenant: &TenantId, node: &Node) -> Write {
    let owner = node.schedule.as_ref().map_or("", ScheduleId::as_str);
    Write {
        key: keys::calendar_node(tenant, &node.start),
        action: Action::Delete,
        condition: Some(Condition::All(vec![
            Condition::Equals("schedule", text(owner)),
            Condition::Equals("nxt", text(node.nxt.clone())),
        ])),
    }
}
