//! `Idempotency-Key`: the same key, caller and body have one effect, and get its answer for a day.

use chrono::TimeDelta;

use super::{Caller, Error, lease_end};
use crate::app::App;
use crate::crypto;
use crate::store::idempotency::{self, Claim, Claimed, Place};
use crate::table::Write;

/// What a client sent: its key and its body, as digests.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    pub key: String,
    /// Of everything but its secrets: a fast digest would let them be guessed fast.
    pub body: String,
}

impl IdempotencyKey {
    /// `public` is the body without its secrets.
    pub fn new(key: &str, public: &[u8]) -> Self {
        Self { key: crypto::digest(&[key.as_bytes()]), body: crypto::digest(&[public]) }
    }

    /// A body that holds a secret, too. `slow_hash` is of that secret, and as slow to work out as it deserves.
    #[must_use]
    pub fn with_secret(self, slow_hash: &str) -> Self {
        Self { body: crypto::digest(&[self.body.as_bytes(), slow_hash.as_bytes()]), ..self }
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
    claimed: Option<(Place, Claim)>,
}

/// Where a request stands when it begins.
pub enum Begun {
    /// It was done before; this was the answer.
    Answered(String),
    Fresh(Attempt),
}

const KEY_REMEMBERED: TimeDelta = TimeDelta::hours(24);

pub async fn begin(app: &App, caller: &Caller, operation: &str, key: Option<&IdempotencyKey>) -> Result<Begun, Error> {
    let Some(sent) = key else { return Ok(Begun::Fresh(Attempt { claimed: None })) };
    let now = app.clock.now();
    let place = Place::new(&caller.tenant, caller.user.id, operation, &sent.key);
    let claim = Claim {
        body: sent.body.clone(),
        operation: app.random.uuid().to_string(),
        lease_end: lease_end(now).timestamp(),
        answer: None,
        expires_at: (now + KEY_REMEMBERED).timestamp(),
    };
    match idempotency::claim(&app.table, &place, &claim, now.timestamp()).await? {
        Claimed::Ours => Ok(Begun::Fresh(Attempt { claimed: Some((place, claim)) })),
        Claimed::Others(found) if found.body != sent.body => Err(Error::IdempotencyKeyReused),
        Claimed::Others(Claim { answer: Some(answer), .. }) => Ok(Begun::Answered(answer)),
        Claimed::Others(_) => Err(Error::IdempotencyInProgress),
    }
}

impl Attempt {
    /// The write that keeps the answer; it belongs in the transaction that has the effect, as its last.
    pub fn answer(&self, answer: &str) -> Option<Write> {
        let (place, claim) = self.claimed.as_ref()?;
        Some(idempotency::answer(place, claim, answer))
    }

    /// Frees the key after a failure, so that the request may be tried again under it.
    pub async fn end<T>(self, app: &App, result: Result<T, Error>) -> Result<T, Error> {
        if let (Err(_), Some((place, claim))) = (&result, &self.claimed) {
            // If this fails too, the key is free when its lease ends.
            let _freed_later = app.table.write(&idempotency::abandon(place, claim)).await;
        }
        result
    }
}
