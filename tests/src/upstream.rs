//! An ImageFlux that misbehaves on demand.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What it does to the next calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Mood {
    /// As documented.
    #[default]
    Kind,
    /// This status and body, and nothing done.
    Answers(u16, String),
    /// A 200 with this body, and nothing done.
    Babbles(String),
    /// Creates or deletes, but answers only after this time.
    Sleeps(Duration),
    /// Creates or deletes, then closes the connection without an answer.
    DropsAfterwards,
    /// As documented, but this channel it does not delete.
    Keeps(String),
    /// Creates, but does not say where to publish, and deletes nothing.
    MakesUseless,
}

#[derive(Default)]
struct Account {
    mood: Mood,
    channels: BTreeSet<String>,
    playlists: Value,
    created: usize,
    requests: Vec<(String, Value)>,
    texts: Vec<String>,
}

/// Clones are the same account.
#[derive(Clone)]
pub struct Upstream {
    account: Arc<Mutex<Account>>,
    pub url: String,
}

impl Upstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let upstream = Self { account: Arc::default(), url };
        upstream.lock().playlists = json!([]);
        let router = Router::new().route("/", post(call)).with_state(upstream.clone());
        #[expect(clippy::disallowed_methods, reason = "a server for the length of a test")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        upstream
    }

    /// Options for a product that has this upstream.
    #[must_use]
    pub fn options(&self) -> local::Options {
        local::Options { imageflux: Some((self.url.clone(), "secret-token".to_owned())), ..Default::default() }
    }

    pub fn is(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// What `ListPlaylistURLs` answers in `hls`.
    pub fn plays(&self, playlists: Value) {
        self.lock().playlists = playlists;
    }

    /// As if somebody else had made the channel.
    pub fn has(&self, channel_id: &str) {
        self.lock().channels.insert(channel_id.to_owned());
    }

    /// The channels that are there.
    #[must_use]
    pub fn channels(&self) -> BTreeSet<String> {
        self.lock().channels.clone()
    }

    /// How many channels were ever created.
    #[must_use]
    pub fn created(&self) -> usize {
        self.lock().created
    }

    /// Target and body of every call so far.
    #[must_use]
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.lock().requests.clone()
    }

    /// The body of every call so far, to the letter.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.lock().texts.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act(&self, target: &str, request: &Value) -> Value {
        let mut account = self.lock();
        let channel_id = request["channel_id"].as_str().unwrap_or_default().to_owned();
        match target {
            "ImageFlux_20200316.CreateMultistreamChannelWithHLS" => {
                account.created += 1;
                let channel_id = format!("channel-{:03}", account.created);
                account.channels.insert(channel_id.clone());
                json!({"channel_id": channel_id, "sora_url": "wss://sora.imageflux.example/signaling"})
            }
            "ImageFlux_20200207.ListPlaylistURLs" => json!({"channel_id": channel_id, "hls": account.playlists}),
            "ImageFlux_20180501.DeleteChannel" => {
                account.channels.remove(&channel_id);
                json!({})
            }
            "ImageFlux_20200729.ListChannelIDs" => json!({"channel_ids": account.channels}),
            other => panic!("no such target: {other}"),
        }
    }
}

async fn call(State(upstream): State<Upstream>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    assert_eq!(headers["authorization"], "Bearer secret-token");
    assert_eq!(headers["content-type"], "application/json");
    let target = headers["x-sora-target"].to_str().expect("ASCII").to_owned();
    let request: Value = serde_json::from_slice(&body).expect("JSON");
    upstream.lock().texts.push(String::from_utf8_lossy(&body).into_owned());
    upstream.lock().requests.push((target.clone(), request.clone()));
    let mood = upstream.lock().mood.clone();
    let answer =
        |status: u16, body: String| Response::builder().status(status).body(Body::from(body)).expect("an answer");
    match mood {
        Mood::Keeps(channel_id) if target.ends_with(".DeleteChannel") && request["channel_id"] == *channel_id => {
            answer(400, r#"{"error": "not this one"}"#.to_owned())
        }
        Mood::MakesUseless if target.ends_with(".DeleteChannel") => answer(500, String::new()),
        Mood::MakesUseless => {
            let mut made = upstream.act(&target, &request);
            made["sora_url"] = json!("");
            answer(200, made.to_string())
        }
        Mood::Kind | Mood::Keeps(_) => answer(200, upstream.act(&target, &request).to_string()),
        Mood::Answers(status, body) => answer(status, body),
        Mood::Babbles(body) => answer(200, body),
        Mood::Sleeps(time) => {
            let done = upstream.act(&target, &request);
            tokio::time::sleep(time).await;
            answer(200, done.to_string())
        }
        Mood::DropsAfterwards => {
            let _lost = upstream.act(&target, &request);
            panic!("the connection is dropped")
        }
    }
}
