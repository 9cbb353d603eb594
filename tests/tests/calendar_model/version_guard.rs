//! The design that was rejected: a version of the whole calendar, and a query for the neighbour.
//!
//! A writer reads the version, looks for a neighbour in the way, and commits under the condition that
//! the version is still the same. Its overlap is the test of the explorer.

use crate::design::{Design, Next};
use crate::operation::{Look, Operation, Reads, Seen};
use crate::table::{Action, Change, Condition, Interval, Key, Node, Schedule, Transaction};

pub struct VersionGuard;

impl Design for VersionGuard {
    fn next(&self, operation: Operation, reads: &Reads) -> Next {
        let schedule = operation.schedule();
        let Some(version) = reads.version else { return Next::Read(Look::Version) };
        let from = match operation {
            Operation::Create { .. } => None,
            Operation::Delete { .. } | Operation::Change { .. } => match reads.row {
                Seen::NotYet => return Next::Read(Look::Row),
                Seen::Absent => return Next::Refused,
                Seen::There(from) => Some(from),
            },
        };
        let to = operation.target(from);
        if let Some(to) = to {
            if to.start >= to.end {
                return Next::Refused;
            }
            let Some(place) = reads.place else { return Next::Read(Look::Place) };
            let neighbour = match reads.below_place {
                None if place.schedule == schedule => return Next::Read(Look::BelowPlace),
                None => place,
                Some(below) => below,
            };
            if neighbour.schedule != schedule && neighbour.interval().overlaps(to) {
                return Next::Conflict(neighbour);
            }
        }
        Next::Commit(guarded(version, schedule, from, to))
    }

    fn after_failure(&self, _reads: &Reads) -> Next {
        Next::Again
    }

    fn keeps_list(&self) -> bool {
        false
    }
}

fn guarded(version: u8, schedule: Schedule, from: Option<Interval>, to: Option<Interval>) -> Transaction {
    let mut transaction = vec![
        Action {
            key: Key::Version,
            conditions: vec![Condition::VersionIs(version)],
            change: Change::SetVersion(version + 1),
        },
        Action {
            key: Key::Row(schedule),
            conditions: vec![from.map_or(Condition::RowAbsent, Condition::RowIs)],
            change: to.map_or(Change::RemoveRow, Change::PutRow),
        },
    ];
    let old_start = from.map(|from| from.start);
    let new_start = to.map(|to| to.start);
    if let Some(start) = old_start.filter(|_| old_start != new_start) {
        transaction.push(Action {
            key: Key::Node(start),
            conditions: vec![Condition::NodeIsOf(schedule)],
            change: Change::RemoveNode,
        });
    }
    if let Some(to) = to {
        let is_own_key = old_start == new_start;
        transaction.push(Action {
            key: Key::Node(to.start),
            conditions: vec![if is_own_key { Condition::NodeIsOf(schedule) } else { Condition::NodeAbsent }],
            change: Change::PutNode(Node { start: to.start, ends: to.end, nxt: 0, schedule }),
        });
    }
    transaction
}
