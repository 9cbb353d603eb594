//! What became of requests that carry an `Idempotency-Key`.

use serde::{Deserialize, Serialize};

use super::{decode, encode, text};
use crate::table::{Action, Change, Condition, Key, Table, TableError, Write, Written};

/// The life of a key: claimed by one attempt, then answered once and for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Digest of the body: the same key with another body is a mistake of the client.
    pub body: String,
    /// Tells this attempt apart from any other.
    pub operation: String,
    /// When an attempt that did not come back counts as dead; seconds since 1970.
    pub lease_end: i64,
    /// The answer, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// When the key is forgotten; seconds since 1970.
    pub expires_at: i64,
}

/// `Err` is the claim that stands in the way.
///
/// # Errors
/// When the table does not answer.
pub async fn claim(table: &Table, key: &Key, claim: &Claim, now: i64) -> Result<Result<(), Claim>, TableError> {
    let free = Write { key: key.clone(), action: Action::Put(encode(claim)?), condition: Some(Condition::Absent) };
    let Written::Refused(found) = table.write(&free).await? else { return Ok(Ok(())) };
    let found: Claim = match found {
        Some(item) => decode(item)?,
        None => return Err(TableError::Broken("a claim that stands in the way was not shown".to_owned())),
    };
    // An attempt that died had no effect: its answer would be there. Its body is nobody's any more.
    let is_dead = found.answer.is_none() && found.lease_end <= now;
    if found.expires_at > now && !is_dead {
        return Ok(Err(found));
    }
    let unchanged = match found.answer {
        Some(answer) => Condition::Equals("answer", text(answer)),
        None => Condition::Missing("answer"),
    };
    let take_over = Write {
        key: key.clone(),
        action: Action::Put(encode(claim)?),
        condition: Some(Condition::All(vec![is_still(&found.operation), unchanged])),
    };
    match table.write(&take_over).await? {
        Written::Done(_) => Ok(Ok(())),
        Written::Refused(found) => match found.map(decode::<Claim>).transpose()? {
            // The answer to an earlier attempt of this very write was lost.
            Some(found) if found.operation == claim.operation => Ok(Ok(())),
            // An answer or a third attempt came in between; the client asks again.
            _ => Ok(Err(Claim { answer: None, ..claim.clone() })),
        },
    }
}

/// The write that keeps the answer, in the transaction that has the effect.
#[must_use]
pub fn answer(key: Key, claim: &Claim, answer: &str) -> Write {
    Write {
        key,
        action: Action::Update(vec![Change::Set("answer", text(answer))]),
        condition: Some(is_still(&claim.operation)),
    }
}

/// The write after a failure: the key may be used again.
#[must_use]
pub fn abandon(key: Key, claim: &Claim) -> Write {
    let unanswered = Condition::All(vec![is_still(&claim.operation), Condition::Missing("answer")]);
    Write { key, action: Action::Delete, condition: Some(unanswered) }
}

fn is_still(operation: &str) -> Condition {
    Condition::Equals("operation", text(operation))
}
