//! How the simulated ImageFlux is told what presenters, networks and observers do: a few calls under `/simulator`.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::account::{Connection, Publication};
use super::api::refusal;
use super::{Mode, Refusal, Simulator};
use crate::gateway::with_json;

#[derive(Deserialize)]
struct Publish {
    channel_id: String,
    #[serde(flatten)]
    wish: Publication,
}

#[derive(Deserialize)]
struct OfChannel {
    channel_id: String,
    connection_id: Option<String>,
}

#[derive(Deserialize)]
struct Events {
    channel_id: Option<String>,
    mode: Mode,
}

pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/simulator/publish", post(publish))
        .route("/simulator/drop", post(drop_connection))
        .route("/simulator/reconnect", post(reconnect))
        .route("/simulator/unpublish", post(unpublish))
        .route("/simulator/channels", get(channels))
        .route("/simulator/events", get(mode).post(set_mode))
}

async fn publish(State(simulator): State<Simulator>, body: Bytes) -> Response<Body> {
    let Publish { channel_id, wish } = match parse(&body) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    answer(simulator.publish(&channel_id, wish).await.map(|connection| description(&connection)))
}

async fn drop_connection(State(simulator): State<Simulator>, body: Bytes) -> Response<Body> {
    let OfChannel { channel_id, connection_id } = match parse(&body) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let dropped = simulator.drop_connection(&channel_id, connection_id.as_deref()).await;
    answer(dropped.map(|connection| json!({"ok": true, "connection_id": connection.connection_id})))
}

async fn reconnect(State(simulator): State<Simulator>, body: Bytes) -> Response<Body> {
    let OfChannel { channel_id, .. } = match parse(&body) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    answer(simulator.reconnect(&channel_id).await.map(|connection| description(&connection)))
}

async fn unpublish(State(simulator): State<Simulator>, body: Bytes) -> Response<Body> {
    let OfChannel { channel_id, .. } = match parse(&body) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    answer(simulator.unpublish(&channel_id).await.map(|()| json!({"ok": true})))
}

/// By channel, who is connected, oldest first.
async fn channels(State(simulator): State<Simulator>) -> Response<Body> {
    let account = simulator.lock();
    let channels = account.channels.iter().map(|(channel_id, channel)| {
        (channel_id.clone(), channel.connections.iter().map(description).collect::<Value>())
    });
    with_json(StatusCode::OK, &Value::Object(channels.collect()))
}

async fn mode(State(simulator): State<Simulator>) -> Response<Body> {
    let mode = simulator.lock().mode.clone();
    with_json(StatusCode::OK, &json!({"mode": mode}))
}

async fn set_mode(State(simulator): State<Simulator>, body: Bytes) -> Response<Body> {
    let Events { channel_id, mode } = match parse(&body) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    answer(simulator.set_mode(channel_id.as_deref(), &mode).map(|()| json!({"ok": true, "mode": mode})))
}

/// Who only watches has no playlist.
fn description(connection: &Connection) -> Value {
    let mut description = json!({
        "connection_id": connection.connection_id,
        "client_id": connection.client_id,
        "role": connection.wish.role,
    });
    if connection.wish.role.sends() {
        description["playlist_url"] = connection.playlist_url.as_str().into();
    }
    description
}

#[expect(clippy::result_large_err, reason = "the error is the answer, made once")]
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Response<Body>> {
    serde_json::from_slice(body).map_err(|error| refusal(StatusCode::BAD_REQUEST, &error.to_string()))
}

fn answer(answer: Result<Value, Refusal>) -> Response<Body> {
    match answer {
        Ok(answer) => with_json(StatusCode::OK, &answer),
        Err(Refusal::NoChannel) => refusal(StatusCode::NOT_FOUND, "channel not found"),
        Err(Refusal::NoConnection) => refusal(StatusCode::NOT_FOUND, "connection not found"),
        Err(Refusal::Refused(reason)) => {
            with_json(StatusCode::FORBIDDEN, &json!({"ok": false, "error": "refused", "reason": reason}))
        }
    }
}
