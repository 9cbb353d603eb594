//! The last half minute of a chat, as one environment knows it: what most polls are answered from.

use super::message::{Entry, mark_deleted};
use super::progress::SETTLED_AFTER;

/// A reader who polls every twelve seconds lags behind by less. Milliseconds.
pub const SPAN: i64 = 30_000;

/// Every entry that was made after `from` and was there at `read_at`, by the clock of the environment. Times are
/// milliseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    pub from: i64,
    pub read_at: i64,
    entries: Vec<Entry>,
}

impl Tail {
    /// From where on the chat has to be read again: behind what was settled when it was last read, and no further back
    /// than the tail is long.
    pub fn reads_from(last: Option<&Self>, now: i64) -> i64 {
        let settled = last.map_or(i64::MIN, |last| last.read_at.min(now) - SETTLED_AFTER);
        settled.max(now - SPAN)
    }

    /// The tail with what was read from there on, at that time.
    pub fn with(last: Option<&Self>, read_from: i64, read_at: i64, read: Vec<Entry>) -> Self {
        let from = last.map_or(read_from, |last| last.from.max(read_at - SPAN)).min(read_from);
        let kept = last.into_iter().flat_map(|last| &last.entries).filter(|entry| {
            let made_at = entry.made_at();
            from < made_at && made_at <= read_from
        });
        let mut entries: Vec<Entry> = kept.cloned().chain(read).collect();
        // Those that were kept were read before their deletions were made.
        mark_deleted(&mut entries);
        Self { from, read_at, entries }
    }

    /// Whether nothing that was made after the watermark is missing here.
    pub fn reaches_back_to(&self, watermark: i64) -> bool {
        watermark >= self.from
    }

    pub fn after(&self, watermark: i64) -> &[Entry] {
        let first = self.entries.partition_point(|entry| entry.made_at() <= watermark);
        &self.entries[first..]
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::{deletion, entry};
    use super::*;

    /// A tail at a time when these messages were there.
    fn read(last: Option<&Tail>, now: i64, there: &[Entry]) -> Tail {
        let from = Tail::reads_from(last, now);
        Tail::with(last, from, now, there.iter().filter(|entry| entry.made_at() > from).cloned().collect())
    }

    #[test]
    fn what_was_committed_late_is_there_after_the_next_refresh() {
        let (first, late, last) = (entry(100_000, 1), entry(99_000, 2), entry(103_000, 3));
        let tail = read(None, 101_000, std::slice::from_ref(&first));
        let there = [late, first, last];
        let tail = read(Some(&tail), 102_000, &there);
        assert_eq!(tail.after(tail.from), there);
        assert_eq!(tail.after(99_000), &there[1..]);
    }

    #[test]
    fn a_refresh_reads_five_seconds_and_the_tail_stays_half_a_minute_long() {
        let there: Vec<_> = (0_u32..100).map(|second| entry(i64::from(second) * 1_000, second)).collect();
        let mut tail = read(None, 40_000, &there);
        for now in (41..100).map(|second| second * 1_000) {
            assert_eq!(Tail::reads_from(Some(&tail), now), now - 1_000 - SETTLED_AFTER);
            tail = read(Some(&tail), now, &there);
            assert!(tail.from <= now - SPAN + 1_000 && tail.reaches_back_to(now - SPAN + 1_000));
            assert!(!tail.reaches_back_to(now - SPAN - 1_000));
            let expected: Vec<_> = there.iter().filter(|entry| entry.made_at() > tail.from).cloned().collect();
            assert_eq!(tail.after(tail.from), expected);
        }
    }

    #[test]
    fn a_message_that_was_read_before_its_deletion_is_marked_by_it() {
        let old = entry(80_000, 1);
        let tail = read(None, 100_000, std::slice::from_ref(&old));
        assert!(tail.after(0)[0].stands());
        let deletion = deletion(100_500, 2, &old);
        let tail = read(Some(&tail), 101_000, &[old, deletion.clone()]);
        assert_eq!(tail.after(80_000), [deletion]);
        assert!(!tail.after(0)[0].stands());
    }

    #[test]
    fn after_a_long_rest_it_begins_anew() {
        let tail = read(None, 40_000, &[entry(39_000, 1)]);
        let later = read(Some(&tail), 200_000, &[entry(39_000, 1), entry(199_000, 2)]);
        assert_eq!((later.from, later.after(0).len()), (170_000, 1));
    }

    #[test]
    fn a_clock_that_went_back_loses_nothing() {
        let there = [entry(39_000, 1), entry(39_500, 2)];
        let tail = read(None, 40_000, &there);
        let earlier = read(Some(&tail), 38_000, &there);
        assert_eq!(earlier.after(38_500), there);
    }
}
