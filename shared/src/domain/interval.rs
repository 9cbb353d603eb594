//! The time of a broadcast: half-open, so that one may start when another ends.

use chrono::{DateTime, Utc};

use super::invalid::Invalid;

/// `[start, end)` in whole seconds, `start < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Interval {
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, Invalid> {
        if start < end { Ok(Self { start, end }) } else { Err(Invalid::NotAfterStart) }
    }

    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    pub fn has_started_at(&self, now: DateTime<Utc>) -> bool {
        self.start <= now
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(start: i64, end: i64) -> Interval {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        Interval::new(at(start), at(end)).unwrap()
    }

    #[test]
    fn an_interval_starts_before_it_ends() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(Interval::new(now, now), Err(Invalid::NotAfterStart));
    }

    #[test]
    fn back_to_back_is_no_overlap() {
        assert!(!interval(0, 10).overlaps(&interval(10, 20)));
        assert!(interval(0, 11).overlaps(&interval(10, 20)));
    }

    proptest! {
        #[test]
        fn two_intervals_overlap_when_a_second_lies_in_both(a in 0_i64..40, b in 1_i64..20, c in 0_i64..40, d in 1_i64..20) {
            let shared_second = (a..a + b).any(|second| (c..c + d).contains(&second));
            prop_assert_eq!(interval(a, a + b).overlaps(&interval(c, c + d)), shared_second);
            prop_assert_eq!(interval(c, c + d).overlaps(&interval(a, a + b)), shared_second);
        }
    }
}
