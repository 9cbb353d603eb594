//! How often a log-in may fail: guessing is slow, and nobody can shut out anybody else.
//!
//! Failures are counted for an address from a source (a pair), for an address and from a source. Where somebody logged in
//! lately, only the pair's own failures count: what strangers do elsewhere, or a neighbour behind the same address, stops
//! nobody there.

use super::Error;
use crate::app::App;
use crate::crypto::digest;
use crate::domain::email::Email;
use crate::domain::failures::Failures;
use crate::domain::source::Source;
use crate::platform::telemetry;
use crate::store::failures::{self, Added, Counters, Seen};

const OF_A_PAIR: i64 = 10;
const OF_AN_ADDRESS: i64 = 100;
const FROM_A_SOURCE: i64 = 300;

/// One attempt to log in.
pub struct Attempt {
    counters: Counters,
}

/// What was wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The password of no account of the address.
    Password,
    /// The password is right. The sender guesses only the access code.
    AllButThePassword,
}

impl Attempt {
    pub fn new(email: &Email, source: &Source) -> Self {
        let (address, place) = (address_digest(email), source_digest(source));
        // So that the log shows the shape of an attack, and nobody's address.
        telemetry::note("account", &address[..12]);
        telemetry::note("source", &place[..12]);
        let pair = digest(&[email.canonical().as_bytes(), source.as_str().as_bytes()]);
        Self { counters: Counters::new(&address, &place, &pair) }
    }

    /// `TooManyRequests` when too many failed before.
    pub async fn check(&self, app: &App) -> Result<Seen, Error> {
        let now = app.clock.now().timestamp();
        let seen = failures::look(&app.table, &self.counters, now).await?;
        match wait(&seen, 0, now) {
            Some(seconds) => Err(too_many(seconds)),
            None => Ok(seen),
        }
    }

    /// Counts a failure, then looks again, so that of many guesses at once no more are answered than one after the other.
    /// Answers `LoginFailed`, or `TooManyRequests` above a limit.
    pub async fn fail(&self, app: &App, failure: Failure) -> Error {
        let now = app.clock.now().timestamp();
        let others = i64::from(failure == Failure::Password);
        let added = Added { pair: 1, address: others, source: others };
        let counted = async {
            failures::count(&app.table, &self.counters, &added, now).await?;
            failures::look(&app.table, &self.counters, now).await
        };
        match counted.await {
            Err(error) => error.into(),
            Ok(seen) => wait(&seen, 1, now).map_or(Error::LoginFailed, too_many),
        }
    }

    /// Others may have failed meanwhile: then it comes too late. Otherwise the pair is known, and its failures forgiven.
    pub async fn succeed(&self, app: &App) -> Result<(), Error> {
        let seen = self.check(app).await?;
        Ok(failures::remember(&app.table, &self.counters, &seen, app.clock.now().timestamp()).await?)
    }
}

/// The operator's way out: failures so far of the address, or from the source, and of all their pairs count no more.
pub async fn unlock(app: &App, email: Option<&Email>, source: Option<&Source>) -> Result<(), Error> {
    let now = app.clock.now().timestamp();
    if let Some(email) = email {
        failures::unlock_address(&app.table, &address_digest(email), now).await?;
    }
    if let Some(source) = source {
        failures::unlock_source(&app.table, &source_digest(source), now).await?;
    }
    Ok(())
}

fn address_digest(email: &Email) -> String {
    digest(&[email.canonical().as_bytes()])
}

fn source_digest(source: &Source) -> String {
    digest(&[source.as_str().as_bytes()])
}

/// How long to wait, in seconds, when a limit is reached; `own` of the failures seen may be this attempt's.
fn wait(seen: &Seen, own: i64, now: i64) -> Option<u64> {
    let limits: [(&Failures, i64, bool); 3] = [
        (&seen.pair, OF_A_PAIR, true),
        (&seen.address, OF_AN_ADDRESS, !seen.pair_is_known),
        (&seen.source, FROM_A_SOURCE, !seen.pair_is_known),
    ];
    let reached = limits.into_iter().filter(|(failures, limit, holds)| *holds && failures.total() >= limit + own);
    reached.map(|(failures, limit, _)| failures.seconds_until_fewer_than(limit, now)).max()
}

fn too_many(seconds: u64) -> Error {
    telemetry::note("locked_out", true);
    Error::TooManyRequests(seconds)
}
