//! What many requests read, read once for all of them.
//!
//! A value is as old as the moment its load began. Callers of one key wait for one load; a load that failed fails for
//! all who waited for it, and is forgotten. When a caller is dropped in the middle of a load, the next one loads.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::platform::clock::Clock;

/// Keys that are remembered at the most; the oldest give way.
const MOST_KEYS: usize = 1_000;

pub struct Cache<K, V, E> {
    slots: Mutex<Slots<K, V, E>>,
}

struct Slots<K, V, E> {
    by_key: HashMap<K, Arc<Slot<V, E>>>,
    /// Oldest first.
    order: VecDeque<K>,
}

struct Slot<V, E> {
    /// Counts the changes that made whatever was loaded before them old.
    changes: AtomicU64,
    /// Counts the loads that ended, so that who waited for one knows it.
    ended: AtomicU64,
    last: tokio::sync::Mutex<Last<V, E>>,
}

enum Last<V, E> {
    Nothing,
    Loaded(Loaded<V>),
    /// The value from before the failure, and why loading another failed.
    Failed(Option<Loaded<V>>, E),
}

struct Loaded<V> {
    value: Arc<V>,
    began: i64,
    changes: u64,
}

impl<K: Clone + Eq + Hash, V, E: Clone> Cache<K, V, E> {
    /// A value of the key that is at most so many milliseconds old. `load` is given the last one, however old.
    pub async fn get<F: Future<Output = Result<V, E>>>(
        &self,
        key: &K,
        max_age_millis: i64,
        clock: &Clock,
        load: impl FnOnce(Option<Arc<V>>) -> F,
    ) -> Result<Arc<V>, E> {
        let slot = self.slot(key);
        let ended_before = slot.ended.load(Ordering::Acquire);
        let mut last = slot.last.lock().await;
        let now = clock.now_millis();
        let changes = slot.changes.load(Ordering::Acquire);
        let previous = match &*last {
            Last::Loaded(loaded) if loaded.is_fresh(now, max_age_millis, changes) => {
                return Ok(Arc::clone(&loaded.value));
            }
            Last::Failed(_, error) if slot.ended.load(Ordering::Acquire) > ended_before => return Err(error.clone()),
            Last::Loaded(loaded) | Last::Failed(Some(loaded), _) => Some(loaded.clone()),
            Last::Nothing | Last::Failed(None, _) => None,
        };
        let result = load(previous.as_ref().map(|loaded| Arc::clone(&loaded.value))).await;
        slot.ended.fetch_add(1, Ordering::Release);
        match result {
            Ok(value) => {
                let value = Arc::new(value);
                *last = Last::Loaded(Loaded { value: Arc::clone(&value), began: now, changes });
                Ok(value)
            }
            Err(error) => {
                *last = Last::Failed(previous, error.clone());
                Err(error)
            }
        }
    }

    /// What was loaded of the key, or is being loaded now, is too old: somebody here changed it.
    pub fn expire(&self, key: &K) {
        if let Some(slot) = self.slots().by_key.get(key) {
            slot.changes.fetch_add(1, Ordering::Release);
        }
    }

    fn slot(&self, key: &K) -> Arc<Slot<V, E>> {
        let mut slots = self.slots();
        if let Some(slot) = slots.by_key.get(key) {
            return Arc::clone(slot);
        }
        if slots.order.len() >= MOST_KEYS
            && let Some(oldest) = slots.order.pop_front()
        {
            slots.by_key.remove(&oldest);
        }
        let slot = Arc::new(Slot {
            changes: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            last: tokio::sync::Mutex::new(Last::Nothing),
        });
        slots.by_key.insert(key.clone(), Arc::clone(&slot));
        slots.order.push_back(key.clone());
        slot
    }

    fn slots(&self) -> MutexGuard<'_, Slots<K, V, E>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Loaded<V> {
    /// A clock that went back makes everything old.
    fn is_fresh(&self, now: i64, max_age: i64, changes: u64) -> bool {
        (0..max_age).contains(&(now - self.began)) && self.changes == changes
    }
}

impl<V> Clone for Loaded<V> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), ..*self }
    }
}

impl<K, V, E> Default for Cache<K, V, E> {
    fn default() -> Self {
        Self { slots: Mutex::new(Slots { by_key: HashMap::new(), order: VecDeque::new() }) }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::atomic::AtomicI64;
    use std::task::Poll;
    use std::time::Duration;

    use chrono::DateTime;
    use futures_util::future::join_all;

    use super::*;

    type Numbers = Cache<i64, i64, String>;

    /// What is loaded, one greater each time.
    #[derive(Default)]
    struct Source {
        loads: AtomicI64,
    }

    impl Source {
        async fn load(&self) -> Result<i64, String> {
            tokio::task::yield_now().await;
            Ok(self.loads.fetch_add(1, Ordering::Relaxed) + 1)
        }
    }

    async fn get(cache: &Numbers, clock: &Clock, source: &Source) -> i64 {
        *cache.get(&7, 1_000, clock, |_| source.load()).await.unwrap()
    }

    /// Lets it run until it has to wait.
    async fn is_waiting<T>(mut work: Pin<&mut impl Future<Output = T>>) -> bool {
        std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_pending())).await
    }

    fn clock() -> Clock {
        Clock::stopped_at(DateTime::from_timestamp(1_000_000, 0).unwrap())
    }

    #[tokio::test]
    async fn a_value_is_as_old_as_its_load_and_serves_until_then() {
        let (cache, clock, source) = (Numbers::default(), clock(), Source::default());
        assert_eq!(get(&cache, &clock, &source).await, 1);
        clock.advance(Duration::from_millis(999));
        assert_eq!(get(&cache, &clock, &source).await, 1);
        clock.advance(Duration::from_millis(1));
        assert_eq!(get(&cache, &clock, &source).await, 2);
    }

    #[tokio::test]
    async fn all_who_ask_at_once_wait_for_one_load() {
        let (cache, clock, source) = (Numbers::default(), clock(), Source::default());
        let all = join_all((0..50).map(|_| get(&cache, &clock, &source))).await;
        assert!(all.iter().all(|value| *value == 1), "{all:?}");
    }

    #[tokio::test]
    async fn a_failed_load_fails_for_those_who_waited_and_is_forgotten() {
        let (cache, clock, source) = (Numbers::default(), clock(), Source::default());
        let tries = AtomicI64::new(0);
        let fail = || async {
            tries.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Err("away".to_owned())
        };
        let failed = join_all((0..5).map(|_| cache.get(&7, 1_000, &clock, |_| fail()))).await;
        assert!(failed.iter().all(|result| result.as_ref().is_err_and(|error| error == "away")));
        assert_eq!(tries.load(Ordering::Relaxed), 1);
        assert_eq!(get(&cache, &clock, &source).await, 1);
    }

    #[tokio::test]
    async fn who_gives_up_in_the_middle_of_a_load_leaves_it_to_the_next() {
        let (cache, clock, source) = (Numbers::default(), clock(), Source::default());
        let mut given_up = Box::pin(get(&cache, &clock, &source));
        let mut next = Box::pin(get(&cache, &clock, &source));
        assert!(is_waiting(given_up.as_mut()).await && is_waiting(next.as_mut()).await);
        drop(given_up);
        assert_eq!(next.await, 1);
    }

    #[tokio::test]
    async fn what_a_change_made_old_is_not_served_even_if_its_load_ends_later() {
        let (cache, clock, source) = (Numbers::default(), clock(), Source::default());
        let mut early = Box::pin(get(&cache, &clock, &source));
        assert!(is_waiting(early.as_mut()).await);
        cache.expire(&7);
        assert_eq!(early.await, 1);
        assert_eq!(get(&cache, &clock, &source).await, 2);
        assert_eq!(get(&cache, &clock, &source).await, 2);
    }

    #[tokio::test]
    async fn the_last_value_is_there_to_be_built_upon() {
        let (cache, clock) = (Numbers::default(), clock());
        let grow = |last: Option<Arc<i64>>| async move { Ok::<_, String>(last.map_or(1, |last| *last * 2)) };
        for expected in [1, 2, 4] {
            assert_eq!(*cache.get(&7, 1_000, &clock, grow).await.unwrap(), expected);
            cache.get(&7, 0, &clock, |_| async { Err("away".to_owned()) }).await.unwrap_err();
            clock.advance(Duration::from_secs(1));
        }
    }

    #[tokio::test]
    async fn the_oldest_keys_give_way() {
        let (cache, clock) = (Numbers::default(), clock());
        for key in 0..=i64::try_from(MOST_KEYS).unwrap() {
            cache.get(&key, 1_000, &clock, |_| async move { Ok(key) }).await.unwrap();
        }
        assert_eq!(cache.slots().by_key.len(), MOST_KEYS);
        for (key, expected) in [(1, 1), (0, -1)] {
            assert_eq!(*cache.get(&key, 1_000, &clock, |_| async { Ok(-1) }).await.unwrap(), expected);
        }
    }
}
