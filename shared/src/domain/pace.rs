//! How long the pollers of a schedule wait between two polls, so that all of them together stay below what the
//! deployment is set to bear.
//!
//! What is added up is not polls but the pauses that pollers were told. A poller with a pause of ten seconds adds five
//! times as much as one with two, a fifth as often. So the sum tells how many pollers there are, however long they
//! wait, and a longer pause does not make the next one short again.

use std::sync::atomic::{AtomicI64, Ordering};

/// The time over which told pauses are added up, in milliseconds.
pub const SLOT: i64 = 10_000;

const SHORTEST: i64 = 2_000;
const LONGEST: i64 = 10_000;

/// Pauses grow when polls reach this part of what is borne, in percent.
const NEAR: i64 = 80;

/// Pauses differ by so much to both sides, in percent, so that who came together does not come back together.
const SPREAD: i64 = 20;

/// What polls of one schedule the deployment is set to bear, all functions together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub polls_per_second: i64,
}

/// Between two exchanges with the table: what all environments told in the last whole slot, and what this one has told
/// since. Milliseconds.
#[derive(Debug, Default)]
pub struct Told {
    pub by_all: i64,
    here: AtomicI64,
}

impl Pace {
    /// The shortest and the longest pause for now, in milliseconds, when so much was told in a slot.
    pub fn range(self, told_by_all: i64) -> (i64, i64) {
        let bearable = self.polls_per_second.max(1).saturating_mul(SLOT * NEAR);
        let pause = (told_by_all.max(0).saturating_mul(100 * 1_000) / bearable).clamp(SHORTEST, LONGEST);
        let spread = pause * SPREAD / 100;
        ((pause - spread).max(SHORTEST), (pause + spread).min(LONGEST))
    }
}

impl Told {
    pub fn new(by_all: i64) -> Self {
        Self { by_all, here: AtomicI64::new(0) }
    }

    /// Counts one poller.
    pub fn tell(&self, pause: i64) {
        self.here.fetch_add(pause, Ordering::Relaxed);
    }

    /// What was told here and is not counted yet; from now on it is.
    pub fn take(&self) -> i64 {
        self.here.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { polls_per_second: 5_000 };

    /// What is told in a slot when so many poll, whatever the pause is.
    fn told_to(pollers: i64) -> i64 {
        pollers * SLOT
    }

    #[test]
    fn pauses_are_short_up_to_four_fifths_of_the_load_and_then_as_long_as_it_takes() {
        for (pollers, shortest, longest) in [
            (0, 2_000, 2_400),
            (5_000, 2_000, 2_400),
            (8_000, 2_000, 2_400),
            (10_000, 2_000, 3_000),
            (20_000, 4_000, 6_000),
            (40_000, 8_000, 10_000),
            (100_000, 8_000, 10_000),
            (i64::MAX / SLOT, 8_000, 10_000),
        ] {
            assert_eq!(PACE.range(told_to(pollers)), (shortest, longest), "{pollers}");
        }
    }

    #[test]
    fn polls_stay_below_what_is_borne_while_pauses_can_grow() {
        for pollers in (0..=45_000).step_by(1_000) {
            let (shortest, longest) = PACE.range(told_to(pollers));
            let polls_per_second = pollers * 2_000 / (shortest + longest);
            assert!(polls_per_second <= PACE.polls_per_second, "{pollers}: {polls_per_second}");
        }
    }

    #[test]
    fn a_longer_pause_does_not_make_the_next_one_short_again() {
        let mut told = 0;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let (shortest, longest) = PACE.range(told);
            let pause = i64::midpoint(shortest, longest);
            pauses.push(pause);
            // As many polls as 20,000 pollers make with that pause, each told it.
            told = 20_000 * SLOT / pause * pause;
        }
        assert_eq!(pauses[0], 2_200);
        assert!(pauses[1..].iter().all(|pause| (4_990..=5_000).contains(pause)), "{pauses:?}");
    }

    #[test]
    fn what_was_told_is_taken_once() {
        let told = Told::new(7);
        told.tell(2_000);
        told.tell(3_000);
        assert_eq!((told.by_all, told.take(), told.take()), (7, 5_000, 0));
    }
}
