//! Failed log-ins, by the quarter of a minute that they happened in.

use std::collections::BTreeMap;

/// A slice of time, in seconds. Failures are told apart no finer.
pub const SLICE: i64 = 15;

/// How long a failure counts, in slices, its own included: a quarter of an hour.
pub const WINDOW: i64 = 60;

/// How many failures happened in which slice since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures(BTreeMap<i64, i64>);

/// All failures before a slice, and so many in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgiven {
    pub slice: i64,
    pub count: i64,
}

pub fn slice_of(seconds: i64) -> i64 {
    seconds.div_euclid(SLICE)
}

impl Failures {
    pub fn add(&mut self, slice: i64, count: i64) {
        *self.0.entry(slice).or_default() += count;
    }

    /// Those that still count at a second since 1970.
    #[must_use]
    pub fn at(mut self, now: i64) -> Self {
        self.0.retain(|slice, _| *slice > slice_of(now) - WINDOW);
        self
    }

    #[must_use]
    pub fn without(mut self, forgiven: Forgiven) -> Self {
        self.0.retain(|slice, _| *slice >= forgiven.slice);
        if let Some(count) = self.0.get_mut(&forgiven.slice) {
            *count = (*count - forgiven.count).max(0);
        }
        self
    }

    pub fn total(&self) -> i64 {
        self.0.values().sum()
    }

    pub fn in_slice(&self, slice: i64) -> i64 {
        self.0.get(&slice).copied().unwrap_or(0)
    }

    /// The seconds after which fewer than `limit` count, at least one.
    pub fn seconds_until_fewer_than(&self, limit: i64, now: i64) -> u64 {
        let mut left = self.total();
        let mut end = now;
        for (slice, count) in &self.0 {
            if left < limit {
                break;
            }
            left -= count;
            end = (slice + WINDOW) * SLICE;
        }
        u64::try_from(end - now).unwrap_or(0).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(counts: &[(i64, i64)]) -> Failures {
        let mut failures = Failures::default();
        for (slice, count) in counts {
            failures.add(*slice, *count);
        }
        failures
    }

    #[test]
    fn a_failure_counts_for_a_quarter_of_an_hour() {
        let one = failures(&[(slice_of(3_000), 1)]);
        assert_eq!(one.clone().at(3_000 + 899).total(), 1);
        assert_eq!(one.at(3_000 + 900).total(), 0);
    }

    #[test]
    fn the_wait_is_until_enough_of_the_oldest_count_no_more() {
        let some = failures(&[(200, 4), (203, 3), (210, 3)]);
        let now = 211 * SLICE;
        assert_eq!(some.seconds_until_fewer_than(10, now), 900 - 11 * 15);
        assert_eq!(some.seconds_until_fewer_than(7, now), 900 - 11 * 15);
        assert_eq!(some.seconds_until_fewer_than(6, now), 900 - 8 * 15);
        assert_eq!(some.seconds_until_fewer_than(1, now + 1), 900 - 15 - 1);
    }

    #[test]
    fn what_is_forgiven_counts_no_more_and_what_came_later_does() {
        let some = failures(&[(100, 4), (103, 5), (104, 1)]);
        assert_eq!(some.clone().without(Forgiven { slice: 103, count: 3 }).total(), 3);
        assert_eq!(some.clone().without(Forgiven { slice: 102, count: 9 }).total(), 6);
        assert_eq!(some.without(Forgiven { slice: 104, count: i64::MAX }).total(), 0);
    }
}
