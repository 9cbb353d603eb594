//! What a caller may ask of the calendar, and what it means when nobody else is there.

use crate::table::{Interval, Node, Rows, Schedule, Table, Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create {
        schedule: Schedule,
        interval: Interval,
    },
    Delete {
        schedule: Schedule,
    },
    /// What is `None` stays as it is.
    Change {
        schedule: Schedule,
        start: Option<Time>,
        end: Option<Time>,
    },
}

/// What a writer has read of the table in this attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reads {
    pub version: Option<u8>,
    pub row: Seen<Interval>,
    /// The node at the row's start.
    pub own: Seen<Node>,
    /// The last node before the row's start.
    pub before: Option<Node>,
    /// The last node before the wanted end.
    pub place: Option<Node>,
    /// The last node before `place`.
    pub below_place: Option<Node>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Seen<T> {
    #[default]
    NotYet,
    Absent,
    There(T),
}

/// One item to be read, each at an instant of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Version,
    Row,
    Own,
    Before,
    Place,
    BelowPlace,
}

impl Operation {
    pub fn schedule(self) -> Schedule {
        match self {
            Self::Create { schedule, .. } | Self::Delete { schedule } | Self::Change { schedule, .. } => schedule,
        }
    }

    /// The interval that the schedule shall have; `None` for none at all.
    pub fn target(self, row: Option<Interval>) -> Option<Interval> {
        match self {
            Self::Create { interval, .. } => Some(interval),
            Self::Delete { .. } => None,
            Self::Change { start, end, .. } => {
                row.map(|row| Interval { start: start.unwrap_or(row.start), end: end.unwrap_or(row.end) })
            }
        }
    }

    /// The calendar after the operation when nobody else is there.
    pub fn apply(self, mut rows: Rows) -> Rows {
        let row = &mut rows[usize::from(self.schedule())];
        *row = self.target(*row);
        rows
    }
}

impl<T: Copy> Seen<T> {
    pub fn item(self) -> Option<T> {
        match self {
            Self::There(item) => Some(item),
            Self::NotYet | Self::Absent => None,
        }
    }

    fn of(item: Option<T>) -> Self {
        item.map_or(Self::Absent, Self::There)
    }
}

impl Reads {
    pub fn has_more_than_row(&self) -> bool {
        Self { row: Seen::NotYet, ..*self } != Self::default()
    }

    pub fn look(&mut self, what: Look, operation: Operation, visible: &Table) {
        let row = self.row.item();
        let start = row.map(|row| row.start);
        match what {
            Look::Version => self.version = Some(visible.version),
            Look::Row => self.row = Seen::of(visible.rows[usize::from(operation.schedule())]),
            Look::Own => self.own = Seen::of(start.and_then(|start| visible.node(start))),
            Look::Before => self.before = start.map(|start| visible.last_node_before(start)),
            Look::Place => {
                self.place = operation.target(row).map(|target| visible.last_node_before(target.end));
            }
            Look::BelowPlace => self.below_place = self.place.map(|place| visible.last_node_before(place.start)),
        }
    }
}
