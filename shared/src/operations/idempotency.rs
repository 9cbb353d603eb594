//! `Idempotency-Key`: the same key, caller and body have one effect, and get its answer for a day.

use chrono::TimeDelta;

use super::{Caller, Error, lease_end};
use crate::app::App;
use crate::crypto;
use crate::store::{idempotency, keys};
use crate::table::{Key, Write};

/// What a client sent: its key and its body, as digests.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    pub key: String,
    pub body: String,
}

impl IdempotencyKey {
    #[must_use]
    pub fn new(key: &str, body: &[u8]) -> Self {
        Self { key: crypto::digest(&[key.as_bytes()]), body: crypto::digest(&[body]) }
    }
}

/// A form, and the key that its request may carry.
#[derive(Debug)]
pub struct Keyed<T> {
    pub form: T,
    pub key: Option<IdempotencyKey>,
}

/// A request that is now the only one with its key, or one that carries no key.
pub struct Attempt {
    claimed: Option<(Key, idempotency::Claim)>,
}

/// Where a request stands when it begins.
pub enum Begun {
    /// It was done before; this was the answer.
    Answered(String),
    Fresh(Attempt),
}

const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// # Errors
/// When the key is in use, or was used with another body.
pub async fn begin(app: &App, caller: &Caller, operation: &str, key: Option<&IdempotencyKey>) -> Result<Begun, Error> {
    let Some(sent) = key else { return Ok(Begun::Fresh(Attempt { claimed: None })) };
    let now = app.clock.now();
    let key = keys::idempotency(&caller.tenant, caller.user.id, operation, &sent.key);
    let claim = idempotency::Claim {
        body: sent.body.clone(),
        operation: app.random.uuid().to_string(),
        lease_end: lease_end(now).timestamp(),
        answer: None,
        expires_at: (now + REMEMBERED).timestamp(),
    };
    match idempotency::claim(&app.table, &key, &claim, now.timestamp()).await? {
        Ok(()) => Ok(Begun::Fresh(Attempt { claimed: Some((key, claim)) })),
        Err(found) if found.body != sent.body => Err(Error::IdempotencyKeyReused),
        Err(idempotency::Claim { answer: Some(answer), .. }) => Ok(Begun::Answered(answer)),
        Err(_) => Err(Error::IdempotencyInProgress),
    }
}

impl Attempt {
    /// The write that keeps the answer; it belongs in the transaction that has the effect, as its last.
    #[must_use]
    pub fn answer(&self, answer: &str) -> Option<Write> {
        let (key, claim) = self.claimed.as_ref()?;
        Some(idempotency::answer(key.clone(), claim, answer))
    }

    /// Frees the key after a failure, so that the request may be tried again under it.
    ///
    /// # Errors
    /// What the result says.
    pub async fn end<T>(self, app: &App, result: Result<T, Error>) -> Result<T, Error> {
        if let (Err(_), Some((key, claim))) = (&result, &self.claimed) {
            // If this fails too, the key is free when its lease ends.
            let _freed_later = app.table.write(&idempotency::abandon(key.clone(), claim)).await;
        }
        result
    }
}
