//! Who connects and goes, and what they tell from themselves while they are there.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::account::{Channel, Connection, Publication};
use super::permission::{self, Permission, Question};
use super::{Refusal, Simulator, events, stream};

impl Simulator {
    /// Somebody connects: the auth webhook is asked, and the events are on their way when this answers.
    ///
    /// # Errors
    /// When there is no such channel, or the auth webhook refuses.
    pub async fn publish(&self, channel_id: &str, wish: Publication) -> Result<Connection, Refusal> {
        let connection_id = self.random.uuid().simple().to_string().to_uppercase();
        let permission = self.permission(channel_id, &connection_id, &wish).await?;
        let Permission { client_id, event_metadata } = permission;
        let connection = Connection {
            session_id: self.random.uuid().simple().to_string().to_uppercase(),
            client_id: client_id.or_else(|| wish.client_id.clone()).unwrap_or_else(|| connection_id.clone()),
            playlist_url: format!("{}{}", self.url.get().map_or("", String::as_str), stream::path(&connection_id)),
            playlist_since: Instant::now() + Duration::from_millis(wish.playlist_after_ms.into()),
            created: self.clock.now(),
            connection_id,
            wish,
            event_metadata,
        };
        {
            let mut account = self.lock();
            let channel = account.channels.get_mut(channel_id).ok_or(Refusal::NoChannel)?;
            channel.connections.push(connection.clone());
            let created = events::created(channel_id, channel, &connection);
            self.post(channel, created);
            if connection.on_air().is_some() {
                self.post(channel, events::playlist_url(channel_id, &connection));
            }
        }
        crate::spawn(self.clone().live(channel_id.to_owned(), connection.clone()));
        self.settle(channel_id).await;
        Ok(connection)
    }

    /// The connection vanishes; without an id, that of the newest publisher.
    ///
    /// # Errors
    /// When there is no such channel or connection.
    pub async fn drop_connection(&self, channel_id: &str, connection_id: Option<&str>) -> Result<Connection, Refusal> {
        let connection = {
            let mut account = self.lock();
            let channel = account.channels.get_mut(channel_id).ok_or(Refusal::NoChannel)?;
            let newest = || channel.newest_publisher().map(|newest| newest.connection_id.clone());
            let id = connection_id.map(str::to_owned).or_else(newest).ok_or(Refusal::NoConnection)?;
            let position = channel.position(&id).ok_or(Refusal::NoConnection)?;
            self.disconnect(channel_id, channel, position)
        };
        self.settle(channel_id).await;
        Ok(connection)
    }

    /// The newest publisher vanishes and connects again, as who it was.
    ///
    /// # Errors
    /// When there is no such channel or connection, or the auth webhook refuses this time.
    pub async fn reconnect(&self, channel_id: &str) -> Result<Connection, Refusal> {
        let connection = self.drop_connection(channel_id, None).await?;
        self.publish(channel_id, connection.wish).await
    }

    /// Everybody goes.
    ///
    /// # Errors
    /// When there is no such channel.
    pub async fn unpublish(&self, channel_id: &str) -> Result<(), Refusal> {
        self.disconnect_all(channel_id, self.lock().channels.get_mut(channel_id).ok_or(Refusal::NoChannel)?);
        self.settle(channel_id).await;
        Ok(())
    }

    async fn permission(
        &self,
        channel_id: &str,
        connection_id: &str,
        wish: &Publication,
    ) -> Result<Permission, Refusal> {
        let (url, counts) = {
            let account = self.lock();
            let channel = account.channels.get(channel_id).ok_or(Refusal::NoChannel)?;
            (channel.auth_webhook_url.clone(), events::counts(channel))
        };
        let Some(url) = url else { return Ok(Permission::default()) };
        let timestamp = events::timestamp(self.clock.now());
        let question = Question { channel_id, connection_id, timestamp, wish, counts };
        permission::ask(&self.client, &url, question).await.map_err(Refusal::Refused)
    }

    /// What a connection tells from itself while it lives.
    async fn live(self, channel_id: String, connection: Connection) {
        let id = &connection.connection_id;
        if connection.wish.role.sends() && connection.wish.playlist_after_ms > 0 {
            tokio::time::sleep_until(connection.playlist_since).await;
            if !self.tell(&channel_id, id, |_| events::playlist_url(&channel_id, &connection)) {
                return;
            }
        }
        let Some(mut mode) = self.lock().channels.get(&channel_id).map(|channel| channel.mode.subscribe()) else {
            return;
        };
        for minutes in 1.. {
            let since = Instant::now();
            loop {
                let pause = Duration::from_millis(mode.borrow_and_update().updated_every_ms.max(1).into());
                tokio::select! {
                    () = tokio::time::sleep_until(since + pause) => break,
                    changed = mode.changed() => if changed.is_err() { return },
                }
            }
            if !self.tell(&channel_id, id, |channel| events::updated(&channel_id, channel, &connection, minutes)) {
                return;
            }
        }
    }

    /// Sends an event of a connection; `false` when the connection is gone.
    fn tell(&self, channel_id: &str, connection_id: &str, event: impl FnOnce(&Channel) -> Value) -> bool {
        let mut account = self.lock();
        let Some(channel) = account.channels.get_mut(channel_id) else { return false };
        let is_there = channel.position(connection_id).is_some();
        if is_there {
            let event = event(channel);
            self.post(channel, event);
        }
        is_there
    }

    pub(super) fn disconnect_all(&self, channel_id: &str, channel: &mut Channel) {
        while !channel.connections.is_empty() {
            self.disconnect(channel_id, channel, 0);
        }
    }

    fn disconnect(&self, channel_id: &str, channel: &mut Channel, position: usize) -> Connection {
        let connection = channel.connections.remove(position);
        let destroyed = events::destroyed(channel_id, channel, &connection, self.clock.now());
        self.post(channel, destroyed);
        connection
    }
}
