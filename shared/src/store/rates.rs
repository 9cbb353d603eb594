//! Counters that slow the too eager down: failed log-ins, and posts to a chat.

use serde::{Deserialize, Serialize};

use super::{decode, encode, number};
use crate::table::{Action, Change, Condition, Key, Table, TableError, Value, Write, Written};

/// Failures since the first one of the current window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    pub count: i64,
    /// When the window ends and the count is void; seconds since 1970.
    pub expires_at: i64,
}

/// The times of a user's last posts, oldest first; milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posts {
    pub times: Vec<i64>,
    version: i64,
    /// Seconds since 1970.
    expires_at: i64,
}

/// How often it failed, counting only a window that is still open.
///
/// # Errors
/// When the table does not answer.
pub async fn failures(table: &Table, keys: &[Key], now: i64) -> Result<Vec<Option<Failures>>, TableError> {
    let items = table.get_all(keys).await?;
    items
        .into_iter()
        .map(|item| Ok(item.map(decode::<Failures>).transpose()?.filter(|failures| failures.expires_at > now)))
        .collect()
}

/// Counts one more failure and answers the count with it. The first one opens a window.
///
/// # Errors
/// When the table does not answer. A count may then be one too high, never too low.
pub async fn count_failure(table: &Table, key: &Key, now: i64, window: i64) -> Result<Failures, TableError> {
    let another = Write {
        key: key.clone(),
        action: Action::Update(vec![Change::Add("count", 1)]),
        condition: Some(Condition::Above("expires_at", number(now))),
    };
    let first = Write {
        key: key.clone(),
        action: Action::Update(vec![Change::Set("count", number(1)), Change::Set("expires_at", number(now + window))]),
        condition: Some(Condition::Any(vec![Condition::Absent, Condition::AtMost("expires_at", number(now))])),
    };
    // Whoever loses the race to open a window finds it open.
    for write in [&another, &first, &another] {
        if let Written::Done(Some(item)) = table.write(write).await? {
            return decode(item);
        }
    }
    Err(TableError::Unavailable("a counter changed too often".to_owned()))
}

/// # Errors
/// When the table does not answer.
pub async fn posts(table: &Table, key: &Key) -> Result<Posts, TableError> {
    Ok(table.get(key).await?.map(decode).transpose()?.unwrap_or_default())
}

/// The write that remembers one more post, if nobody remembered another since `seen` was read.
///
/// # Errors
/// When the item cannot be written down.
pub fn remember_post(key: Key, seen: &Posts, times: Vec<i64>, expires_at: i64) -> Result<Write, TableError> {
    let condition = match seen.version {
        0 => Condition::Absent,
        version => Condition::Equals("version", Value::N(version.to_string())),
    };
    let item = encode(&Posts { times, version: seen.version + 1, expires_at })?;
    Ok(Write { key, action: Action::Put(item), condition: Some(condition) })
}
