//! One moment of an exploration: what is committed, what readers see of it, and where each writer stands.

use std::hash::Hasher;

use crate::explorer::Violation;
use crate::operation::{Operation, Reads};
use crate::scenario::Scenario;
use crate::table::{Interval, Item, Key, Node, Table};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// All that a transaction wrote, in the moment of its commit.
    AtOnce,
    /// One item after the other, in every order.
    ItemByItem,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub committed: Table,
    pub visible: Table,
    /// What is committed and not yet visible, by whom, in the order of commits.
    pub invisible: Vec<(usize, Item)>,
    pub writers: Vec<Writer>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writer {
    Running {
        attempts: u8,
        reads: Reads,
    },
    /// Committed, but not all visible and so not yet answered. Until then the interval that its schedule had counts too.
    Settling {
        replaced: Option<Interval>,
    },
    Acknowledged,
    Conflict,
    Refused,
    Unavailable,
}

impl World {
    pub fn new(scenario: &Scenario, attempts: u8) -> Self {
        let table = Table::with(&scenario.calendar);
        let writer = Writer::Running { attempts, reads: Reads::default() };
        Self {
            committed: table,
            visible: table,
            invisible: Vec::new(),
            writers: vec![writer; scenario.operations.len()],
        }
    }

    /// Nobody reads or decides any more; what becomes visible now changes nothing.
    pub fn is_ended(&self) -> bool {
        !self.writers.iter().any(|writer| matches!(writer, Writer::Running { .. }))
    }

    /// Takes note of a commit whose items are now to become visible.
    pub fn settle(
        &mut self,
        scenario: &Scenario,
        at: usize,
        written: Vec<Item>,
        replaced: Option<Interval>,
        visibility: Visibility,
    ) {
        for item in written {
            // An item that no other writer reads may as well be visible.
            let is_private = matches!(item, Item::Row(..)) && !scenario.shares_schedule(at);
            if visibility == Visibility::AtOnce || is_private {
                self.visible.put(item);
            } else {
                self.invisible.push((at, item));
            }
        }
        self.writers[at] = Writer::Settling { replaced };
        self.acknowledge_if_visible(at);
    }

    pub fn is_oldest_of_its_key(&self, at: usize) -> bool {
        let key = key_of(self.invisible[at].1);
        !self.invisible[..at].iter().any(|(_, other)| key_of(*other) == key)
    }

    pub fn after_showing(&self, at: usize) -> Self {
        let mut next = self.clone();
        let (writer, item) = next.invisible.remove(at);
        next.visible.put(item);
        next.acknowledge_if_visible(writer);
        next
    }

    fn acknowledge_if_visible(&mut self, at: usize) {
        if !self.invisible.iter().any(|(writer, _)| *writer == at) {
            self.writers[at] = Writer::Acknowledged;
        }
    }

    /// A 409 is true when the interval that it names is another's, collides, and stands in the calendar at this
    /// moment, which lies between the caller's question and the answer.
    pub fn check_conflict(
        &self,
        scenario: &Scenario,
        operation: Operation,
        reads: Reads,
        node: Node,
    ) -> Result<(), Violation> {
        let named = Some(node.interval());
        let is_replaced = |(writer, other): (&Writer, &Operation)| {
            other.schedule() == node.schedule && *writer == Writer::Settling { replaced: named }
        };
        let stands = self.committed.rows.get(usize::from(node.schedule)) == Some(&named)
            || self.writers.iter().zip(&scenario.operations).any(is_replaced);
        let target = operation.target(reads.row.item());
        let collides = target.is_some_and(|target| target.overlaps(node.interval()));
        let is_other = node.schedule != operation.schedule();
        if stands && collides && is_other { Ok(()) } else { Err(Violation::FalseConflict) }
    }

    /// What was acknowledged is there, unless somebody else was asked to change it.
    pub fn check_end(&self, scenario: &Scenario) -> Result<(), Violation> {
        for (at, (operation, writer)) in scenario.operations.iter().zip(&self.writers).enumerate() {
            let Operation::Create { schedule, interval } = *operation else { continue };
            let is_acknowledged = matches!(writer, Writer::Settling { .. } | Writer::Acknowledged);
            let is_there = self.committed.rows[usize::from(schedule)] == Some(interval);
            if is_acknowledged && !is_there && !scenario.shares_schedule(at) {
                return Err(Violation::LostCreate);
            }
        }
        Ok(())
    }
}

fn key_of(item: Item) -> Key {
    match item {
        Item::Row(schedule, _) => Key::Row(schedule),
        Item::Node(start, _) => Key::Node(start),
        Item::Version(_) => Key::Version,
    }
}

/// A multiplication for each word: nobody chooses these keys to collide, and there are millions of them.
#[derive(Default)]
pub struct WordHasher(u64);

impl WordHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.mix(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.mix(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.mix(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.mix(word.cast_unsigned() as u64);
    }
}
