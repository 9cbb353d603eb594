//! The rules of a broadcast's chat, who is muted there, and who has posted. One partition, apart from the messages.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number};
use crate::domain::ids::{ScheduleId, TenantId, UserId};
use crate::domain::room::{Room, Rules, RulesForUser};
use crate::table::{Change, Condition, Item, Query, Table, TableError, Value, Write};

#[derive(Deserialize)]
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

fn decode_rules(item: Item) -> Result<Rules, TableError> {
    let RulesItem { is_open, slow_seconds } = decode(item)?;
    Ok(Rules { is_open, slow_seconds })
}

/// `None` where the hosts have set none.
pub async fn rules(table: &Table, tenant: &TenantId, schedule: &ScheduleId) -> Result<Option<Rules>, TableError> {
    let [room] = table.get_all(&[keys::room(tenant, schedule)]).await?;
    room.map(decode_rules).transpose()
}

pub async fn rules_for_user(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    user: UserId,
) -> Result<RulesForUser, TableError> {
    let [room, mute] = table.get_all(&[keys::room(tenant, schedule), keys::mute(tenant, schedule, user)]).await?;
    let mute = mute.map(decode::<MuteItem>).transpose()?;
    Ok(RulesForUser {
        rules: room.map(decode_rules).transpose()?.unwrap_or_default(),
        muted_until: mute.map(|mute| mute.muted_until),
    })
}

/// Reads all of the partition, an item for each user who has posted. `now` is milliseconds since 1970.
pub async fn find(table: &Table, tenant: &TenantId, schedule: &ScheduleId, now: i64) -> Result<Room, TableError> {
    let mut room = Room { rules: Rules::default(), posted: 0, muted: 0 };
    for item in table.query(&Query::all(keys::rooms(tenant, schedule))).await? {
        match keys::in_room(&item) {
            keys::InRoom::Rules => room.rules = decode_rules(item)?,
            keys::InRoom::Mute => room.muted += usize::from(decode::<MuteItem>(item)?.muted_until > now),
            keys::InRoom::Poster => room.posted += 1,
        }
    }
    Ok(room)
}

/// Sets rules in place of those that were seen.
pub fn replace_rules(tenant: &TenantId, schedule: &ScheduleId, seen: Option<Rules>, new: Rules) -> Write {
    let values = |rules: Rules| (Value::Bool(rules.is_open), number(rules.slow_seconds));
    let (is_open, slow_seconds) = values(new);
    let changes = vec![Change::Set("is_open", is_open), Change::Set("slow_seconds", slow_seconds)];
    Write::update(keys::room(tenant, schedule), changes).only_if(seen.map_or(Condition::Absent, |seen| {
        let (is_open, slow_seconds) = values(seen);
        Condition::All(vec![Condition::Equals("is_open", is_open), Condition::Equals("slow_seconds", slow_seconds)])
    }))
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
