//! Schedules. One is here only with its channel; before that it is a reservation in `todo`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, instant, instant_text, keys, number, text};
use crate::domain::channel::Channel;
use crate::domain::hls::HlsParams;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::interval::Interval;
use crate::domain::schedule::{Plan, Schedule, ScheduleName};
use crate::table::{Action, Change, Condition, Item, Query, Range, Table, TableError, Write};

/// A plan as it is stored, in schedules and in reservations alike.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct PlanItem {
    id: ScheduleId,
    name: ScheduleName,
    #[serde(with = "instant")]
    starts_at: DateTime<Utc>,
    #[serde(with = "instant")]
    ends_at: DateTime<Utc>,
    #[serde(with = "instant")]
    created_at: DateTime<Utc>,
    created_by: String,
}

#[derive(Serialize, Deserialize)]
struct ScheduleItem {
    #[serde(flatten)]
    plan: PlanItem,
    #[serde(flatten)]
    channel: Option<Channel>,
}

#[derive(Serialize, Deserialize)]
struct HlsItem {
    hls: String,
}

impl From<&Plan> for PlanItem {
    fn from(plan: &Plan) -> Self {
        Self {
            id: plan.id.clone(),
            name: plan.name.clone(),
            starts_at: plan.interval.start(),
            ends_at: plan.interval.end(),
            created_at: plan.created_at,
            created_by: plan.created_by.clone(),
        }
    }
}

impl PlanItem {
    pub(super) fn into_plan(self) -> Result<Plan, TableError> {
        let interval = Interval::new(self.starts_at, self.ends_at)
            .map_err(|_| TableError::Broken("a stored interval ends before it starts".to_owned()))?;
        let Self { id, name, created_at, created_by, .. } = self;
        Ok(Plan { id, name, interval, created_at, created_by })
    }
}

fn decode_schedule(item: Item) -> Result<Schedule, TableError> {
    let ScheduleItem { plan, channel } = decode(item)?;
    Ok(Schedule { plan: plan.into_plan()?, channel })
}

/// # Errors
/// When the table does not answer.
pub async fn find(table: &Table, tenant: &TenantId, id: &ScheduleId) -> Result<Option<Schedule>, TableError> {
    if !id.is_well_formed() {
        return Ok(None);
    }
    table.get(&keys::schedule(tenant, id)).await?.map(decode_schedule).transpose()
}

/// All schedules of the tenant, in no order.
///
/// # Errors
/// When the table does not answer.
pub async fn list(table: &Table, tenant: &TenantId) -> Result<Vec<Plan>, TableError> {
    let query = Query { pk: keys::schedules(tenant), range: Range::All, descending: false, limit: None };
    table.query(&query).await?.into_iter().map(|item| Ok(decode_schedule(item)?.plan)).collect()
}

/// The channels of all schedules of the tenant.
///
/// # Errors
/// When the table does not answer.
pub async fn channel_ids(table: &Table, tenant: &TenantId) -> Result<Vec<String>, TableError> {
    let query = Query { pk: keys::schedules(tenant), range: Range::All, descending: false, limit: None };
    let items = table.query(&query).await?;
    let schedules = items.into_iter().map(decode_schedule).collect::<Result<Vec<_>, _>>()?;
    Ok(schedules.into_iter().filter_map(|schedule| Some(schedule.channel?.channel_id)).collect())
}

/// What a schedule's channel was created with.
///
/// # Errors
/// When the table does not answer.
pub async fn hls(table: &Table, tenant: &TenantId, id: &ScheduleId) -> Result<Option<HlsParams>, TableError> {
    let item = table.get(&keys::hls(tenant, id)).await?.map(decode::<HlsItem>).transpose()?;
    Ok(item.map(|item| HlsParams::from_store(item.hls)))
}

/// # Errors
/// When the item cannot be written down.
pub fn keep_hls(tenant: &TenantId, id: &ScheduleId, hls: &HlsParams) -> Result<Write, TableError> {
    let item = HlsItem { hls: hls.as_json().to_owned() };
    Ok(Write { key: keys::hls(tenant, id), action: Action::Put(encode(&item)?), condition: None })
}

#[must_use]
pub fn forget_hls(tenant: &TenantId, id: &ScheduleId) -> Write {
    Write { key: keys::hls(tenant, id), action: Action::Delete, condition: None }
}

/// The write that takes the channel from a schedule which still has it and its interval.
#[must_use]
pub fn retire_channel(tenant: &TenantId, seen: &Plan, channel: &Channel) -> Write {
    let mut conditions = unchanged(seen);
    conditions.push(Condition::Equals("channel_id", text(channel.channel_id.as_str())));
    Write {
        key: keys::schedule(tenant, &seen.id),
        action: Action::Update(vec![Change::Remove("channel_id"), Change::Remove("sora_url")]),
        condition: Some(Condition::All(conditions)),
    }
}

/// The write that makes one operation the only one to give a schedule without a channel another.
#[must_use]
pub fn claim_channel(tenant: &TenantId, id: &ScheduleId, operation: &str, now: i64, lease_end: i64) -> Write {
    let nobody =
        Condition::Any(vec![Condition::Missing("attach_until"), Condition::AtMost("attach_until", number(now))]);
    Write {
        key: keys::schedule(tenant, id),
        action: Action::Update(vec![
            Change::Set("attaching", text(operation)),
            Change::Set("attach_until", number(lease_end)),
        ]),
        condition: Some(Condition::All(vec![Condition::Present, Condition::Missing("channel_id"), nobody])),
    }
}

/// Whether the schedule, as a refused claim found it, is claimed by the operation: the claim was written, and its reply lost.
#[must_use]
pub fn is_claimed_by(found: &Item, operation: &str) -> bool {
    found.get("attaching") == Some(&text(operation))
}

/// The condition that there is no such schedule, and none is being made at the same moment.
#[must_use]
pub fn is_absent(tenant: &TenantId, id: &ScheduleId) -> Write {
    Write { key: keys::schedule(tenant, id), action: Action::Delete, condition: Some(Condition::Absent) }
}

/// The write that gives a schedule the channel that the operation made for it.
#[must_use]
pub fn attach_channel(tenant: &TenantId, id: &ScheduleId, operation: &str, channel: &Channel) -> Write {
    Write {
        key: keys::schedule(tenant, id),
        action: Action::Update(vec![
            Change::Set("channel_id", text(channel.channel_id.as_str())),
            Change::Set("sora_url", text(channel.sora_url.as_str())),
            Change::Remove("attaching"),
            Change::Remove("attach_until"),
        ]),
        condition: Some(Condition::Equals("attaching", text(operation))),
    }
}

/// The write after which another operation may try.
#[must_use]
pub fn unclaim_channel(tenant: &TenantId, id: &ScheduleId, operation: &str) -> Write {
    Write {
        key: keys::schedule(tenant, id),
        action: Action::Update(vec![Change::Remove("attaching"), Change::Remove("attach_until")]),
        condition: Some(Condition::Equals("attaching", text(operation))),
    }
}

/// # Errors
/// When the item cannot be written down.
pub fn create(tenant: &TenantId, schedule: &Schedule) -> Result<Write, TableError> {
    let item = ScheduleItem { plan: (&schedule.plan).into(), channel: schedule.channel.clone() };
    Ok(Write {
        key: keys::schedule(tenant, &schedule.plan.id),
        action: Action::Put(encode(&item)?),
        condition: Some(Condition::Absent),
    })
}

/// The write that gives a schedule another name and interval, if it still has those that were seen. The name, so that
/// an attempt that arrives late, of somebody who is gone, cannot undo a change that was answered since.
///
/// A start that has come cannot be changed: then the condition asks that it has not come at `now`.
#[must_use]
pub fn change(tenant: &TenantId, seen: &Plan, name: &ScheduleName, to: Interval, now: DateTime<Utc>) -> Write {
    let mut conditions = unchanged(seen);
    if to.start() != seen.interval.start() {
        conditions.push(Condition::Above("starts_at", text(instant_text(now))));
    }
    Write {
        key: keys::schedule(tenant, &seen.id),
        action: Action::Update(vec![
            Change::Set("name", text(name.as_str())),
            Change::Set("starts_at", text(instant_text(to.start()))),
            Change::Set("ends_at", text(instant_text(to.end()))),
        ]),
        condition: Some(Condition::All(conditions)),
    }
}

/// The write that removes a schedule which is as it was seen and has not started at `now`.
#[must_use]
pub fn delete(tenant: &TenantId, seen: &Plan, now: DateTime<Utc>) -> Write {
    let mut conditions = unchanged(seen);
    conditions.push(Condition::Above("starts_at", text(instant_text(now))));
    Write { key: keys::schedule(tenant, &seen.id), action: Action::Delete, condition: Some(Condition::All(conditions)) }
}

fn unchanged(seen: &Plan) -> Vec<Condition> {
    vec![
        Condition::Equals("starts_at", text(instant_text(seen.interval.start()))),
        Condition::Equals("ends_at", text(instant_text(seen.interval.end()))),
        Condition::Equals("name", text(seen.name.as_str())),
    ]
}
