//! How often a user posts to a chat.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number};
use crate::domain::ids::{TenantId, UserId};
use crate::table::{Condition, Table, TableError, Write};

/// The times of a user's last posts, oldest first; milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posts {
    pub times: Vec<i64>,
    version: i64,
    /// Seconds since 1970.
    expires_at: i64,
}

pub async fn posts(table: &Table, tenant: &TenantId, user: UserId) -> Result<Posts, TableError> {
    Ok(table.get(&keys::recent_posts(tenant, user)).await?.map(decode).transpose()?.unwrap_or_default())
}

/// Remembers one more post, if nobody remembered another since `seen` was read.
pub fn remember_post(
    tenant: &TenantId,
    user: UserId,
    seen: &Posts,
    times: Vec<i64>,
    expires_at: i64,
) -> Result<Write, TableError> {
    let unchanged = match seen.version {
        0 => Condition::Absent,
        version => Condition::Equals("version", number(version)),
    };
    let item = encode(&Posts { times, version: seen.version + 1, expires_at })?;
    Ok(Write::put(keys::recent_posts(tenant, user), item).only_if(unchanged))
}
