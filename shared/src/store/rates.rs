//! Rate-limit counters: failed log-ins, and posts to a chat.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number};
use crate::domain::ids::{TenantId, UserId};
use crate::table::{Change, Condition, Key, Table, TableError, Write, Written};

/// Failures since the first one of the current window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    pub count: i64,
    /// When the window ends and the count is void; seconds since 1970.
    pub expires_at: i64,
}

/// The two counters of failed log-ins that one attempt belongs to.
pub struct LoginCounters {
    per_email: Key,
    per_source: Key,
}

impl LoginCounters {
    /// Of digests, so that the table shows nobody's address.
    pub fn new(email_digest: &str, source_digest: &str) -> Self {
        Self { per_email: keys::failed_logins(email_digest), per_source: keys::failed_logins_from(source_digest) }
    }
}

/// The failures for the e-mail address and from the source, counting only windows that are still open.
pub async fn failures(table: &Table, counters: &LoginCounters, now: i64) -> Result<[Option<Failures>; 2], TableError> {
    let [email, source] = table.get_all(&[counters.per_email.clone(), counters.per_source.clone()]).await?;
    let open = |failures: &Failures| failures.expires_at > now;
    Ok([
        email.map(decode::<Failures>).transpose()?.filter(open),
        source.map(decode::<Failures>).transpose()?.filter(open),
    ])
}

/// Counts one more failure for both and answers the counts with it. A first one opens a window.
///
/// After an error a count may be one too high, never too low.
pub async fn count_failure(
    table: &Table,
    counters: &LoginCounters,
    now: i64,
    window: i64,
) -> Result<(Failures, Failures), TableError> {
    let count = |key| count_one(table, key, now, window);
    tokio::try_join!(count(&counters.per_email), count(&counters.per_source))
}

async fn count_one(table: &Table, key: &Key, now: i64, window: i64) -> Result<Failures, TableError> {
    let another =
        Write::update(key.clone(), vec![Change::Add("count", 1)]).only_if(Condition::Above("expires_at", number(now)));
    let opened = vec![Change::Set("count", number(1)), Change::Set("expires_at", number(now + window))];
    let first = Write::update(key.clone(), opened)
        .only_if(Condition::Any(vec![Condition::Absent, Condition::AtMost("expires_at", number(now))]));
    // Whoever loses the race to open a window finds it open.
    for write in [&another, &first, &another] {
        if let Written::Done(Some(item)) = table.write(write).await? {
            return decode(item);
        }
    }
    Err(TableError::Unavailable("a counter changed too often".to_owned()))
}

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
