//! The parts of a slot's and a channel's life. `schedules`, `broadcasts` and `sweeping` are made of them.

pub(super) mod gaps;
pub(super) mod reservations;
pub(super) mod moves;
pub(super) mod channels;
