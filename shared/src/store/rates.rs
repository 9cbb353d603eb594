//! How often a user posts to a chat.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number};
use crate::domain::ids::{ScheduleId, TenantId, UserId};
use crate::table::{Condition, Table, TableError, Write};

/// What a user posted lately; milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// When, oldest first.
    pub times: Vec<i64>,
    /// When last to each schedule's chat.
    pub last: BTreeMap<ScheduleId, i64>,
}

/// What was read, and the version under which it was found.
#[derive(Clone, Debug, Default)]
pub struct Posts {
    pub recent: Recent,
    version: i64,
}

#[derive(Default, Serialize, Deserialize)]
struct PostsItem {
    times: Vec<i64>,
    #[serde(default)]
    last: BTreeMap<String, i64>,
    version: i64,
    /// Seconds since 1970.
    expires_at: i64,
}

pub async fn posts(table: &Table, tenant: &TenantId, user: UserId) -> Result<Posts, TableError> {
    let item = table.get(&keys::recent_posts(tenant, user)).await?.map(decode).transpose()?.unwrap_or_default();
    let PostsItem { times, last, version, .. } = item;
    let last = last.into_iter().map(|(schedule, time)| (schedule.as_str().into(), time)).collect();
    Ok(Posts { recent: Recent { times, last }, version })
}

/// Remembers one more post, if nobody remembered another since `seen` was read.
pub fn remember_post(
    tenant: &TenantId,
    user: UserId,
    seen: &Posts,
    recent: Recent,
    expires_at: i64,
) -> Result<Write, TableError> {
    let unchanged = match seen.version {
        0 => Condition::Absent,
        version => Condition::Equals("version", number(version)),
    };
    let last = recent.last.into_iter().map(|(schedule, time)| (schedule.to_string(), time)).collect();
    let item = encode(&PostsItem { times: recent.times, last, version: seen.version + 1, expires_at })?;
    Ok(Write::put(keys::recent_posts(tenant, user), item).only_if(unchanged))
}
