//! The algorithm that the product uses: whoever takes from a gap changes the node that owns it.
//!
//! It stands here a second time, without network and encoding, so that every order of its steps can
//! be tried. Each condition can be left out, and each care in reading, to see that the explorer notices.

use crate::design::{Design, Next};
use crate::operation::{Look, Operation, Reads, Seen};
use crate::table::{Action, Change, Condition, Interval, Key, Node, Schedule, Time, Transaction};

pub struct GapOwner {
    pub flaw: Flaw,
}

/// A mistake that somebody could make.
#[derive(Clone, Copy)]
pub enum Flaw {
    None,
    /// The conditions for which this holds are left out.
    Without(fn(&Condition) -> bool),
    /// One's own node is known by its key, not by its schedule.
    KnowsItselfByKey,
    /// A torn read may lead to a transaction with two actions on one item.
    NamesAnItemTwice,
    /// The `nxt` of the gap's owner is not compared with the new end.
    TrustsTheNeighbour,
    /// A failed condition is answered as a conflict.
    FailureIsConflict,
}

impl Design for GapOwner {
    fn next(&self, operation: Operation, reads: &Reads) -> Next {
        let decided = match operation {
            Operation::Create { schedule, interval } => self.create(schedule, interval, reads),
            Operation::Delete { schedule } => delete(schedule, reads),
            Operation::Change { .. } => self.change(operation, reads),
        };
        match (decided, self.flaw) {
            (Next::Commit(transaction), Flaw::Without(left_out)) => Next::Commit(without(transaction, left_out)),
            (decided, _) => decided,
        }
    }

    fn after_failure(&self, reads: &Reads) -> Next {
        match (self.flaw, reads.place) {
            (Flaw::FailureIsConflict, Some(place)) => Next::Conflict(place),
            _ => Next::Again,
        }
    }

    fn keeps_list(&self) -> bool {
        true
    }
}

impl GapOwner {
    fn create(&self, schedule: Schedule, interval: Interval, reads: &Reads) -> Next {
        let Some(owner) = reads.place else { return Next::Read(Look::Place) };
        if owner.interval().overlaps(interval) {
            return Next::Conflict(owner);
        }
        if owner.nxt < interval.end && !self.trusts_the_neighbour() {
            return Next::Again;
        }
        let [link, put] = take(owner, interval, schedule);
        Next::Commit(vec![link, put, row(schedule, Condition::RowAbsent, Change::PutRow(interval))])
    }

    fn change(&self, operation: Operation, reads: &Reads) -> Next {
        let from = match reads.row {
            Seen::NotYet => return Next::Read(Look::Row),
            Seen::Absent => return Next::Refused,
            Seen::There(from) => from,
        };
        let Some(to) = operation.target(Some(from)).filter(|to| to.start < to.end) else { return Next::Refused };
        let own = match reads.own {
            Seen::NotYet => return Next::Read(Look::Own),
            Seen::There(own) if own.schedule == operation.schedule() => own,
            Seen::There(_) | Seen::Absent => return Next::Again,
        };
        if from.start == to.start { self.change_end(from, to, own, reads) } else { self.relocate(from, to, own, reads) }
    }

    fn change_end(&self, from: Interval, to: Interval, own: Node, reads: &Reads) -> Next {
        if own.nxt >= to.end {
            let set_end = Action {
                key: Key::Node(own.start),
                conditions: vec![Condition::NodeIsOf(own.schedule), Condition::NxtAtLeast(to.end)],
                change: Change::SetEnds(to.end),
            };
            return Next::Commit(vec![set_end, row(own.schedule, Condition::RowIs(from), Change::PutRow(to))]);
        }
        let Some(successor) = reads.place else { return Next::Read(Look::Place) };
        let is_other = !self.is_own(successor, own);
        if is_other && successor.interval().overlaps(to) { Next::Conflict(successor) } else { Next::Again }
    }

    fn relocate(&self, from: Interval, to: Interval, own: Node, reads: &Reads) -> Next {
        let Some(before) = reads.before else { return Next::Read(Look::Before) };
        if before.nxt != own.start {
            return Next::Again;
        }
        let Some(place) = reads.place else { return Next::Read(Look::Place) };
        let owner = if self.is_own(place, own) {
            let Some(below) = reads.below_place else { return Next::Read(Look::BelowPlace) };
            if self.is_own(below, own) {
                return Next::Again;
            }
            below
        } else {
            place
        };
        if owner.interval().overlaps(to) {
            return Next::Conflict(owner);
        }
        let is_one_gap = owner.start == before.start;
        let gap_end = if is_one_gap { own.nxt } else { owner.nxt };
        if gap_end < to.end && !self.trusts_the_neighbour() {
            return Next::Again;
        }
        let names_an_item_twice = owner.start == own.start || to.start == before.start;
        if names_an_item_twice && !matches!(self.flaw, Flaw::NamesAnItemTwice) {
            return Next::Again;
        }
        let mut transaction = if is_one_gap {
            shift(before, own, to)
        } else {
            [unlink(before, own), take(owner, to, own.schedule)].concat()
        };
        transaction.push(row(own.schedule, Condition::RowIs(from), Change::PutRow(to)));
        Next::Commit(transaction)
    }

    fn is_own(&self, node: Node, own: Node) -> bool {
        match self.flaw {
            Flaw::KnowsItselfByKey => node.start == own.start,
            _ => node.schedule == own.schedule,
        }
    }

    fn trusts_the_neighbour(&self) -> bool {
        matches!(self.flaw, Flaw::TrustsTheNeighbour)
    }
}

fn delete(schedule: Schedule, reads: &Reads) -> Next {
    let from = match reads.row {
        Seen::NotYet => return Next::Read(Look::Row),
        Seen::Absent => return Next::Refused,
        Seen::There(from) => from,
    };
    let own = match reads.own {
        Seen::NotYet => return Next::Read(Look::Own),
        Seen::There(own) if own.schedule == schedule => own,
        Seen::There(_) | Seen::Absent => return Next::Again,
    };
    let Some(before) = reads.before else { return Next::Read(Look::Before) };
    if before.nxt != own.start {
        return Next::Again;
    }
    let [link, remove] = unlink(before, own);
    Next::Commit(vec![link, remove, row(schedule, Condition::RowIs(from), Change::RemoveRow)])
}

/// Takes `interval` out of the gap of `owner`.
fn take(owner: Node, interval: Interval, schedule: Schedule) -> [Action; 2] {
    let conditions = vec![Condition::GapEndsAt(owner.nxt), Condition::EndsAtMost(interval.start)];
    [link(owner, conditions, interval.start), put(interval, owner.nxt, schedule)]
}

/// Gives the interval of `own` back to the gap before it.
fn unlink(before: Node, own: Node) -> [Action; 2] {
    [link(before, vec![Condition::PointsAt(own.start)], own.nxt), remove(own)]
}

/// Both at once, where `own` leaves one gap behind that holds its new place too.
fn shift(before: Node, own: Node, to: Interval) -> Transaction {
    let conditions = vec![Condition::PointsAt(own.start), Condition::EndsAtMost(to.start)];
    vec![link(before, conditions, to.start), remove(own), put(to, own.nxt, own.schedule)]
}

fn link(node: Node, conditions: Vec<Condition>, nxt: Time) -> Action {
    Action { key: Key::Node(node.start), conditions, change: Change::SetNxt(nxt) }
}

fn put(interval: Interval, nxt: Time, schedule: Schedule) -> Action {
    let node = Node { start: interval.start, ends: interval.end, nxt, schedule };
    Action { key: Key::Node(node.start), conditions: vec![Condition::NodeAbsent], change: Change::PutNode(node) }
}

fn remove(own: Node) -> Action {
    let conditions = vec![Condition::NodeIsOf(own.schedule), Condition::OwnsGapUntil(own.nxt)];
    Action { key: Key::Node(own.start), conditions, change: Change::RemoveNode }
}

fn row(schedule: Schedule, condition: Condition, change: Change) -> Action {
    Action { key: Key::Row(schedule), conditions: vec![condition], change }
}

fn without(mut transaction: Transaction, left_out: fn(&Condition) -> bool) -> Transaction {
    for action in &mut transaction {
        action.conditions.retain(|condition| !left_out(condition));
    }
    transaction
}
