//! How far a reader of a chat has come, and how far they may go.
//!
//! Ids sort by the time they were made, but clocks differ and writes take a while, so an id may appear below others that
//! were read before. What was older than `SETTLED_AFTER` when the table was read can no longer do so. A cursor is
//! therefore a watermark, below which everything was taken in, and the ids taken in above it.
//!
//! A deletion is an entry too, and sorts after its message. A reader who got the message is told of the deletion when
//! it is taken in. A reader who finds the message already marked as deleted takes in both and is told of neither. Then
//! an older read cannot bring them back.

use std::collections::BTreeSet;

use super::ids::MessageId;
use super::message::{Entry, Message};

/// Longer than a write may take (three seconds) and two clocks may differ (one second each way). Milliseconds.
pub const SETTLED_AFTER: i64 = 5_000;

/// How old what is read for all readers may be. Milliseconds.
pub const TAIL_AGE: i64 = 1_000;

/// Ids in a cursor, which travels in an address: 370 are 7,950 characters of the 10,240 that API Gateway takes for the
/// address and all headers. More than 74 entries a second wait for the watermark, five seconds at the most.
const MOST_GIVEN: usize = 370;

/// Of these, deletions that lie beyond what the reader has read. If more messages are deleted while somebody reads from
/// the beginning, that reader is told of deletions of messages that they never saw. That does no harm.
const MOST_AHEAD: usize = 150;

/// How far a reader has come. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Every entry made at this time or before was taken in, or is older than the reader asked for.
    pub watermark: i64,
    /// The entries taken in that were made after it.
    pub given: BTreeSet<MessageId>,
    /// The oldest entry of a first look at the newest; nil for who reads from the beginning.
    pub since: MessageId,
    /// Deletions made by then were made before anything was read for this reader.
    pub begun: i64,
}

/// What an answer tells.
#[derive(Clone, Copy, Debug)]
pub enum Told<'e> {
    Message(&'e Message),
    /// That this message, which the reader was given, is no longer there.
    Deletion(MessageId),
}

/// One answer.
#[derive(Debug, PartialEq)]
pub struct Given {
    pub messages: Vec<Message>,
    pub deleted: Vec<MessageId>,
    pub progress: Progress,
    /// With no message given the cursor is full, and there will be room in a while.
    pub has_more: bool,
}

impl Progress {
    /// Of who begins with the oldest message, at the time of the first read.
    pub fn from_the_beginning(read_at: i64) -> Self {
        Self { begun: read_at - SETTLED_AFTER - TAIL_AGE, ..Self::default() }
    }

    /// What the answer would tell of an entry: nothing of what was taken in, was deleted before, or is too old.
    pub fn tells<'e>(&self, entry: &'e Entry) -> Option<Told<'e>> {
        if self.given.contains(&entry.id()) {
            return None;
        }
        match entry {
            Entry::Message(message) => {
                (message.deletion.is_none() && message.id >= self.since).then_some(Told::Message(message))
            }
            Entry::Deletion(deletion) => {
                let is_news = deletion.id.made_at() > self.begun && self.was_given(deletion.message);
                is_news.then_some(Told::Deletion(deletion.message))
            }
        }
    }

    fn was_given(&self, message: MessageId) -> bool {
        let is_above = message.made_at() > self.watermark;
        if is_above { self.given.contains(&message) } else { message >= self.since }
    }

    /// Of the entries above the watermark, which were read at that time and are marked: so many messages at the most, and
    /// as much as there is room for; and how far the reader is then.
    pub fn giving(
        &self,
        entries: &[Entry],
        limit: usize,
        mut fits: impl FnMut(Told<'_>) -> bool,
        read_at: i64,
    ) -> Given {
        let mut shown = 0;
        let mut has_room = |entry: &Entry| match self.tells(entry) {
            Some(Told::Message(_)) if shown == limit => false,
            Some(told) => {
                shown += usize::from(matches!(told, Told::Message(_)));
                fits(told)
            }
            None => true,
        };
        let mut room = entries.iter().take_while(|entry| has_room(entry)).count();
        let progress = loop {
            let progress = self.advanced(&entries[..room], entries.get(room), read_at);
            let excess = progress.given.len().saturating_sub(MOST_GIVEN);
            if excess == 0 || room == 0 {
                break progress;
            }
            room = room.saturating_sub(excess);
        };
        let told = entries[..room].iter().filter_map(|entry| self.tells(entry));
        let (mut messages, mut deleted) = (Vec::new(), Vec::new());
        for told in told {
            match told {
                Told::Message(message) => messages.push(message.clone()),
                Told::Deletion(message) => deleted.push(message),
            }
        }
        Given { messages, deleted, progress, has_more: room < entries.len() }
    }

    /// Raises the watermark to what was settled when the entries were read, which may be a while ago. It never falls,
    /// and never passes an entry that was not taken in.
    fn advanced(&self, taken: &[Entry], not_taken: Option<&Entry>, read_at: i64) -> Self {
        let limit = not_taken.map_or(i64::MAX, |entry| entry.made_at() - 1);
        let watermark = self.watermark.max((read_at - SETTLED_AFTER).min(limit));
        let new = taken.iter().filter(|entry| !self.given.contains(&entry.id()));
        let new = new.flat_map(|entry| taken_in_with(entry, self.begun));
        let mut given: BTreeSet<_> =
            self.given.iter().copied().chain(new).filter(|id| id.made_at() > watermark).collect();
        if let Some(not_taken) = not_taken {
            let ahead = given.split_off(&not_taken.id());
            given.extend(ahead.into_iter().take(MOST_AHEAD));
        }
        Self { watermark, given, since: self.since, begun: self.begun }
    }

    /// After a first look at the newest entries, with older messages before them or not. There may be room for less than
    /// all of them, from the newest on.
    pub fn of_newest(entries: &[Entry], has_older: bool, read_at: i64) -> Given {
        let settled = read_at - SETTLED_AFTER;
        let begun = settled - TAIL_AGE;
        let unsettled = entries.iter().filter(|entry| entry.made_at() > settled).count();
        let is_cut = unsettled > MOST_GIVEN;
        let entries = if is_cut { &entries[entries.len() - MOST_GIVEN..] } else { entries };
        let since = entries.first().filter(|_| has_older || is_cut).map_or(MessageId::NIL, Entry::id);
        // What is older than the oldest shown will not be given, even where it is not settled yet.
        let watermark = settled.max(since.made_at() - 1).max(0);
        let taken = entries.iter().flat_map(|entry| taken_in_with(entry, begun));
        let given = taken.filter(|id| id.made_at() > watermark).collect();
        let messages = entries.iter().filter_map(|entry| match entry {
            Entry::Message(message) if message.deletion.is_none() => Some(message.clone()),
            _ => None,
        });
        let progress = Self { watermark, given, since, begun };
        Given { messages: messages.collect(), deleted: Vec::new(), progress, has_more: false }
    }
}

/// An entry, and the deletion of a message that is passed over: nobody needs to be told of it who never saw the message.
fn taken_in_with(entry: &Entry, begun: i64) -> impl Iterator<Item = MessageId> {
    let deletion = match entry {
        Entry::Message(message) => message.deletion.filter(|deletion| deletion.made_at() > begun),
        Entry::Deletion(_) => None,
    };
    [Some(entry.id()), deletion].into_iter().flatten()
}

#[cfg(test)]
mod tests;
