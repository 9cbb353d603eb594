//! What the simulated ImageFlux keeps: its channels, and who is connected to them now.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::delivery::{Mode, Post};

#[derive(Default)]
pub(super) struct Account {
    pub channels: BTreeMap<String, Channel>,
    /// How events of channels that are made from now on are delivered.
    pub mode: Mode,
}

/// The addresses survive the process; the connections do not.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Channel {
    pub auth_webhook_url: Option<String>,
    pub event_webhook_url: Option<String>,
    /// Oldest first.
    #[serde(skip)]
    pub connections: Vec<Connection>,
    #[serde(skip)]
    pub mode: watch::Sender<Mode>,
    /// There from the first event on.
    #[serde(skip)]
    pub post: Option<Post>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    #[default]
    SendOnly,
    SendRecv,
    RecvOnly,
}

/// What a client says of itself when it connects.
#[derive(Clone, Default, Deserialize)]
pub struct Publication {
    #[serde(default)]
    pub role: Role,
    pub client_id: Option<String>,
    /// Any JSON; `null` is another thing than nothing.
    #[serde(default, deserialize_with = "present")]
    pub metadata: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub auth_metadata: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub authn_metadata: Option<Value>,
    pub whip: Option<bool>,
    /// How long after the connection its playlist is there.
    #[serde(default)]
    pub playlist_after_ms: u32,
}

/// Somebody who was let in.
#[derive(Clone)]
pub struct Connection {
    pub connection_id: String,
    pub session_id: String,
    pub client_id: String,
    /// Where its playlist is, once there is one.
    pub playlist_url: String,
    pub wish: Publication,
    pub event_metadata: Option<Value>,
    pub created: DateTime<Utc>,
    pub playlist_since: Instant,
}

impl Channel {
    pub fn count(&self, role: Role) -> usize {
        self.connections.iter().filter(|connection| connection.wish.role == role).count()
    }

    /// Where the connection stands among those who are there.
    pub fn position(&self, connection_id: &str) -> Option<usize> {
        self.connections.iter().position(|connection| connection.connection_id == connection_id)
    }

    pub fn newest_publisher(&self) -> Option<&Connection> {
        self.connections.iter().rev().find(|connection| connection.wish.role.sends())
    }
}

impl Role {
    #[must_use]
    pub fn sends(self) -> bool {
        self != Self::RecvOnly
    }
}

impl Connection {
    /// How long its playlist has been there; `None` while there is none.
    #[must_use]
    pub fn on_air(&self) -> Option<Duration> {
        Instant::now().checked_duration_since(self.playlist_since).filter(|_| self.wish.role.sends())
    }
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
