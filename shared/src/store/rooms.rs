//! The rules of a broadcast's chat, who is muted there, and who has posted. One partition, apart from the messages.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number};
use crate::domain::ids::{ScheduleId, TenantId, UserId};
use crate::domain::room::{Room, Rules, RulesForUser};
use crate::table::{Change, Condition, Item, Query, Table, TableError, Value, Write};

#[derive(Serialize, Deserialize)]
#[serde(default)]
struct RulesItem {
    is_open: bool,
    slow_seconds: i64,
}

#[derive(Serialize, Deserialize)]
struct MuteItem {
    /// Milliseconds since 1970.
    muted_until: i64,
    expires_at: i64,
}

impl Default for RulesItem {
    fn default() -> Self {
        let Rules { is_open, slow_seconds } = Rules::default();
        Self { is_open, slow_seconds }
    }
}

impl From<RulesItem> for Rules {
    fn from(RulesItem { is_open, slow_seconds }: RulesItem) -> Self {
        Self { is_open, slow_seconds }
    }
}

fn rules(item: Option<Item>) -> Result<Rules, TableError> {
    Ok(item.map(decode::<RulesItem>).transpose()?.map(Rules::from).unwrap_or_default())
}

pub async fn rules_for_user(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    user: UserId,
) -> Result<RulesForUser, TableError> {
    let [room, mute] = table.get_all(&[keys::room(tenant, schedule), keys::mute(tenant, schedule, user)]).await?;
    let mute = mute.map(decode::<MuteItem>).transpose()?;
    Ok(RulesForUser { rules: rules(room)?, muted_until: mute.map(|mute| mute.muted_until) })
}

/// Reads all of the partition, an item for each user who has posted. `now` is milliseconds since 1970.
pub async fn find(table: &Table, tenant: &TenantId, schedule: &ScheduleId, now: i64) -> Result<Room, TableError> {
    let mut room = Room { rules: Rules::default(), posted: 0, muted: 0 };
    for item in table.query(&Query::all(keys::rooms(tenant, schedule))).await? {
        match keys::in_room(&item) {
            keys::InRoom::Rules => room.rules = rules(Some(item))?,
            keys::InRoom::Mute => room.muted += usize::from(decode::<MuteItem>(item)?.muted_until > now),
            keys::InRoom::Poster => room.posted += 1,
        }
    }
    Ok(room)
}

/// Changes what is given, and leaves the rest.
pub fn change_rules(
    tenant: &TenantId,
    schedule: &ScheduleId,
    is_open: Option<bool>,
    slow_seconds: Option<i64>,
) -> Write {
    let is_open = is_open.map(|is_open| Change::Set("is_open", Value::Bool(is_open)));
    let slow_seconds = slow_seconds.map(|seconds| Change::Set("slow_seconds", number(seconds)));
    Write::update(keys::room(tenant, schedule), is_open.into_iter().chain(slow_seconds).collect())
}

/// Until the millisecond, in place of any earlier mute.
pub fn mute(tenant: &TenantId, schedule: &ScheduleId, user: UserId, until: i64) -> Result<Write, TableError> {
    Ok(Write::put(
        keys::mute(tenant, schedule, user),
        encode(&MuteItem { muted_until: until, expires_at: until / 1_000 + 1 })?,
    ))
}

/// Refused where nobody is muted.
pub fn unmute(tenant: &TenantId, schedule: &ScheduleId, user: UserId) -> Write {
    Write::delete(keys::mute(tenant, schedule, user)).only_if(Condition::Present)
}

pub fn remember_poster(tenant: &TenantId, schedule: &ScheduleId, user: UserId) -> Write {
    Write::put(keys::poster(tenant, schedule, user), Item::default())
}

/// Removes so many items at the most. `false` when some may be left.
pub async fn clear(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    at_most: usize,
) -> Result<bool, TableError> {
    let some = table.query(&Query::all(keys::rooms(tenant, schedule)).at_most(at_most)).await?;
    for item in &some {
        table.write(&Write::delete(keys::of_room(tenant, schedule, item))).await?;
    }
    Ok(some.len() < at_most)
}
