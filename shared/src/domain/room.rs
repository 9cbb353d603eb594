//! The rules of one broadcast's chat, which its hosts set.

use super::trail::names_of;

/// What holds for everybody but the hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub is_open: bool,
    /// Seconds between two messages of one user; 0 for no such rule.
    pub slow_seconds: i64,
}

impl Rules {
    /// At most so long between two messages of one user.
    pub const SLOWEST: i64 = 120;

    /// The names of the fields that have another value in `new`.
    pub fn differences(&self, new: &Self) -> Vec<&'static str> {
        names_of([("is_open", self.is_open != new.is_open), ("slow_seconds", self.slow_seconds != new.slow_seconds)])
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { is_open: true, slow_seconds: 0 }
    }
}

/// For how long a user may be muted, in seconds, and for how long when nothing is said.
pub const LONGEST_MUTE: i64 = 86_400;
pub const USUAL_MUTE: i64 = 600;

/// What the rules say to one user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RulesForUser {
    pub rules: Rules,
    /// Milliseconds since 1970.
    pub muted_until: Option<i64>,
}

/// A chat as its hosts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub rules: Rules,
    /// How many users have posted.
    pub posted: usize,
    /// How many users are muted now.
    pub muted: usize,
}
