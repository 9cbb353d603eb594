//! Instants of a calendar, and what lies before and after all of them.

use chrono::{DateTime, SubsecRound, Utc};

/// A whole second, or one of the two ends of time. Ordered as time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    Beginning,
    At(DateTime<Utc>),
    End,
}

impl From<DateTime<Utc>> for Moment {
    fn from(instant: DateTime<Utc>) -> Self {
        Self::At(instant.trunc_subsecs(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_lies_between_the_beginning_and_the_end() {
        for instant in [DateTime::<Utc>::MIN_UTC, DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC] {
            assert!(Moment::Beginning < Moment::At(instant) && Moment::At(instant) < Moment::End);
        }
    }

    #[test]
    fn parts_of_a_second_do_not_count() {
        let instant = DateTime::from_timestamp_millis(1_999).unwrap();
        assert_eq!(Moment::from(instant), Moment::from(DateTime::from_timestamp(1, 0).unwrap()));
    }
}
