//! How far a reader of a chat has come, and how far they may go.
//!
//! Ids sort by the time they were made, but clocks differ and writes take a while, so an id may appear below others that
//! were read before. What was older than `SETTLED_AFTER` when the table was read can no longer do so. A cursor is
//! therefore a watermark, below which everything was given, and the ids given above it.

use std::collections::BTreeSet;

use super::ids::MessageId;
use super::message::Message;

/// Longer than a write may take (three seconds) and two clocks may differ (one second each way). Milliseconds.
pub const SETTLED_AFTER: i64 = 5_000;

/// Ids in a cursor, which travels in an address: 370 are 7,930 characters of the 10,240 that API Gateway takes for the
/// address and all headers. More than 74 messages a second wait for the watermark, five seconds at the most.
const MOST_GIVEN: usize = 370;

/// How far a reader has come. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Every message made at this time or before was given, or is older than the reader asked for.
    pub watermark: i64,
    /// The messages given that were made after it.
    pub given: BTreeSet<MessageId>,
    /// When the oldest message was made that a first look at the newest gave; 0 for who reads from the beginning.
    pub since: i64,
}

impl Progress {
    /// How many of the messages, which were read at that time, are given, at most so many; and how far the reader is then.
    pub fn giving(&self, messages: &[Message], mut room: usize, read_at: i64) -> (usize, Self) {
        loop {
            let progress = self.advanced(&messages[..room], messages.get(room), read_at);
            let excess = progress.given.len().saturating_sub(MOST_GIVEN);
            if excess == 0 || room == 0 {
                return (room, progress);
            }
            room = room.saturating_sub(excess);
        }
    }

    /// Raises the watermark to what was settled when the messages were read, which may be a while ago. It never falls,
    /// and never passes a message that was not given.
    fn advanced(&self, given_now: &[Message], not_given: Option<&Message>, read_at: i64) -> Self {
        let limit = not_given.map_or(i64::MAX, |message| message.id.made_at() - 1);
        let watermark = self.watermark.max((read_at - SETTLED_AFTER).min(limit));
        let given = self.given.iter().chain(given_now.iter().map(|message| &message.id));
        let given = given.filter(|id| id.made_at() > watermark).copied().collect();
        Self { watermark, given, since: self.since }
    }

    /// After a first look that gave the newest messages, with older ones before them or not; how many of them, from the
    /// newest on, there is room for.
    pub fn of_newest(messages: &[Message], has_older: bool, read_at: i64) -> (usize, Self) {
        let settled = read_at - SETTLED_AFTER;
        let unsettled = messages.iter().filter(|message| message.id.made_at() > settled).count();
        let excess = unsettled.saturating_sub(MOST_GIVEN);
        let shown = if excess == 0 { messages.len() } else { MOST_GIVEN };
        let messages = &messages[messages.len() - shown..];
        let since = messages.first().filter(|_| has_older || excess > 0).map_or(0, |oldest| oldest.id.made_at());
        // What is older than the oldest given will not be given, even where it is not settled yet.
        let watermark = settled.max(since - 1).max(0);
        let given = messages.iter().map(|message| message.id).filter(|id| id.made_at() > watermark).collect();
        (shown, Self { watermark, given, since })
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::message;
    use super::*;

    #[test]
    fn the_watermark_stays_below_what_may_still_appear() {
        let now = 1_000_000;
        let (old, young) = (message(now - SETTLED_AFTER, 1), message(now - SETTLED_AFTER + 1, 2));
        let progress = Progress::default().advanced(&[old, young.clone()], None, now);
        assert_eq!(progress.watermark, now - SETTLED_AFTER);
        assert_eq!(progress.given, BTreeSet::from([young.id]));
    }

    #[test]
    fn the_watermark_never_passes_a_message_that_was_not_given() {
        let progress = Progress::default().advanced(&[message(100, 1)], Some(&message(200, 2)), 1_000_000);
        assert_eq!(progress, Progress { watermark: 199, ..Progress::default() });
    }

    #[test]
    fn the_watermark_never_falls_though_the_answer_was_read_earlier() {
        let given = message(999_500, 1);
        let before =
            Progress { watermark: 995_000, given: BTreeSet::from([given.id, message(994_000, 2).id]), since: 7 };
        let (_, after) = before.giving(&[], 0, 999_000);
        assert_eq!(after, Progress { watermark: 995_000, given: BTreeSet::from([given.id]), since: 7 });
    }

    #[test]
    fn a_full_cursor_waits_for_the_watermark_and_loses_nothing() {
        let made = 1_000_000;
        let messages: Vec<_> = (0..1_000).map(|seed| message(made + i64::from(seed) / 10, seed)).collect();
        let (mut now, mut progress, mut given) = (made + 200, Progress::default(), Vec::new());
        while given.len() < messages.len() {
            let (room, next) = progress.giving(&messages[given.len()..], messages.len() - given.len(), now);
            assert!(next.given.len() <= MOST_GIVEN && (room > 0 || now < made + 200 + SETTLED_AFTER));
            given.extend_from_slice(&messages[given.len()..given.len() + room]);
            (progress, now) = (next, now + 1_000);
        }
        assert_eq!(given, messages);
        assert!(now <= made + 200 + SETTLED_AFTER + 3_000);
    }

    #[test]
    fn a_first_look_goes_on_behind_what_it_showed() {
        let messages: Vec<_> = (0..10).map(|seed| message(1_000_000 + 1_000 * i64::from(seed), seed)).collect();
        let (shown, all) = Progress::of_newest(&messages, false, 1_010_000);
        assert_eq!((shown, all.watermark, all.given.len(), all.since), (10, 1_005_000, 4, 0));
        let (shown, newest) = Progress::of_newest(&messages[8..], true, 1_010_000);
        assert_eq!((shown, newest.watermark, newest.given.len(), newest.since), (2, 1_007_999, 2, 1_008_000));
        let (shown, nothing) = Progress::of_newest(&[], false, 1_010_000);
        assert_eq!((shown, nothing.watermark, nothing.since), (0, 1_005_000, 0));
        let crowd: Vec<_> = (0..500).map(|seed| message(1_009_000 + i64::from(seed), seed)).collect();
        let (shown, full) = Progress::of_newest(&crowd, false, 1_010_000);
        assert_eq!((shown, full.given.len(), full.since), (MOST_GIVEN, MOST_GIVEN, 1_009_130));
    }
}
