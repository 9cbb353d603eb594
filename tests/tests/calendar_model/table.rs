//! The table as far as the calendar needs it: schedules, calendar nodes, and transactions that are decided whole.
//!
//! A transaction judges all its conditions against one committed state and then changes it. When its
//! changes become visible to a reader is not decided here but by the explorer.

/// Instants are compared and nothing else, so a few points stand for all of time.
pub type Time = u8;
pub const FIRST: Time = 1;
pub const LAST: Time = 6;
/// The start and the end of the head, the node before all others.
const BEGINNING: Time = 0;
/// The `nxt` of the last node.
pub const END_OF_TIME: Time = LAST + 1;

pub type Schedule = u8;
/// Whose the head is; lower numbers are schedules.
pub const NOBODY: Schedule = 5;
const SCHEDULES: usize = NOBODY as usize;

/// `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    pub start: Time,
    pub end: Time,
}

impl Interval {
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// A schedule's interval in the calendar; it owns the free gap from `ends` to `nxt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub start: Time,
    pub ends: Time,
    pub nxt: Time,
    pub schedule: Schedule,
}

impl Node {
    pub fn interval(self) -> Interval {
        Interval { start: self.start, end: self.ends }
    }
}

/// The interval of every schedule that there is, from the schedules' own items.
pub type Rows = [Option<Interval>; SCHEDULES];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    pub rows: Rows,
    nodes: [Option<Node>; END_OF_TIME as usize],
    /// The tenant's version: only the rejected design writes it.
    pub version: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Row(Schedule),
    Node(Time),
    Version,
}

/// An item as a transaction left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    Row(Schedule, Option<Interval>),
    Node(Time, Option<Node>),
    Version(u8),
}

/// What must hold of an item. Of an item that is absent only the absences hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The gap that is taken from still ends where it was seen to end: `nxt = seen`.
    GapEndsAt(Time),
    /// The gap that is taken from still begins early enough: `ends <= s`.
    EndsAtMost(Time),
    /// The predecessor still points at the node that goes: `nxt = its start`.
    PointsAt(Time),
    /// The node that goes still owns the gap that its predecessor inherits: `nxt = seen`.
    OwnsGapUntil(Time),
    /// The new end stays inside of the node's own gap: `nxt >= e`.
    NxtAtLeast(Time),
    NodeIsOf(Schedule),
    NodeAbsent,
    RowAbsent,
    RowIs(Interval),
    VersionIs(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    PutNode(Node),
    SetNxt(Time),
    SetEnds(Time),
    RemoveNode,
    PutRow(Interval),
    RemoveRow,
    SetVersion(u8),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub key: Key,
    pub conditions: Vec<Condition>,
    pub change: Change,
}

pub type Transaction = Vec<Action>;

impl Table {
    /// A calendar of the given intervals: schedule 0 has the first, and so on.
    pub fn with(intervals: &[Interval]) -> Self {
        let mut rows = [None; SCHEDULES];
        for (row, interval) in rows.iter_mut().zip(intervals) {
            *row = Some(*interval);
        }
        let mut table = Self { rows, nodes: [None; END_OF_TIME as usize], version: 0 };
        table.nodes = table.list_of_rows();
        table
    }

    pub fn node(&self, start: Time) -> Option<Node> {
        self.nodes[usize::from(start)]
    }

    /// The node with the greatest start before `bound`; there is always the head.
    pub fn last_node_before(&self, bound: Time) -> Node {
        let before = &self.nodes[..usize::from(bound)];
        before.iter().rev().find_map(|node| *node).expect("the head is never removed")
    }

    /// Decides and applies a transaction. Answers what it wrote, or `None` when a condition failed.
    pub fn transact(&mut self, transaction: &[Action]) -> Option<Vec<Item>> {
        let holds = |action: &Action| action.conditions.iter().all(|condition| self.holds(action, *condition));
        if !transaction.iter().all(holds) {
            return None;
        }
        let written: Vec<Item> = transaction.iter().filter_map(|action| self.changed(action)).collect();
        for item in &written {
            self.put(*item);
        }
        Some(written)
    }

    pub fn put(&mut self, item: Item) {
        match item {
            Item::Row(schedule, row) => self.rows[usize::from(schedule)] = row,
            Item::Node(start, node) => self.nodes[usize::from(start)] = node,
            Item::Version(version) => self.version = version,
        }
    }

    /// Whether no two schedules overlap.
    pub fn is_disjoint(&self) -> bool {
        let rows: Vec<Interval> = self.rows.iter().copied().flatten().collect();
        rows.iter().enumerate().all(|(at, row)| rows[..at].iter().all(|other| !other.overlaps(*row)))
    }

    /// Whether the nodes are the schedules in order, each with its end, its owner and its successor.
    pub fn is_exact_list(&self) -> bool {
        self.nodes == self.list_of_rows()
    }

    fn list_of_rows(&self) -> [Option<Node>; END_OF_TIME as usize] {
        let mut nodes = [None; END_OF_TIME as usize];
        let mut nxt = END_OF_TIME;
        for start in (FIRST..=LAST).rev() {
            let starts_here = |(schedule, row): (Schedule, Option<Interval>)| {
                row.filter(|row| row.start == start).map(|row| Node { start, ends: row.end, nxt, schedule })
            };
            let Some(node) = (0..NOBODY).zip(self.rows).find_map(starts_here) else { continue };
            nodes[usize::from(start)] = Some(node);
            nxt = start;
        }
        nodes[0] = Some(Node { start: BEGINNING, ends: BEGINNING, nxt, schedule: NOBODY });
        nodes
    }

    fn holds(&self, action: &Action, condition: Condition) -> bool {
        let row = match action.key {
            Key::Row(schedule) => self.rows[usize::from(schedule)],
            Key::Node(_) | Key::Version => None,
        };
        let node = match action.key {
            Key::Node(start) => self.node(start),
            Key::Row(_) | Key::Version => None,
        };
        match condition {
            Condition::GapEndsAt(nxt) | Condition::PointsAt(nxt) | Condition::OwnsGapUntil(nxt) => {
                node.is_some_and(|node| node.nxt == nxt)
            }
            Condition::EndsAtMost(start) => node.is_some_and(|node| node.ends <= start),
            Condition::NxtAtLeast(end) => node.is_some_and(|node| node.nxt >= end),
            Condition::NodeIsOf(schedule) => node.is_some_and(|node| node.schedule == schedule),
            Condition::NodeAbsent => node.is_none(),
            Condition::RowAbsent => row.is_none(),
            Condition::RowIs(interval) => row == Some(interval),
            Condition::VersionIs(version) => self.version == version,
        }
    }

    /// The item after a change; `None` when there is none to change.
    fn changed(&self, action: &Action) -> Option<Item> {
        let item = match (action.key, action.change) {
            (Key::Row(schedule), Change::PutRow(row)) => Item::Row(schedule, Some(row)),
            (Key::Row(schedule), Change::RemoveRow) => Item::Row(schedule, None),
            (Key::Node(start), Change::PutNode(node)) => Item::Node(start, Some(node)),
            (Key::Node(start), Change::SetNxt(nxt)) => Item::Node(start, Some(Node { nxt, ..self.node(start)? })),
            (Key::Node(start), Change::SetEnds(ends)) => Item::Node(start, Some(Node { ends, ..self.node(start)? })),
            (Key::Node(start), Change::RemoveNode) => Item::Node(start, None),
            (Key::Version, Change::SetVersion(version)) => Item::Version(version),
            (key, change) => unreachable!("{change:?} is no change of {key:?}"),
        };
        Some(item)
    }
}
