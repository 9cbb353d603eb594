//! A simulated ImageFlux: it speaks the upstream's protocol over HTTP, and can be told to publish.
//!
//! What it does not know better than the public documents is kept simple; `docs` of the upstream are
//! summed up in the contract, section 10.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::platform::random::Random;
use tokio::net::TcpListener;

use crate::gateway::with_json;

/// The account's channels. Clones are the same account.
#[derive(Clone)]
pub struct Simulator {
    channels: Arc<Mutex<Channels>>,
    file: Option<PathBuf>,
    random: Random,
}

/// By channel, the publishing connections, oldest first.
type Channels = BTreeMap<String, Vec<Connection>>;

#[derive(Clone, Serialize, Deserialize)]
struct Connection {
    connection_id: String,
    playlist_url: String,
}

impl Simulator {
    /// With a folder, the account survives the process.
    ///
    /// # Errors
    /// When the folder holds something else.
    pub fn open(data: Option<&Path>) -> Result<Self, String> {
        let file = data.map(|folder| folder.join("imageflux.json"));
        let channels = match file.as_ref().map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes).map_err(|error| format!("imageflux.json: {error}"))?,
            _ => Channels::new(),
        };
        Ok(Self { channels: Arc::new(Mutex::new(channels)), file, random: Random::default() })
    }

    /// Serves the upstream's protocol and answers the URL where.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn serve(&self, ip: IpAddr) -> Result<String, String> {
        let listener = TcpListener::bind((ip, 0)).await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let router = Router::new().route("/", post(call)).with_state(self.clone());
        crate::spawn(async move { axum::serve(listener, router).await });
        Ok(format!("http://{address}/"))
    }

    /// What a presenter and an observer do, for people who try the product.
    pub fn controls(&self) -> Router {
        Router::new()
            .route("/simulator/publish", post(publish))
            .route("/simulator/unpublish", post(unpublish))
            .route("/simulator/channels", get(list))
            .with_state(self.clone())
    }

    #[must_use]
    pub fn channel_ids(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Somebody starts to publish: a new connection with a new playlist. `None` when there is no such channel.
    #[must_use]
    pub fn publish(&self, channel_id: &str) -> Option<String> {
        let connection = Connection {
            connection_id: self.random.uuid().simple().to_string().to_uppercase(),
            playlist_url: format!("https://playlist.imageflux.example/{}.m3u8", self.random.uuid().simple()),
        };
        let url = connection.playlist_url.clone();
        self.change(|channels| channels.get_mut(channel_id).map(|connections| connections.push(connection)))?;
        Some(url)
    }

    /// Everybody stops to publish. `None` when there is no such channel.
    #[must_use]
    pub fn unpublish(&self, channel_id: &str) -> Option<()> {
        self.change(|channels| channels.get_mut(channel_id).map(Vec::clear))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Channels) -> T) -> T {
        let mut channels = self.lock();
        let result = change(&mut channels);
        if let Some(file) = &self.file {
            let whole = file.with_extension("new");
            let written =
                std::fs::write(&whole, json!(*channels).to_string()).and_then(|()| std::fs::rename(&whole, file));
            written.expect("the folder of --data can be written to");
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Channels> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, request: &Value) -> Result<Value, (StatusCode, &'static str)> {
        if request["hls"].as_array().is_none_or(Vec::is_empty) {
            return Err((StatusCode::BAD_REQUEST, "hls is required"));
        }
        let channel_id = format!("{}{}", self.random.uuid().simple(), self.random.uuid().simple());
        self.change(|channels| channels.insert(channel_id.clone(), Vec::new()));
        Ok(json!({"channel_id": channel_id, "sora_url": "wss://live-sora.imageflux.example/signaling"}))
    }
}

const NO_CHANNEL: (StatusCode, &str) = (StatusCode::NOT_FOUND, "channel not found");

/// One call of the upstream's protocol.
async fn call(State(simulator): State<Simulator>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !header(header::AUTHORIZATION.as_str()).starts_with("Bearer ") {
        return refusal(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return refusal(StatusCode::BAD_REQUEST, "the body is no JSON");
    };
    let channel_id = request["channel_id"].as_str().unwrap_or_default();
    let answer = match header("x-sora-target") {
        "ImageFlux_20200316.CreateMultistreamChannelWithHLS" => simulator.create(&request),
        "ImageFlux_20200207.ListPlaylistURLs" => match simulator.lock().get(channel_id) {
            Some(connections) => Ok(json!({"channel_id": channel_id, "hls": connections})),
            None => Err(NO_CHANNEL),
        },
        "ImageFlux_20180501.DeleteChannel" => {
            simulator.change(|channels| channels.remove(channel_id)).map(|_| json!({})).ok_or(NO_CHANNEL)
        }
        "ImageFlux_20200729.ListChannelIDs" => Ok(json!({"channel_ids": simulator.channel_ids()})),
        _ => Err((StatusCode::BAD_REQUEST, "unknown target")),
    };
    match answer {
        Ok(answer) => with_json(StatusCode::OK, &answer),
        Err((status, reason)) => refusal(status, reason),
    }
}

fn refusal(status: StatusCode, reason: &str) -> Response<Body> {
    with_json(status, &json!({"ok": false, "error": reason}))
}

async fn publish(State(simulator): State<Simulator>, body: Bytes) -> Response<Body> {
    match channel_in(&body).and_then(|channel| simulator.publish(&channel)) {
        Some(url) => with_json(StatusCode::OK, &json!({"playlist_url": url})),
        None => refusal(NO_CHANNEL.0, NO_CHANNEL.1),
    }
}

async fn unpublish(State(simulator): State<Simulator>, body: Bytes) -> Response<Body> {
    match channel_in(&body).and_then(|channel| simulator.unpublish(&channel)) {
        Some(()) => with_json(StatusCode::OK, &json!({"ok": true})),
        None => refusal(NO_CHANNEL.0, NO_CHANNEL.1),
    }
}

async fn list(State(simulator): State<Simulator>) -> Response<Body> {
    with_json(StatusCode::OK, &json!(*simulator.lock()))
}

fn channel_in(body: &Bytes) -> Option<String> {
    serde_json::from_slice::<Value>(body).ok()?["channel_id"].as_str().map(str::to_owned)
}
