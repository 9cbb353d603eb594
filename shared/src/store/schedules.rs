//! Schedules. One is here only with its channel; before that it is a reservation in `todo`.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{decode, encode, instant, instant_text, interval, keys, number, stored, text};
use crate::domain::channel::Channel;
use crate::domain::hls::HlsParams;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::interval::Interval;
use crate::domain::schedule::{Keys, Plan, Schedule, ScheduleName};
use crate::table::{Change, Condition, Item, Table, TableError, Write, Written};

/// A plan as it is stored, in schedules and in reservations alike.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct PlanItem {
    #[serde(with = "stored")]
    id: ScheduleId,
    #[serde(with = "instant")]
    starts_at: DateTime<Utc>,
    #[serde(with = "instant")]
    ends_at: DateTime<Utc>,
    #[serde(flatten)]
    listed: Listed,
}

/// What a list shows of a schedule beside its interval: in schedules, in reservations and in the calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    #[serde(with = "stored")]
    name: ScheduleName,
    #[serde(with = "instant")]
    created_at: DateTime<Utc>,
    created_by: String,
    revision: i64,
    #[serde(with = "instant")]
    changed_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct ScheduleItem {
    #[serde(flatten)]
    plan: PlanItem,
    #[serde(flatten)]
    channel: Option<ChannelItem>,
    publish_secret: String,
    watch_secret: String,
}

#[derive(Serialize, Deserialize)]
struct ChannelItem {
    channel_id: String,
    sora_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hook: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct HlsItem {
    hls: String,
}

impl From<&Plan> for PlanItem {
    fn from(plan: &Plan) -> Self {
        Self { id: plan.id, starts_at: plan.interval.start(), ends_at: plan.interval.end(), listed: plan.into() }
    }
}

impl From<&Plan> for Listed {
    fn from(plan: &Plan) -> Self {
        let Plan { name, created_at, created_by, revision, changed_at, .. } = plan.clone();
        Self { name, created_at, created_by, revision, changed_at }
    }
}

impl Listed {
    pub(super) fn into_plan(self, id: ScheduleId, interval: Interval) -> Plan {
        let Self { name, created_at, created_by, revision, changed_at } = self;
        Plan { id, name, interval, created_at, created_by, revision, changed_at }
    }
}

impl PlanItem {
    pub(super) fn into_plan(self) -> Result<Plan, TableError> {
        Ok(self.listed.into_plan(self.id, interval(self.starts_at, self.ends_at)?))
    }
}

fn decode_schedule(item: Item) -> Result<Schedule, TableError> {
    let ScheduleItem { plan, channel, publish_secret, watch_secret } = decode(item)?;
    let channel = channel.map(|ChannelItem { channel_id, sora_url, hook }| Channel { channel_id, sora_url, hook });
    let keys = Keys { publishing: publish_secret.into(), watching: watch_secret.into() };
    Ok(Schedule { plan: plan.into_plan()?, channel, keys })
}

pub async fn find(table: &Table, tenant: &TenantId, id: &ScheduleId) -> Result<Option<Schedule>, TableError> {
    table.get(&keys::schedule(tenant, id)).await?.map(decode_schedule).transpose()
}

/// What a schedule's channel was created with.
pub async fn hls(table: &Table, tenant: &TenantId, id: &ScheduleId) -> Result<Option<HlsParams>, TableError> {
    let item = table.get(&keys::hls(tenant, id)).await?.map(decode::<HlsItem>).transpose()?;
    Ok(item.map(|item| HlsParams::from_store(item.hls)))
}

pub fn keep_hls(tenant: &TenantId, id: &ScheduleId, hls: &HlsParams) -> Result<Write, TableError> {
    Ok(Write::put(keys::hls(tenant, id), encode(&HlsItem { hls: hls.as_json().to_owned() })?))
}

pub fn forget_hls(tenant: &TenantId, id: &ScheduleId) -> Write {
    Write::delete(keys::hls(tenant, id))
}

/// Takes the channel from a schedule which still has it and its interval.
pub fn retire_channel(tenant: &TenantId, seen: &Plan, channel: &Channel) -> Write {
    let mut conditions = unchanged(seen);
    conditions.push(Condition::Equals("channel_id", text(&channel.channel_id)));
    let changes = vec![Change::Remove("channel_id"), Change::Remove("sora_url"), Change::Remove("hook")];
    Write::update(keys::schedule(tenant, &seen.id), changes).only_if(Condition::All(conditions))
}

/// What became of an attempt to claim a schedule whose channel was retired.
pub enum ChannelClaim {
    Ours,
    /// Another operation has it, the schedule has a channel again, or is gone.
    Lost,
}

/// Makes one operation the only one to give a schedule without a channel another.
pub async fn claim_channel(
    table: &Table,
    tenant: &TenantId,
    id: &ScheduleId,
    operation: &str,
    now: i64,
    lease_end: i64,
) -> Result<ChannelClaim, TableError> {
    let nobody =
        Condition::Any(vec![Condition::Missing("attach_until"), Condition::AtMost("attach_until", number(now))]);
    let changes = vec![Change::Set("attaching", text(operation)), Change::Set("attach_until", number(lease_end))];
    let claim = Write::update(keys::schedule(tenant, id), changes).only_if(Condition::All(vec![
        Condition::Present,
        Condition::Missing("channel_id"),
        nobody,
    ]));
    Ok(match table.write(&claim).await? {
        Written::Done(_) => ChannelClaim::Ours,
        // The claim was written, and its reply lost.
        Written::Refused(Some(found)) if found.get("attaching") == Some(&text(operation)) => ChannelClaim::Ours,
        Written::Refused(_) => ChannelClaim::Lost,
    })
}

/// The condition that there is no such schedule, and none is being made at the same moment.
pub fn require_absent(tenant: &TenantId, id: &ScheduleId) -> Write {
    Write::check(keys::schedule(tenant, id), Condition::Absent)
}

/// Gives a schedule the channel that the operation made for it.
pub fn attach_channel(tenant: &TenantId, id: &ScheduleId, operation: &str, channel: &Channel) -> Write {
    let mut changes = vec![
        Change::Set("channel_id", text(&channel.channel_id)),
        Change::Set("sora_url", text(&channel.sora_url)),
        Change::Remove("attaching"),
        Change::Remove("attach_until"),
    ];
    changes.extend(channel.hook.as_ref().map(|hook| Change::Set("hook", text(hook))));
    Write::update(keys::schedule(tenant, id), changes).only_if(Condition::Equals("attaching", text(operation)))
}

/// Gives the claim up, so that another operation may try.
pub fn unclaim_channel(tenant: &TenantId, id: &ScheduleId, operation: &str) -> Write {
    let changes = vec![Change::Remove("attaching"), Change::Remove("attach_until")];
    Write::update(keys::schedule(tenant, id), changes).only_if(Condition::Equals("attaching", text(operation)))
}

pub fn create(tenant: &TenantId, schedule: &Schedule) -> Result<Write, TableError> {
    let channel = schedule.channel.clone();
    let channel = channel.map(|Channel { channel_id, sora_url, hook }| ChannelItem { channel_id, sora_url, hook });
    let item = ScheduleItem {
        plan: (&schedule.plan).into(),
        channel,
        publish_secret: schedule.keys.publishing.expose_secret().to_owned(),
        watch_secret: schedule.keys.watching.expose_secret().to_owned(),
    };
    Ok(Write::create(keys::schedule(tenant, &schedule.plan.id), encode(&item)?))
}

/// Gives a schedule that is there another secret to derive publish tokens from.
pub fn reset_publishing(tenant: &TenantId, id: &ScheduleId, secret: &SecretString) -> Write {
    let changes = vec![Change::Set("publish_secret", text(secret.expose_secret()))];
    Write::update(keys::schedule(tenant, id), changes).only_if(Condition::Present)
}

/// Gives a schedule another name and interval, if it still has those that were seen.
///
/// `name` is part of the condition so that a late retry cannot overwrite a newer, acknowledged change. A new start of a
/// broadcast that has not started at `now` asks that it has not; that of one that has needs
/// `live::require_nobody_published` beside it.
pub fn change(tenant: &TenantId, seen: &Plan, name: &ScheduleName, to: Interval, now: DateTime<Utc>) -> Write {
    let mut conditions = unchanged(seen);
    if to.start() != seen.interval.start() && !seen.interval.has_started_at(now) {
        conditions.push(Condition::Above("starts_at", text(instant_text(now))));
    }
    let changes = vec![
        Change::Set("name", text(name.as_str())),
        Change::Set("starts_at", text(instant_text(to.start()))),
        Change::Set("ends_at", text(instant_text(to.end()))),
        Change::Add("revision", 1),
        Change::Set("changed_at", text(instant_text(now))),
    ];
    Write::update(keys::schedule(tenant, &seen.id), changes).only_if(Condition::All(conditions))
}

/// Removes a schedule which is as it was seen and has not started at `now`.
pub fn delete(tenant: &TenantId, seen: &Plan, now: DateTime<Utc>) -> Write {
    let mut conditions = unchanged(seen);
    conditions.push(Condition::Above("starts_at", text(instant_text(now))));
    Write::delete(keys::schedule(tenant, &seen.id)).only_if(Condition::All(conditions))
}

fn unchanged(seen: &Plan) -> Vec<Condition> {
    vec![
        Condition::Equals("starts_at", text(instant_text(seen.interval.start()))),
        Condition::Equals("ends_at", text(instant_text(seen.interval.end()))),
        Condition::Equals("name", text(seen.name.as_str())),
    ]
}
