//! A way to keep a calendar free of overlaps: what a writer does next, given what it has read.

use crate::operation::{Look, Operation, Reads};
use crate::table::{Node, Transaction};

pub trait Design: Sync {
    fn next(&self, operation: Operation, reads: &Reads) -> Next;

    /// What a writer does when a condition of its transaction failed.
    fn after_failure(&self, reads: &Reads) -> Next;

    /// Whether the calendar's nodes must be a linked list after every commit.
    fn keeps_list(&self) -> bool;
}

#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Read(Look),
    Commit(Transaction),
    /// 409, because of this node.
    Conflict(Node),
    /// 404 or 422: there is no such schedule, or it would end before it starts.
    Refused,
    /// What was read does not fit together: read all of it again.
    Again,
}
