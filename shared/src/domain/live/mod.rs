//! What is known of a broadcast's connections: a merge of all that was heard of them.
//!
//! Nothing is promised of the order of ImageFlux's events, nor that each comes once. So the state is
//! no log but the join of facts, each of which is a small state itself. The join is commutative,
//! associative and idempotent: the same events, in any order, lead to the same state
//! (`docs/decisions/0006-live-state.md`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::channel::Listed;

mod reading;

pub use reading::{Status, Watchable};

/// Connections that are remembered. Beyond it the dead of which nothing was heard for the longest time are forgotten.
const REMEMBERED: usize = 100;
/// A connection that is younger may be missing in what ImageFlux lists, and live.
const LISTED_AFTER: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    pub connections: BTreeMap<String, Connection>,
    /// Connections that receive. They never publish, whatever else is said of them.
    pub watchers: BTreeSet<String>,
    /// An event told of a connection that may publish.
    pub was_told: bool,
    /// Somebody has published, be it long ago.
    pub has_published: bool,
    /// What is older and unknown was forgotten, which only the dead are.
    pub forgotten_before: Option<DateTime<Utc>>,
}

/// Instants are ImageFlux's, but for what was learned by asking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The earliest instant heard of.
    pub created: DateTime<Utc>,
    /// The latest.
    pub last_sign: DateTime<Utc>,
    /// Its role sends, or ImageFlux lists it among those that publish.
    pub sends: bool,
    pub had_playlist: bool,
    /// Not kept of a connection that was destroyed.
    pub playlist: Option<Playlist>,
    /// The earliest instant at which it is said to have ended. It never lives again.
    pub destroyed: Option<DateTime<Utc>>,
    /// When ImageFlux last did not list it. A later sign shows that it lives all the same.
    pub missing: Option<DateTime<Utc>>,
}

/// The order is that of the instants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Playlist {
    pub told: DateTime<Utc>,
    pub url: String,
}

/// What one event says of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub connection_id: String,
    pub at: DateTime<Utc>,
    pub news: News,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is there; whether its role sends, if that is said.
    Lives {
        sends: Option<bool>,
    },
    Playlist(String),
    Ended {
        sends: Option<bool>,
    },
}

impl From<Fact> for Live {
    fn from(Fact { connection_id, at, news }: Fact) -> Self {
        let mut connection = Connection::at(at);
        match news {
            News::Lives { sends: Some(false) } | News::Ended { sends: Some(false) } => {
                return Self { watchers: BTreeSet::from([connection_id]), ..Self::default() };
            }
            News::Lives { sends } => connection.sends = sends == Some(true),
            News::Playlist(url) => {
                connection.had_playlist = true;
                connection.playlist = Some(Playlist { told: at, url });
            }
            News::Ended { sends } => {
                connection.sends = sends == Some(true);
                connection.destroyed = Some(at);
            }
        }
        let has_published = connection.sends || connection.had_playlist;
        Self {
            connections: BTreeMap::from([(connection_id, connection)]),
            was_told: true,
            has_published,
            ..Self::default()
        }
    }
}

impl Connection {
    fn at(instant: DateTime<Utc>) -> Self {
        Self {
            created: instant,
            last_sign: instant,
            sends: false,
            had_playlist: false,
            playlist: None,
            destroyed: None,
            missing: None,
        }
    }

    fn join(&mut self, other: Self) {
        self.created = self.created.min(other.created);
        self.last_sign = self.last_sign.max(other.last_sign);
        self.sends |= other.sends;
        self.had_playlist |= other.had_playlist;
        self.destroyed = [self.destroyed, other.destroyed].into_iter().flatten().min();
        self.playlist = self.playlist.take().max(other.playlist).filter(|_| self.destroyed.is_none());
        self.missing = self.missing.max(other.missing).filter(|_| self.destroyed.is_none());
    }

    /// When it ended, as far as is known.
    #[must_use]
    pub fn ended(&self) -> Option<DateTime<Utc>> {
        self.destroyed.or(self.missing.filter(|missing| *missing >= self.last_sign))
    }
}

impl Live {
    /// Learns all that the other knows.
    pub fn join(&mut self, other: Self) {
        self.was_told |= other.was_told;
        self.forgotten_before = self.forgotten_before.max(other.forgotten_before);
        self.watchers.extend(other.watchers);
        // The ids are random, and which are kept does not depend on the order in which they came.
        while self.watchers.len() > REMEMBERED {
            self.watchers.pop_first();
        }
        for (id, connection) in other.connections {
            match self.connections.get_mut(&id) {
                Some(known) => known.join(connection),
                None if self.forgotten_before.is_some_and(|mark| connection.last_sign <= mark) => {}
                None => drop(self.connections.insert(id, connection)),
            }
        }
        self.has_published |= other.has_published;
        while self.connections.len() > REMEMBERED {
            self.forget_one();
        }
    }

    fn forget_one(&mut self) {
        let longest_silent = |(id, connection): &(&String, &Connection)| {
            (connection.ended().is_none(), connection.last_sign, (*id).clone())
        };
        let Some((id, _)) = self.connections.iter().min_by_key(longest_silent) else { return };
        let id = id.clone();
        if let Some(forgotten) = self.connections.remove(&id) {
            self.forgotten_before = self.forgotten_before.max(Some(forgotten.last_sign));
        }
    }

    /// What follows from what ImageFlux listed when it was asked at the instant: who is listed publishes, and who is
    /// not, and not quite new, is gone.
    #[must_use]
    pub fn learned_from_list(&self, listed: &[Listed], asked_at: DateTime<Utc>) -> Self {
        let mut learned = Self::default();
        for Listed { connection_id, playlist_url } in listed {
            let mut connection = Connection::at(asked_at);
            connection.sends = true;
            if let Some(url) = playlist_url {
                connection.had_playlist = true;
                let known = self.connections.get(connection_id).and_then(|known| known.playlist.clone());
                let is_known = known.as_ref().is_some_and(|known| known.url == *url);
                connection.playlist =
                    if is_known { known } else { Some(Playlist { told: asked_at, url: url.clone() }) };
            }
            learned.has_published = true;
            learned.connections.insert(connection_id.clone(), connection);
        }
        for (id, known) in &self.connections {
            let is_old = known.created <= asked_at - LISTED_AFTER;
            if is_old && known.ended().is_none() && !learned.connections.contains_key(id) {
                let missing = Connection { missing: Some(asked_at), ..Connection::at(known.created) };
                learned.connections.insert(id.clone(), missing);
            }
        }
        learned
    }
}

#[cfg(test)]
mod tests;
