//! DynamoDB as its users may rely on it, and no kinder: one item at a time.
//!
//! A write and a transaction check their conditions and happen at one instant. But what a transaction
//! wrote comes into sight item by item, and until an item has, nobody else can write it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::time::Duration;

use shared::table::{Change, Condition, Effect, Item, Key, Query, Range, Refusal, Value, Write, Written};
use tokio::time::Instant;
use uuid::Uuid;

use crate::history;
use crate::limits;

/// Everything that was ever written, in order.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Milliseconds since the simulation began: when it happened, and when all could see it.
    pub at: i64,
    pub seen_at: i64,
    /// The operation that asked for it, which may be over.
    pub by: Option<usize>,
    pub changes: Vec<(Key, Option<Item>)>,
}

struct Hidden {
    before: Option<Item>,
    until: Instant,
}

pub struct Model {
    began: Instant,
    items: BTreeMap<Key, Item>,
    hidden: BTreeMap<Key, Hidden>,
    tokens: HashMap<Uuid, (Vec<Write>, Instant)>,
    pub journal: Vec<Commit>,
}

/// What the table says to a transaction.
pub enum Verdict {
    Done {
        seen_at: Instant,
    },
    Refused(Vec<Refusal>),
    Busy,
    /// The same token with other writes.
    Mismatch,
    /// An item would become what no table keeps.
    Wrong(String),
}

impl Model {
    pub fn new(began: Instant) -> Self {
        Self { began, items: BTreeMap::new(), hidden: BTreeMap::new(), tokens: HashMap::new(), journal: Vec::new() }
    }

    pub fn get(&self, key: &Key) -> Option<Item> {
        match self.hidden.get(key) {
            Some(hidden) if hidden.until > Instant::now() => hidden.before.clone(),
            _ => self.items.get(key).cloned(),
        }
    }

    /// At most `limit` items of the query, from the one after `after` on.
    pub fn query(&self, query: &Query, after: Option<&str>, limit: usize) -> Vec<Item> {
        let key = |sk: &str| Key { pk: query.pk.clone(), sk: sk.to_owned() };
        let all = (Bound::Included(key("")), Bound::Excluded(Key { pk: format!("{}\0", query.pk), sk: String::new() }));
        let mut keys: BTreeSet<&Key> = self.items.range(all.clone()).map(|(key, _)| key).collect();
        keys.extend(self.hidden.range(all).map(|(key, _)| key));
        let wanted = |key: &&Key| {
            let in_range = match &query.range {
                Range::All => true,
                Range::Below(sk) => key.sk < *sk,
                Range::AtMost(sk) => key.sk <= *sk,
                Range::Above(sk) => key.sk > *sk,
                Range::Between(first, last) => *first <= key.sk && key.sk <= *last,
            };
            in_range && after.is_none_or(|after| if query.descending { *key.sk < *after } else { *key.sk > *after })
        };
        let keys = keys.into_iter().filter(wanted);
        let ordered: Box<dyn Iterator<Item = &Key>> =
            if query.descending { Box::new(keys.rev()) } else { Box::new(keys) };
        ordered.filter_map(|key| self.get(key)).take(limit).collect()
    }

    /// `None` when another transaction holds the item; `Err` when it would become what no table keeps.
    pub fn write(&mut self, write: &Write) -> Result<Option<Written>, String> {
        self.forget_what_is_in_sight();
        if self.hidden.contains_key(&write.key) {
            return Ok(None);
        }
        let found = self.items.get(&write.key).cloned();
        if !holds(write.condition.as_ref(), found.as_ref()) {
            return Ok(Some(Written::Refused(found)));
        }
        let after = apply(write, found);
        after.as_ref().map_or(Ok(()), limits::of_item)?;
        let answer = if matches!(write.effect, Effect::Update(_)) { after.clone() } else { None };
        self.commit(vec![(write.key.clone(), after)], Instant::now());
        Ok(Some(Written::Done(answer)))
    }

    /// `delays`: how long each item stays out of sight.
    pub fn transact(&mut self, writes: &[Write], token: Uuid, delays: &[Duration]) -> Verdict {
        self.forget_what_is_in_sight();
        let now = Instant::now();
        match self.tokens.get(&token) {
            Some((same, _)) if same != writes => return Verdict::Mismatch,
            Some((_, until)) if *until > now => return Verdict::Busy,
            Some(_) => return Verdict::Done { seen_at: now },
            None => {}
        }
        if writes.iter().any(|write| self.hidden.contains_key(&write.key)) {
            return Verdict::Busy;
        }
        let passes = |write: &Write| holds(write.condition.as_ref(), self.items.get(&write.key));
        if !writes.iter().all(passes) {
            let refusal = |write: &Write| {
                if passes(write) { Refusal::Passed } else { Refusal::Failed(self.items.get(&write.key).cloned()) }
            };
            return Verdict::Refused(writes.iter().map(refusal).collect());
        }
        let seen_at = now + delays.iter().max().copied().unwrap_or_default();
        let after = |write: &Write| (write.key.clone(), apply(write, self.items.get(&write.key).cloned()));
        let changes: Vec<(Key, Option<Item>)> = writes.iter().map(after).collect();
        if let Err(cause) = changes.iter().filter_map(|(_, item)| item.as_ref()).try_for_each(limits::of_item) {
            return Verdict::Wrong(cause);
        }
        for (write, delay) in writes.iter().zip(delays).filter(|(_, delay)| !delay.is_zero()) {
            let before = self.items.get(&write.key).cloned();
            self.hidden.insert(write.key.clone(), Hidden { before, until: now + *delay });
        }
        self.commit(changes, seen_at);
        self.tokens.insert(token, (writes.to_vec(), seen_at));
        Verdict::Done { seen_at }
    }

    fn commit(&mut self, changes: Vec<(Key, Option<Item>)>, seen_at: Instant) {
        for (key, after) in &changes {
            match after {
                Some(item) => self.items.insert(key.clone(), item.clone()),
                None => self.items.remove(key),
            };
        }
        let millis = |instant: Instant| i64::try_from((instant - self.began).as_millis()).unwrap_or(i64::MAX);
        self.journal.push(Commit {
            at: millis(Instant::now()),
            seen_at: millis(seen_at),
            by: history::current(),
            changes,
        });
    }

    fn forget_what_is_in_sight(&mut self) {
        let now = Instant::now();
        self.hidden.retain(|_, hidden| hidden.until > now);
    }
}

/// The sort key of an item, for the next page.
pub fn sort_key(item: &Item) -> String {
    match item.get(shared::table::SK) {
        Some(Value::S(sk)) => sk.clone(),
        _ => String::new(),
    }
}

fn apply(write: &Write, before: Option<Item>) -> Option<Item> {
    match &write.effect {
        Effect::Delete => None,
        Effect::Check => before,
        Effect::Put(_) => write.whole_item(),
        Effect::Update(changes) => {
            let mut item = before.or_else(|| {
                let empty = Write { effect: Effect::Put(HashMap::<String, Value>::new().into()), ..write.clone() };
                empty.whole_item()
            })?;
            for change in changes {
                match change {
                    Change::Set(name, value) => drop(item.insert((*name).to_owned(), value.clone())),
                    Change::Remove(name) => drop(item.remove(*name)),
                    Change::Add(name, by) => {
                        let sum = item.get(*name).and_then(number).unwrap_or(0) + by;
                        item.insert((*name).to_owned(), Value::N(sum.to_string()));
                    }
                }
            }
            Some(item)
        }
    }
}

fn holds(condition: Option<&Condition>, item: Option<&Item>) -> bool {
    let compare = |name: &str, value: &Value, wanted: fn(std::cmp::Ordering) -> bool| {
        item.and_then(|item| item.get(name)).and_then(|found| order(found, value)).is_some_and(wanted)
    };
    match condition {
        None => true,
        Some(Condition::Absent) => item.is_none(),
        Some(Condition::Present) => item.is_some(),
        Some(Condition::Missing(name)) => item.is_none_or(|item| item.get(*name).is_none()),
        Some(Condition::Equals(name, value)) => item.is_some_and(|item| item.get(*name) == Some(value)),
        Some(Condition::AtMost(name, value)) => compare(name, value, std::cmp::Ordering::is_le),
        Some(Condition::AtLeast(name, value)) => compare(name, value, std::cmp::Ordering::is_ge),
        Some(Condition::Above(name, value)) => compare(name, value, std::cmp::Ordering::is_gt),
        Some(Condition::All(parts)) => parts.iter().all(|part| holds(Some(part), item)),
        Some(Condition::Any(parts)) => parts.iter().any(|part| holds(Some(part), item)),
    }
}

/// Values of different types do not compare.
fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::S(left), Value::S(right)) => Some(left.cmp(right)),
        (Value::N(_), Value::N(_)) => Some(number(left)?.cmp(&number(right)?)),
        _ => None,
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::N(text) => text.parse().ok(),
        _ => None,
    }
}
