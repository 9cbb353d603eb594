//! What happened a moment ago: a set that forgets by itself.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More are not remembered; the oldest give way.
const MOST: usize = 1_000;

/// Remembers each for so many milliseconds.
pub struct Memory<K> {
    for_millis: i64,
    kept: Mutex<Kept<K>>,
}

struct Kept<K> {
    since: HashMap<K, i64>,
    /// Oldest first.
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash> Memory<K> {
    #[must_use]
    pub fn of_millis(for_millis: i64) -> Self {
        Self { for_millis, kept: Mutex::new(Kept { since: HashMap::new(), order: VecDeque::new() }) }
    }

    /// `now` is milliseconds since 1970.
    pub fn remember(&self, it: &K, now: i64) {
        let mut kept = self.kept();
        if kept.since.insert(it.clone(), now).is_none() {
            kept.order.push_back(it.clone());
        }
        if kept.order.len() > MOST
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.since.remove(&oldest);
        }
    }

    /// A clock that went back makes everything forgotten.
    #[must_use]
    pub fn has(&self, it: &K, now: i64) -> bool {
        self.kept().since.get(it).is_some_and(|since| (0..self.for_millis).contains(&(now - since)))
    }

    fn kept(&self) -> MutexGuard<'_, Kept<K>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_remembered_for_its_time() {
        let memory = Memory::of_millis(10);
        memory.remember(&1, 100);
        assert!(memory.has(&1, 100) && memory.has(&1, 109));
        assert!(!memory.has(&1, 110) && !memory.has(&1, 99) && !memory.has(&2, 100));
        memory.remember(&1, 110);
        assert!(memory.has(&1, 119));
    }

    #[test]
    fn the_oldest_give_way() {
        let memory = Memory::of_millis(10);
        (0..=MOST).for_each(|number| memory.remember(&number, 0));
        assert!(!memory.has(&0, 0) && memory.has(&1, 0) && memory.has(&MOST, 0));
        assert_eq!(memory.kept().since.len(), MOST);
    }
}
