//! What ImageFlux posts to us: events of a channel, and the question whether somebody may connect.
//!
//! The bodies are read leniently, member by member. What is not understood says nothing; it is never an error,
//! because ImageFlux could do nothing about one.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::is_opaque_id;
use crate::domain::live::{Fact, News};

/// An instant that lies so far ahead of our own clock is none.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(60);

/// What an event says, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `connection.failed` may lack it.
    pub channel_id: Option<String>,
    pub fact: Option<Fact>,
}

/// The question whether somebody may connect.
pub struct Question<'a> {
    pub channel_id: Option<String>,
    /// Where a client's token may stand: nobody documents where that of a WHIP client does.
    pub shown: Vec<&'a Value>,
}

impl Event {
    /// `is_playlist` says whether an address may be given to viewers.
    pub fn read(body: &Map<String, Value>, received_at: DateTime<Utc>, is_playlist: impl Fn(&str) -> bool) -> Self {
        let fact = id(body, "connection_id").zip(news(body, is_playlist)).map(|(connection_id, news)| Fact {
            connection_id,
            at: timestamp(body, received_at),
            news,
        });
        Self { channel_id: id(body, "channel_id"), fact }
    }
}

impl<'a> Question<'a> {
    pub fn read(body: &'a Map<String, Value>) -> Self {
        let places = ["metadata", "auth_metadata", "authn_metadata", "whip"];
        Self {
            channel_id: id(body, "channel_id"),
            shown: places.into_iter().filter_map(|place| body.get(place)).collect(),
        }
    }
}

fn news(body: &Map<String, Value>, is_playlist: impl Fn(&str) -> bool) -> Option<News> {
    match text(body, "type")? {
        "connection.created" | "connection.updated" => Some(News::Lives { sends: sends(body) }),
        "connection.destroyed" | "connection.failed" => Some(News::Ended { sends: sends(body) }),
        "notify.playlist_url" => {
            text(body, "playlist_url").filter(|url| is_playlist(url)).map(|url| News::Playlist(url.to_owned()))
        }
        _ => None,
    }
}

/// `None` when the role is not said, or is none that we know.
fn sends(body: &Map<String, Value>) -> Option<bool> {
    match text(body, "role")? {
        "sendonly" | "sendrecv" => Some(true),
        "recvonly" => Some(false),
        _ => None,
    }
}

/// As the table keeps it, to the microsecond.
fn timestamp(body: &Map<String, Value>, received_at: DateTime<Utc>) -> DateTime<Utc> {
    let told = text(body, "timestamp").and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let told = told.map(|told| told.with_timezone(&Utc)).filter(|told| *told <= received_at + CLOCKS_APART);
    told.unwrap_or(received_at).trunc_subsecs(6)
}

fn id(body: &Map<String, Value>, name: &str) -> Option<String> {
    text(body, name).filter(|id| is_opaque_id(id)).map(str::to_owned)
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_600_000_000, 0).unwrap()
    }

    fn read(body: &Value) -> Event {
        Event::read(body.as_object().unwrap(), now(), |url| url.starts_with("https://"))
    }

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn events_of_connections_tell_whether_their_role_sends() {
        for (kind, role, news) in [
            ("connection.created", json!("sendonly"), News::Lives { sends: Some(true) }),
            ("connection.created", json!("sendrecv"), News::Lives { sends: Some(true) }),
            ("connection.created", json!("recvonly"), News::Lives { sends: Some(false) }),
            ("connection.updated", json!(null), News::Lives { sends: None }),
            ("connection.destroyed", json!("sendonly"), News::Ended { sends: Some(true) }),
            ("connection.failed", json!("of tomorrow"), News::Ended { sends: None }),
        ] {
            let event = read(&json!({
                "type": kind, "role": role, "id": "E", "channel_id": "C", "connection_id": "N",
                "timestamp": "2020-01-02T12:34:56.12345Z", "data": {"minutes": 1},
            }));
            let fact =
                Fact { connection_id: "N".to_owned(), at: at(1_577_968_496_123) + TimeDelta::microseconds(450), news };
            assert_eq!(event, Event { channel_id: Some("C".to_owned()), fact: Some(fact) });
        }
    }

    #[test]
    fn a_timestamp_has_a_fraction_of_any_length() {
        let told = |timestamp: Value| {
            let body =
                json!({"type": "connection.created", "channel_id": "C", "connection_id": "N", "timestamp": timestamp});
            read(&body).fact.unwrap().at
        };
        assert_eq!(told(json!("2020-01-02T12:34:56Z")), at(1_577_968_496_000));
        assert_eq!(told(json!("2020-01-02T12:34:56.1Z")), at(1_577_968_496_100));
        assert_eq!(told(json!("2020-01-02T21:34:56.100000000000+09:00")), at(1_577_968_496_100));
        for unreadable in [json!(null), json!(7), json!("yesterday"), json!("9999-01-01T00:00:00Z")] {
            assert_eq!(told(unreadable), now());
        }
    }

    #[test]
    fn a_playlist_is_told_and_one_that_nobody_may_be_given_is_not() {
        let told = |url: Value| {
            read(&json!({"type": "notify.playlist_url", "channel_id": "C", "connection_id": "N", "playlist_url": url}))
                .fact
        };
        let fact = told(json!("https://p.example/a.m3u8")).unwrap();
        assert_eq!(fact.news, News::Playlist("https://p.example/a.m3u8".to_owned()));
        for unusable in [json!(null), json!(""), json!("javascript:alert(1)")] {
            assert_eq!(told(unusable), None);
        }
    }

    #[test]
    fn what_is_not_understood_says_nothing() {
        for body in [
            json!({}),
            json!({"type": "imageflux.archive_created", "channel_id": "C", "data": {}}),
            json!({"type": "recording.started", "channel_id": "C", "connection_id": "N"}),
            json!({"type": 7, "channel_id": "C", "connection_id": "N"}),
            json!({"type": "connection.created", "channel_id": "C"}),
            json!({"type": "connection.created", "channel_id": "C", "connection_id": "x".repeat(256)}),
        ] {
            assert_eq!(read(&body).fact, None, "{body}");
        }
    }
}
