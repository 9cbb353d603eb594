//! What became of requests that carry an `Idempotency-Key`.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, text};
use crate::domain::ids::{TenantId, UserId};
use crate::table::{Change, Condition, Key, Table, TableError, Write, Written};

/// One client's key for one operation.
#[derive(Clone)]
pub struct Place(Key);

impl Place {
    pub fn new(tenant: &TenantId, user: UserId, operation: &str, key_digest: &str) -> Self {
        Self(keys::idempotency(tenant, user, operation, key_digest))
    }
}

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

/// What became of an attempt to claim a key.
#[derive(Debug)]
pub enum Claimed {
    Ours,
    /// This claim stands in the way.
    Others(Claim),
}

pub async fn claim(table: &Table, place: &Place, claim: &Claim, now: i64) -> Result<Claimed, TableError> {
    let Place(key) = place;
    let free = Write::create(key.clone(), encode(claim)?);
    let Written::Refused(found) = table.write(&free).await? else { return Ok(Claimed::Ours) };
    let found: Claim = match found {
        Some(item) => decode(item)?,
        None => return Err(TableError::Broken("a claim that stands in the way was not shown".to_owned())),
    };
    // An attempt that died had no effect: its answer would be there. Its body is nobody's any more.
    let is_dead = found.answer.is_none() && found.lease_end <= now;
    if found.expires_at > now && !is_dead {
        return Ok(Claimed::Others(found));
    }
    let unchanged = match &found.answer {
        Some(answer) => Condition::Equals("answer", text(answer)),
        None => Condition::Missing("answer"),
    };
    let take_over =
        Write::put(key.clone(), encode(claim)?).only_if(Condition::All(vec![is_still(&found.operation), unchanged]));
    match table.write(&take_over).await? {
        Written::Done(_) => Ok(Claimed::Ours),
        Written::Refused(found) => match found.map(decode::<Claim>).transpose()? {
            // The answer to an earlier attempt of this very write was lost.
            Some(found) if found.operation == claim.operation => Ok(Claimed::Ours),
            // An answer or a third attempt came in between; the client asks again.
            _ => Ok(Claimed::Others(Claim { answer: None, ..claim.clone() })),
        },
    }
}

/// Keeps the answer; belongs in the transaction that has the effect.
pub fn answer(place: &Place, claim: &Claim, answer: &str) -> Write {
    Write::update(place.0.clone(), vec![Change::Set("answer", text(answer))]).only_if(is_still(&claim.operation))
}

/// Frees the key after a failure.
pub fn abandon(place: &Place, claim: &Claim) -> Write {
    let unanswered = Condition::All(vec![is_still(&claim.operation), Condition::Missing("answer")]);
    Write::delete(place.0.clone()).only_if(unanswered)
}

fn is_still(operation: &str) -> Condition {
    Condition::Equals("operation", text(operation))
}
