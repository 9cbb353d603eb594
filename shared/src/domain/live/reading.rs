//! What follows from what is known: what there is to watch, how a broadcast stands, when ImageFlux has to be asked.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Connection, Live};
use crate::domain::interval::Interval;

/// How long a broadcast that broke off counts as interrupted.
const INTERRUPTED_FOR: TimeDelta = TimeDelta::seconds(120);
/// A publisher whose playlist is not there after so long is asked after.
const PLAYLIST_WITHIN: TimeDelta = TimeDelta::seconds(3);
/// So is one of which nothing was heard for so long: ImageFlux tells of each once a minute.
const SIGN_WITHIN: TimeDelta = TimeDelta::seconds(60);

/// How a broadcast stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Scheduled,
    /// Somebody publishes, and there is no playlist yet.
    Preparing,
    Live,
    /// It broke off a moment ago.
    Interrupted,
    /// The start has come, and nobody publishes.
    Waiting,
    Ended,
}

impl Status {
    pub const ALL: [Self; 6] =
        [Self::Scheduled, Self::Preparing, Self::Live, Self::Interrupted, Self::Waiting, Self::Ended];

    /// As clients read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Preparing => "preparing",
            Self::Live => "live",
            Self::Interrupted => "interrupted",
            Self::Waiting => "waiting",
            Self::Ended => "ended",
        }
    }

    /// By the clock alone, when nobody publishes.
    #[must_use]
    pub fn by_the_clock(now: DateTime<Utc>, interval: Interval) -> Self {
        if now >= interval.end() {
            Self::Ended
        } else if interval.has_started_at(now) {
            Self::Waiting
        } else {
            Self::Scheduled
        }
    }
}

/// What a viewer can watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watchable {
    pub playlist_url: String,
    /// Since when its connection has been there.
    pub since: DateTime<Utc>,
}

impl Live {
    /// The playlist of the newest connection that publishes and lives.
    #[must_use]
    pub fn watchable(&self) -> Option<Watchable> {
        let playing = self.publishers().filter(|(_, connection)| connection.ended().is_none());
        let newest = playing.filter(|(_, connection)| connection.playlist.is_some()).max_by_key(age)?.1;
        let playlist_url = newest.playlist.as_ref()?.url.clone();
        Some(Watchable { playlist_url, since: newest.created })
    }

    /// `overrun` is how long after its end a broadcast may go on.
    #[must_use]
    pub fn status(&self, now: DateTime<Utc>, interval: Interval, overrun: TimeDelta) -> Status {
        let is_over = now >= interval.end() && now - interval.end() >= overrun;
        if is_over {
            return Status::Ended;
        }
        if self.watchable().is_some() {
            return Status::Live;
        }
        if self.is_on() {
            return Status::Preparing;
        }
        match Status::by_the_clock(now, interval) {
            Status::Ended => Status::Ended,
            _ if self.last_live().is_some_and(|last| now - last < INTERRUPTED_FOR) => Status::Interrupted,
            by_the_clock => by_the_clock,
        }
    }

    /// Whether what is known may be wrong, so that ImageFlux has to be asked.
    #[must_use]
    pub fn is_doubtful(&self, now: DateTime<Utc>) -> bool {
        if !self.was_told {
            return true;
        }
        // A connection that is not known to receive may publish.
        let publishing = || self.connections.iter().filter(|(id, _)| !self.watchers.contains(id.as_str()));
        let living = || publishing().filter(|(_, connection)| connection.ended().is_none());
        let lacks_playlist =
            |connection: &Connection| connection.playlist.is_none() && now - connection.created >= PLAYLIST_WITHIN;
        let newest = living().max_by_key(age).or_else(|| publishing().max_by_key(age));
        living().any(|(_, connection)| lacks_playlist(connection))
            || newest.is_some_and(|(_, newest)| now - newest.last_sign >= SIGN_WITHIN)
    }

    /// Only a connection that sends has a playlist, so one whose role nobody told is known by it.
    fn publishers(&self) -> impl Iterator<Item = (&String, &Connection)> {
        self.connections.iter().filter(|(id, connection)| {
            (connection.sends || connection.had_playlist) && !self.watchers.contains(id.as_str())
        })
    }

    /// Whether somebody publishes, as far as is known.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.publishers().any(|(_, connection)| connection.ended().is_none())
    }

    /// When the last of those who were live ended.
    fn last_live(&self) -> Option<DateTime<Utc>> {
        self.publishers().filter(|(_, connection)| connection.had_playlist).filter_map(|(_, past)| past.ended()).max()
    }
}

fn age<'a>((id, connection): &(&'a String, &'a Connection)) -> (DateTime<Utc>, &'a str) {
    (connection.created, id.as_str())
}
