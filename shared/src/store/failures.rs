//! Failed log-ins: of an address from a source (a pair), of an address, from a source.
//!
//! Each counter has an item for each quarter of an hour, with an attribute for each of its slices of time. A failure adds to an
//! attribute whatever it holds, so that many at once all count and none waits for another.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number};
use crate::domain::failures::{Failures, Forgiven, SLICE, WINDOW, slice_of};
use crate::table::{Change, Item, Table, TableError, Value, Write, Written};

/// The slices of a quarter of an hour. One window lies in two quarters at the most.
#[rustfmt::skip]
const SLICES: [&str; 60] = [
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14",
    "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", "s28", "s29",
    "s30", "s31", "s32", "s33", "s34", "s35", "s36", "s37", "s38", "s39", "s40", "s41", "s42", "s43", "s44",
    "s45", "s46", "s47", "s48", "s49", "s50", "s51", "s52", "s53", "s54", "s55", "s56", "s57", "s58", "s59",
];

/// How long a pair is known after a log-in that succeeded.
const KNOWN_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The counters that one attempt belongs to. Made of digests, so that the table shows nobody's address.
pub struct Counters {
    pair: String,
    address: String,
    source: String,
}

/// What the counters say.
#[derive(Debug)]
pub struct Seen {
    pub pair: Failures,
    pub address: Failures,
    pub source: Failures,
    /// Whether the address was logged in with from this source lately.
    pub pair_is_known: bool,
    /// What a success forgives.
    all_of_pair: Forgiven,
}

/// How much one failure adds to each counter.
pub struct Added {
    pub pair: i64,
    pub address: i64,
    pub source: i64,
}

/// Of a pair: its last success. Of an address or a source: when the operator unlocked it.
#[derive(Serialize, Deserialize)]
struct ForgivenItem {
    slice: i64,
    count: i64,
    expires_at: i64,
}

impl Counters {
    pub fn new(address_digest: &str, source_digest: &str, pair_digest: &str) -> Self {
        Self {
            pair: keys::failed_logins_of_pair(pair_digest),
            address: keys::failed_logins(address_digest),
            source: keys::failed_logins_from(source_digest),
        }
    }
}

/// What the table keeps of one counter.
struct Counted {
    failures: Failures,
    forgiven: Option<ForgivenItem>,
}

impl Counted {
    fn forgiven(&self) -> Option<Forgiven> {
        self.forgiven.as_ref().map(|item| Forgiven { slice: item.slice, count: item.count })
    }

    fn without(&self, forgiven: &[Option<Forgiven>]) -> Failures {
        forgiven.iter().flatten().fold(self.failures.clone(), |failures, forgiven| failures.without(*forgiven))
    }
}

/// What the counters say at a second since 1970.
pub async fn look(table: &Table, counters: &Counters, now: i64) -> Result<Seen, TableError> {
    let (slice, quarter) = (slice_of(now), quarter_of(now));
    let keys = [&counters.pair, &counters.address, &counters.source]
        .map(|counter| [keys::quarter(counter, quarter), keys::quarter(counter, quarter - 1), keys::forgiven(counter)]);
    let mut items = table.get_many(keys.as_flattened()).await?.into_iter();
    let mut counted = || -> Result<Counted, TableError> {
        let mut failures = Failures::default();
        add_quarter(&mut failures, quarter, items.next().flatten().as_ref());
        add_quarter(&mut failures, quarter - 1, items.next().flatten().as_ref());
        let forgiven = items.next().flatten().map(decode).transpose()?;
        Ok(Counted { failures: failures.at(now), forgiven })
    };
    let (pair, address, source) = (counted()?, counted()?, counted()?);
    // Nothing tells how many of the address's failures in that slice of time were this pair's.
    let whole_slice = |of: &Counted| of.forgiven().map(|forgiven| Forgiven { count: i64::MAX, ..forgiven });
    Ok(Seen {
        all_of_pair: Forgiven { slice, count: pair.failures.in_slice(slice) },
        pair: pair.without(&[pair.forgiven(), whole_slice(&address), whole_slice(&source)]),
        address: address.without(&[address.forgiven()]),
        source: source.without(&[source.forgiven()]),
        pair_is_known: pair.forgiven.is_some_and(|known| known.expires_at > now),
    })
}

/// Adds to all three counters, also where it is nothing: it is the same work whatever failed.
///
/// After an error a count may be too high, never too low.
pub async fn count(table: &Table, counters: &Counters, added: &Added, now: i64) -> Result<(), TableError> {
    let add = |counter: &str, count| {
        let (quarter, slice) = (quarter_of(now), slice_of(now));
        let name = SLICES[usize::try_from(slice.rem_euclid(WINDOW)).unwrap_or(0)];
        let expires_at = number((quarter + 2) * WINDOW * SLICE);
        let changes = vec![Change::Add(name, count), Change::Set("expires_at", expires_at)];
        Write::update(keys::quarter(counter, quarter), changes)
    };
    let writes =
        (add(&counters.pair, added.pair), add(&counters.address, added.address), add(&counters.source, added.source));
    tokio::try_join!(table.write(&writes.0), table.write(&writes.1), table.write(&writes.2)).map(drop)
}

/// After a success: the pair is known, and what was seen of its failures is forgiven.
pub async fn remember(table: &Table, counters: &Counters, seen: &Seen, now: i64) -> Result<(), TableError> {
    forgive(table, &counters.pair, seen.all_of_pair, now + KNOWN_SECONDS).await
}

/// The failures of an address, and of its pairs, count no more.
pub async fn unlock_address(table: &Table, address_digest: &str, now: i64) -> Result<(), TableError> {
    unlock(table, &keys::failed_logins(address_digest), now).await
}

/// The failures from a source, and of its pairs, count no more.
pub async fn unlock_source(table: &Table, source_digest: &str, now: i64) -> Result<(), TableError> {
    unlock(table, &keys::failed_logins_from(source_digest), now).await
}

async fn unlock(table: &Table, counter: &str, now: i64) -> Result<(), TableError> {
    let quarter = quarter_of(now);
    let mut failures = Failures::default();
    add_quarter(&mut failures, quarter, table.get(&keys::quarter(counter, quarter)).await?.as_ref());
    let slice = slice_of(now);
    let all = Forgiven { slice, count: failures.in_slice(slice) };
    forgive(table, counter, all, now + (WINDOW + 1) * SLICE).await
}

async fn forgive(table: &Table, counter: &str, all: Forgiven, expires_at: i64) -> Result<(), TableError> {
    let Forgiven { slice, count } = all;
    let item = encode(&ForgivenItem { slice, count, expires_at })?;
    match table.write(&Write::put(keys::forgiven(counter), item)).await? {
        Written::Done(_) => Ok(()),
        Written::Refused(_) => Err(TableError::Broken("a write without a condition was refused".to_owned())),
    }
}

fn quarter_of(now: i64) -> i64 {
    slice_of(now).div_euclid(WINDOW)
}

fn add_quarter(failures: &mut Failures, quarter: i64, item: Option<&Item>) {
    for (slice, name) in (quarter * WINDOW..).zip(SLICES) {
        if let Some(Value::N(count)) = item.and_then(|item| item.get(name)) {
            failures.add(slice, count.parse().unwrap_or(0));
        }
    }
}
