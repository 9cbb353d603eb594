//! The calendar of a tenant: a sorted, singly linked list of its broadcasts, so that two of them never overlap.
//!
//! Each node owns the free gap after it, from its `ends` to its `nxt`. A write that takes from a gap
//! has two conditions on the owner: `nxt` is what was read, and `ends` is not after the new
//! start. Why both, and why nothing less is safe: `docs/decisions/0003-gap-owner-list.md`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::schedules::Listed;
use super::{decode, encode, instant_from_text, instant_text, keys, stored, text};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::interval::Interval;
use crate::domain::moment::Moment;
use crate::domain::schedule::Plan;
use crate::table::{Change, Condition, Query, Range, Table, TableError, Value, Write};

/// One broadcast in the calendar, or the head before all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    #[serde(with = "moment")]
    pub start: Moment,
    #[serde(with = "moment")]
    pub ends: Moment,
    /// The start of the next node.
    #[serde(with = "moment")]
    pub nxt: Moment,
    /// Whose interval it is; the head is nobody's.
    #[serde(default, with = "stored::option", skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    /// When the lease of the reservation ends, until it becomes a schedule.
    #[serde(default, with = "lease", skip_serializing_if = "Option::is_none")]
    pub reserved_until: Option<DateTime<Utc>>,
    /// What a list shows beside the interval; of the head it shows nothing.
    #[serde(flatten)]
    pub listed: Option<Listed>,
}

impl Node {
    /// The schedule that a list shows here: neither the head nor a reservation.
    pub fn plan(&self) -> Option<Plan> {
        let (Moment::At(start), Moment::At(end)) = (self.start, self.ends) else { return None };
        if self.reserved_until.is_some() {
            return None;
        }
        Some(self.listed.clone()?.into_plan(self.schedule?, Interval::new(start, end).ok()?))
    }

    pub fn starts_at(&self) -> Option<DateTime<Utc>> {
        if let Moment::At(start) = self.start { Some(start) } else { None }
    }

    pub fn belongs_to(&self, schedule: &ScheduleId) -> bool {
        self.schedule.as_ref() == Some(schedule)
    }
}

/// How the table writes the moment before all instants, and the one after them: texts that sort there.
const BEGINNING: &str = "0000-00-00T00:00:00Z";
const END: &str = "9999-99-99T99:99:99Z";
/// Sorts after the head and before every instant.
const AFTER_BEGINNING: &str = "0000-00-00T00:00:00Z#";

pub(super) fn moment_text(moment: Moment) -> String {
    match moment {
        Moment::Beginning => BEGINNING.to_owned(),
        Moment::At(instant) => instant_text(instant),
        Moment::End => END.to_owned(),
    }
}

fn moment_value(moment: Moment) -> Value {
    text(moment_text(moment))
}

/// Makes a tenant's empty calendar.
pub fn create(tenant: &TenantId) -> Result<Write, TableError> {
    let head = Node {
        start: Moment::Beginning,
        ends: Moment::Beginning,
        nxt: Moment::End,
        schedule: None,
        reserved_until: None,
        listed: None,
    };
    Ok(Write::create(keys::calendar_node(tenant, head.start), encode(&head)?))
}

/// The last `count` nodes that start before the moment, latest first. There is always the head.
pub async fn before(table: &Table, tenant: &TenantId, end: Moment, count: usize) -> Result<Vec<Node>, TableError> {
    last(table, tenant, Range::Below(moment_text(end)), count).await
}

/// Starts in `[from, before)`; what is not said has no bound.
#[derive(Clone, Copy, Default)]
pub struct Starts {
    pub from: Option<DateTime<Utc>>,
    pub before: Option<DateTime<Utc>>,
}

/// The latest `count` nodes with such starts, latest first, never the head.
pub async fn starting(table: &Table, tenant: &TenantId, starts: Starts, count: usize) -> Result<Vec<Node>, TableError> {
    let first = starts.from.map_or_else(|| AFTER_BEGINNING.to_owned(), instant_text);
    let end = starts.before.map_or_else(|| END.to_owned(), |before| instant_text(a_second_before(before)));
    if first > end {
        return Ok(Vec::new());
    }
    last(table, tenant, Range::Between(first, end), count).await
}

fn a_second_before(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.checked_sub_signed(TimeDelta::seconds(1)).unwrap_or(instant)
}

/// The node that starts at the instant, and the one before it. `None` when the list was seen in the middle of a change.
pub async fn at_with_predecessor(
    table: &Table,
    tenant: &TenantId,
    start: DateTime<Utc>,
) -> Result<Option<(Node, Node)>, TableError> {
    let nodes = last(table, tenant, Range::AtMost(instant_text(start)), 2).await?;
    let Ok([node, predecessor]) = <[Node; 2]>::try_from(nodes) else { return Ok(None) };
    let is_whole = node.start == start.into() && predecessor.nxt == node.start;
    Ok(is_whole.then_some((node, predecessor)))
}

async fn last(table: &Table, tenant: &TenantId, range: Range, count: usize) -> Result<Vec<Node>, TableError> {
    let query = Query::all(keys::calendar(tenant)).within(range).descending().at_most(count);
    table.query(&query).await?.into_iter().map(decode).collect()
}

pub async fn at(table: &Table, tenant: &TenantId, start: Moment) -> Result<Option<Node>, TableError> {
    table.get(&keys::calendar_node(tenant, start)).await?.map(decode).transpose()
}

/// Takes the interval of a plan out of the gap of `owner`: for a reservation with the end of its lease, for a schedule
/// without.
pub fn take(
    tenant: &TenantId,
    owner: &Node,
    plan: &Plan,
    reserved_until: Option<DateTime<Utc>>,
) -> Result<[Write; 2], TableError> {
    Ok([
        shorten_gap(tenant, owner, owner.nxt, plan.interval.start()),
        create_node(tenant, plan, owner.nxt, reserved_until)?,
    ])
}

/// From now on a list shows what was a reservation.
pub fn show(tenant: &TenantId, plan: &Plan) -> Write {
    Write::update(keys::calendar_node(tenant, plan.interval.start().into()), vec![Change::Remove("reserved_until")])
        .only_if(Condition::Equals("schedule", text(plan.id)))
}

/// The condition that no interval starts here, and none is being put here at the same moment.
pub fn require_free(tenant: &TenantId, start: DateTime<Utc>) -> Write {
    Write::check(keys::calendar_node(tenant, start.into()), Condition::Absent)
}

/// Gives the interval of `node` back to the gap of its predecessor.
pub fn give_back(tenant: &TenantId, predecessor: &Node, node: &Node) -> [Write; 2] {
    let widened =
        Write::update(keys::calendar_node(tenant, predecessor.start), vec![Change::Set("nxt", moment_value(node.nxt))]);
    [widened.only_if(Condition::Equals("nxt", moment_value(node.start))), remove(tenant, node)]
}

/// Makes the node show what the plan is now, within the gap it owns: the end must not be after its `nxt`.
pub fn amend(tenant: &TenantId, plan: &Plan) -> Write {
    let end = text(instant_text(plan.interval.end()));
    let changes = vec![
        Change::Set("ends", end.clone()),
        Change::Set("name", text(plan.name.as_str())),
        Change::Add("revision", 1),
        Change::Set("changed_at", text(instant_text(plan.changed_at))),
    ];
    Write::update(keys::calendar_node(tenant, plan.interval.start().into()), changes)
        .only_if(Condition::All(vec![Condition::Equals("schedule", text(plan.id)), Condition::AtLeast("nxt", end)]))
}

/// Moves `node` to the start of `plan` inside of the gap that its removal leaves: after `predecessor`, before `node.nxt`.
pub fn shift(tenant: &TenantId, predecessor: &Node, node: &Node, plan: &Plan) -> Result<Vec<Write>, TableError> {
    Ok(vec![
        shorten_gap(tenant, predecessor, node.start, plan.interval.start()),
        remove(tenant, node),
        create_node(tenant, plan, node.nxt, None)?,
    ])
}

/// Ends the gap of `owner` at `start`, if it ends at `nxt` as it was seen and does not begin later than `start`.
fn shorten_gap(tenant: &TenantId, owner: &Node, nxt: Moment, start: DateTime<Utc>) -> Write {
    let start = text(instant_text(start));
    Write::update(keys::calendar_node(tenant, owner.start), vec![Change::Set("nxt", start.clone())])
        .only_if(Condition::All(vec![Condition::Equals("nxt", moment_value(nxt)), Condition::AtMost("ends", start)]))
}

fn create_node(
    tenant: &TenantId,
    plan: &Plan,
    nxt: Moment,
    reserved_until: Option<DateTime<Utc>>,
) -> Result<Write, TableError> {
    let (start, ends) = (plan.interval.start().into(), plan.interval.end().into());
    let node = Node { start, ends, nxt, schedule: Some(plan.id), reserved_until, listed: Some(plan.into()) };
    Ok(Write::create(keys::calendar_node(tenant, start), encode(&node)?))
}

/// Removes a node that is still the same schedule's and still owns the same gap.
fn remove(tenant: &TenantId, node: &Node) -> Write {
    let owner = node.schedule.map_or_else(String::new, |schedule| schedule.to_string());
    Write::delete(keys::calendar_node(tenant, node.start)).only_if(Condition::All(vec![
        Condition::Equals("schedule", text(owner)),
        Condition::Equals("nxt", moment_value(node.nxt)),
    ]))
}

/// For `#[serde(with = "moment")]`.
mod moment {
    use super::{BEGINNING, Deserialize, Deserializer, END, Moment, Serializer, instant_from_text, moment_text};
    use serde::de::Error;

    pub fn serialize<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&moment_text(*moment))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            BEGINNING => Ok(Moment::Beginning),
            END => Ok(Moment::End),
            text => instant_from_text(text).map(Moment::At).ok_or_else(|| D::Error::custom("not a moment")),
        }
    }
}

/// For `#[serde(with = "lease")]`.
mod lease {
    use super::{DateTime, Deserialize, Deserializer, Serializer, Utc, instant_from_text, instant_text};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub fn serialize<S: Serializer>(end: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        match end {
            Some(end) => serializer.serialize_str(&instant_text(*end)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.as_deref().and_then(instant_from_text))
    }
}
