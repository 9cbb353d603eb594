//! What the events say. The members are those of Sora's own types; `notify.playlist_url` is ImageFlux's.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::account::{Channel, Connection, Role};

pub(super) fn created(channel_id: &str, channel: &Channel, connection: &Connection) -> Value {
    of_connection("connection.created", channel_id, channel, connection, 0)
}

pub(super) fn updated(channel_id: &str, channel: &Channel, connection: &Connection, minutes: u32) -> Value {
    of_connection("connection.updated", channel_id, channel, connection, minutes)
}

/// The channel is the one without the connection.
pub(super) fn destroyed(channel_id: &str, channel: &Channel, connection: &Connection, now: DateTime<Utc>) -> Value {
    let minutes = u32::try_from((now - connection.created).num_minutes()).unwrap_or(0);
    let mut event = of_connection("connection.destroyed", channel_id, channel, connection, minutes);
    event["data"]["destroyed_timestamp"] = timestamp(now).into();
    event
}

/// It has no `id`.
pub(super) fn playlist_url(channel_id: &str, connection: &Connection) -> Value {
    json!({
        "type": "notify.playlist_url",
        "channel_id": channel_id,
        "connection_id": connection.connection_id,
        "client_id": connection.client_id,
        "playlist_url": connection.playlist_url,
    })
}

/// As ImageFlux's samples have it: UTC, with as many digits of the second as there are.
pub(super) fn timestamp(instant: DateTime<Utc>) -> String {
    let text = instant.format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    let text = text.trim_end_matches('0');
    format!("{text}{}Z", if text.ends_with('.') { "0" } else { "" })
}

/// The counts of the channel, as every event of a connection and every question for permission has them.
pub(super) fn counts(channel: &Channel) -> Value {
    json!({
        "channel_connections": channel.connections.len(),
        "channel_sendonly_connections": channel.count(Role::SendOnly),
        "channel_sendrecv_connections": channel.count(Role::SendRecv),
        "channel_recvonly_connections": channel.count(Role::RecvOnly),
    })
}

fn of_connection(kind: &str, channel_id: &str, channel: &Channel, connection: &Connection, minutes: u32) -> Value {
    let mut data = counts(channel);
    data["created_timestamp"] = timestamp(connection.created).into();
    data["minutes"] = minutes.into();
    data["turn_transport_type"] = "udp".into();
    let mut event = json!({
        "type": kind,
        "version": "simulated",
        "label": "simulated",
        "node_name": "simulated@127.0.0.1",
        "log_written": true,
        "role": connection.wish.role,
        "channel_id": channel_id,
        "session_id": connection.session_id,
        "client_id": connection.client_id,
        "bundle_id": connection.connection_id,
        "connection_id": connection.connection_id,
        "multistream": true,
        "simulcast": false,
        "spotlight": false,
        "data": data,
    });
    if let Some(metadata) = &connection.event_metadata {
        event["event_metadata"] = metadata.clone();
    }
    event
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::timestamp;

    #[test]
    fn fraction_of_a_timestamp_varies_in_length() {
        let text = |millis| timestamp(DateTime::from_timestamp_millis(millis).unwrap());
        assert_eq!(text(1_000), "1970-01-01T00:00:01.0Z");
        assert_eq!(text(1_230), "1970-01-01T00:00:01.23Z");
        assert_eq!(text(10_001), "1970-01-01T00:00:10.001Z");
    }
}
