//! Who is connected to the channels of the simulated ImageFlux, and what it was asked about them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::faults::Nemesis;

/// A connection as it truly was. Times are milliseconds since the simulation began.
#[derive(Clone, Debug)]
pub struct Connection {
    pub channel: String,
    pub sends: bool,
    pub created: i64,
    /// From when on it has a playlist.
    pub plays_from: i64,
    pub ended: Option<i64>,
}

impl Connection {
    pub fn lives_at(&self, at: i64) -> bool {
        self.created <= at && self.ended.is_none_or(|ended| at < ended)
    }
}

/// All that is true when the simulation is over.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub connections: BTreeMap<String, Connection>,
    /// When the product asked who publishes, and to which channel.
    pub questions: Vec<(i64, String)>,
    /// When it asked in vain.
    pub in_vain: Vec<(i64, String)>,
}

#[derive(Clone)]
pub struct Studio {
    record: Arc<Mutex<Record>>,
    nemesis: Arc<Nemesis>,
    began: Instant,
    /// How far ImageFlux's clock is ahead, in milliseconds.
    pub skew: i64,
}

impl Studio {
    pub fn new(nemesis: Arc<Nemesis>) -> Self {
        let skew = i64::try_from(nemesis.one_of(2_001)).unwrap_or(0) - 1_000;
        Self { record: Arc::default(), nemesis, began: Instant::now(), skew }
    }

    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Lets somebody in. The playlist of one who sends comes later.
    pub fn let_in(&self, channel: &str, sends: bool) -> String {
        let now = self.now();
        let wait = i64::try_from(self.nemesis.up_to(4_000).as_millis()).unwrap_or(0);
        let mut record = self.record();
        let id = format!("{}-{:04}", if sends { "sender" } else { "receiver" }, record.connections.len());
        let connection =
            Connection { channel: channel.to_owned(), sends, created: now, plays_from: now + wait, ended: None };
        record.connections.insert(id.clone(), connection);
        id
    }

    pub fn find(&self, id: &str) -> Option<Connection> {
        self.record().connections.get(id).cloned()
    }

    /// Whether it lived until now.
    pub fn end(&self, id: &str) -> bool {
        let now = self.now();
        match self.record().connections.get_mut(id) {
            Some(connection) if connection.ended.is_none() => {
                connection.ended = Some(now);
                true
            }
            _ => false,
        }
    }

    /// A channel that is deleted cuts everybody.
    pub fn cut(&self, channel: &str) {
        let now = self.now();
        for connection in self.record().connections.values_mut().filter(|connection| connection.channel == channel) {
            connection.ended.get_or_insert(now);
        }
    }

    /// How long until it has a playlist.
    pub fn until_it_plays(&self, id: &str) -> Duration {
        let wait = self.find(id).map_or(0, |connection| connection.plays_from - self.now());
        Duration::from_millis(u64::try_from(wait).unwrap_or(0))
    }

    pub fn asked(&self, channel: &str) {
        let now = self.now();
        self.record().questions.push((now, channel.to_owned()));
    }

    pub fn answered_nothing(&self, channel: &str) {
        let now = self.now();
        self.record().in_vain.push((now, channel.to_owned()));
    }

    /// Who publishes to the channel, in no order that means anything.
    pub fn list(&self, channel: &str) -> Value {
        let now = self.now();
        let record = self.record();
        let is_listed =
            |connection: &Connection| connection.channel == channel && connection.sends && connection.lives_at(now);
        let listed = record.connections.iter().rev().filter(|(_, connection)| is_listed(connection));
        let entry = |(id, connection): (&String, &Connection)| {
            let url = if connection.plays_from <= now { playlist(id) } else { String::new() };
            json!({"connection_id": id, "playlist_url": url})
        };
        json!({"channel_id": channel, "hls": listed.map(entry).collect::<Vec<_>>()})
    }
}

/// Its address: that of no other connection.
pub fn playlist(id: &str) -> String {
    format!("https://playlists.example.jp/{id}.m3u8")
}

/// The connection whose address it is.
pub fn connection_of(playlist: &str) -> &str {
    playlist.trim_start_matches("https://playlists.example.jp/").trim_end_matches(".m3u8")
}
