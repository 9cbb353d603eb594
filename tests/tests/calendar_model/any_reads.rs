//! The same promise from another side: whatever a writer believes to have read, its commit does no harm.
//!
//! Every transaction that any reads could lead to, however torn or old, is decided against every
//! calendar. If those whose conditions hold leave a sound calendar, then one commit after the other
//! does, in any number, by any number of writers.

use crate::design::{Design, Next};
use crate::explorer::{Violation, checked_commit};
use crate::operation::{Look, Operation, Reads, Seen};
use crate::scenario::Size;
use crate::table::{END_OF_TIME, FIRST, Interval, NOBODY, Node, Schedule, Table, Time};

/// The schedule that a create makes; no calendar has it.
const CREATED: Schedule = 4;

pub struct AnyReads<'a> {
    design: &'a dyn Design,
    points: Time,
    pub calendars: Vec<Table>,
    pub transactions: u64,
    pub committed: u64,
}

impl<'a> AnyReads<'a> {
    pub fn new(design: &'a dyn Design, points: Time) -> Self {
        let size = Size { points, schedules: usize::from(CREATED), writers: 1 };
        let calendars = size.calendars().iter().map(|calendar| Table::with(calendar)).collect();
        Self { design, points, calendars, transactions: 0, committed: 0 }
    }

    /// Stops at the first violation.
    pub fn check(&mut self) -> Result<(), Violation> {
        self.operations().into_iter().try_for_each(|operation| self.check_from(operation, Reads::default()))
    }

    fn check_from(&mut self, operation: Operation, reads: Reads) -> Result<(), Violation> {
        match self.design.next(operation, &reads) {
            Next::Read(what) => {
                let believed = self.believable(what, operation, reads);
                believed.into_iter().try_for_each(|reads| self.check_from(operation, reads))
            }
            Next::Commit(transaction) => {
                self.transactions += 1;
                for calendar in &self.calendars {
                    let written = checked_commit(self.design, &mut calendar.clone(), operation, &transaction)?;
                    self.committed += u64::from(written.is_some());
                }
                Ok(())
            }
            Next::Conflict(_) | Next::Refused | Next::Again => Ok(()),
        }
    }

    fn operations(&self) -> Vec<Operation> {
        let instant = || self.points().map(Some).chain([None]);
        let mut operations: Vec<Operation> = self.intervals().map(create).collect();
        for schedule in 0..CREATED {
            operations.push(Operation::Delete { schedule });
            for start in instant() {
                operations.extend(instant().map(|end| Operation::Change { schedule, start, end }));
            }
        }
        operations
    }

    /// All that one look could answer. An end leads to no condition, so each node ends as early as it can: that tempts most.
    fn believable(&self, what: Look, operation: Operation, reads: Reads) -> Vec<Reads> {
        let own = operation.schedule();
        let row = reads.row.item();
        let row_start = row.map_or(0, |row| row.start);
        match what {
            Look::Version => vec![Reads { version: Some(0), ..reads }],
            Look::Row => self.intervals().map(|row| Reads { row: Seen::There(row), ..reads }).collect(),
            Look::Own => {
                let own = self.nodes_at(row_start, own);
                own.map(|node| Reads { own: Seen::There(node), ..reads }).collect()
            }
            Look::Before => {
                let before = self.nodes_before(row_start, &[NOBODY]);
                before.into_iter().map(|node| Reads { before: Some(node), ..reads }).collect()
            }
            Look::Place => {
                let end = operation.target(row).map_or(0, |target| target.end);
                let place = self.nodes_before(end, &[NOBODY, own]);
                place.into_iter().map(|node| Reads { place: Some(node), ..reads }).collect()
            }
            Look::BelowPlace => {
                let below = self.nodes_before(reads.place.map_or(0, |place| place.start), &[NOBODY, own]);
                below.into_iter().map(|node| Reads { below_place: Some(node), ..reads }).collect()
            }
        }
    }

    fn nodes_before(&self, bound: Time, schedules: &[Schedule]) -> Vec<Node> {
        let nodes = |schedule: &Schedule| {
            let schedule = *schedule;
            (0..bound).flat_map(move |start| self.nodes_at(start, schedule))
        };
        schedules.iter().flat_map(nodes).collect()
    }

    fn nodes_at(&self, start: Time, schedule: Schedule) -> impl Iterator<Item = Node> {
        let nxt = self.points().filter(move |nxt| *nxt > start).chain([END_OF_TIME]);
        let ends = if start < FIRST { start } else { start + 1 };
        nxt.map(move |nxt| Node { start, ends, nxt, schedule })
    }

    fn intervals(&self) -> impl Iterator<Item = Interval> {
        Size { points: self.points, schedules: 0, writers: 0 }.intervals().into_iter()
    }

    fn points(&self) -> std::ops::Range<Time> {
        FIRST..FIRST + self.points
    }
}

fn create(interval: Interval) -> Operation {
    Operation::Create { schedule: CREATED, interval }
}
