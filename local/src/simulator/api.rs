//! The upstream's protocol: four targets at one address.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Simulator;
use super::account::Channel;
use crate::gateway::with_json;

type Answer = Result<Value, (StatusCode, &'static str)>;

const NO_CHANNEL: (StatusCode, &str) = (StatusCode::NOT_FOUND, "channel not found");

pub(super) fn routes() -> Router<Simulator> {
    Router::new().route("/", post(call))
}

pub(super) fn refusal(status: StatusCode, reason: &str) -> Response<Body> {
    with_json(status, &json!({"ok": false, "error": reason}))
}

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
        "ImageFlux_20200316.CreateMultistreamChannelWithHLS" => create(&simulator, &request),
        "ImageFlux_20200207.ListPlaylistURLs" => list_playlists(&simulator, channel_id),
        "ImageFlux_20180501.DeleteChannel" => delete(&simulator, channel_id),
        "ImageFlux_20200729.ListChannelIDs" => Ok(json!({"channel_ids": simulator.channel_ids()})),
        _ => Err((StatusCode::BAD_REQUEST, "unknown target")),
    };
    match answer {
        Ok(answer) => with_json(StatusCode::OK, &answer),
        Err((status, reason)) => refusal(status, reason),
    }
}

fn create(simulator: &Simulator, request: &Value) -> Answer {
    if request["hls"].as_array().is_none_or(Vec::is_empty) {
        return Err((StatusCode::BAD_REQUEST, "hls is required"));
    }
    let channel_id = format!("{}{}", simulator.random.uuid().simple(), simulator.random.uuid().simple());
    // An empty one is none, as the upstream has it.
    let url = |name: &str| request[name].as_str().filter(|url| !url.is_empty()).map(str::to_owned);
    simulator.change(|account| {
        let channel = Channel {
            auth_webhook_url: url("auth_webhook_url"),
            event_webhook_url: url("event_webhook_url"),
            mode: watch::Sender::new(account.mode.clone()),
            ..Channel::default()
        };
        account.channels.insert(channel_id.clone(), channel);
    });
    Ok(json!({"channel_id": channel_id, "sora_url": "wss://live-sora.imageflux.example/signaling"}))
}

/// A publisher whose playlist is not there yet is listed with an empty address.
fn list_playlists(simulator: &Simulator, channel_id: &str) -> Answer {
    let account = simulator.lock();
    let channel = account.channels.get(channel_id).ok_or(NO_CHANNEL)?;
    let publishers = channel.connections.iter().filter(|connection| connection.wish.role.sends());
    let hls: Vec<Value> = publishers
        .map(|connection| {
            let url = connection.on_air().map_or("", |_| connection.playlist_url.as_str());
            json!({"connection_id": connection.connection_id, "playlist_url": url})
        })
        .collect();
    Ok(json!({"channel_id": channel_id, "hls": hls}))
}

/// Cuts everybody off.
fn delete(simulator: &Simulator, channel_id: &str) -> Answer {
    simulator.change(|account| {
        let mut channel = account.channels.remove(channel_id).ok_or(NO_CHANNEL)?;
        simulator.disconnect_all(channel_id, &mut channel);
        Ok(json!({}))
    })
}
