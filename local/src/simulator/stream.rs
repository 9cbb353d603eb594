//! The stream that everybody publishes: a short clip, over and over, as a live playlist for each connection.

use std::fmt::Write;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::get;

use super::Simulator;

/// `assets/stream/make.sh` cut the clip at whole seconds.
const SEGMENT: Duration = Duration::from_secs(1);
/// So many segments are there when a playlist comes up: a player needs some to begin with.
const HEAD_START: u64 = 3;
/// So many are in the playlist.
const WINDOW: u64 = 6;
/// So many more can still be had after they left it, for a player that read it late.
const KEPT: u64 = 6;

macro_rules! clip {
    ($($name:literal)*) => { [$(include_bytes!(concat!("../../assets/stream/", $name, ".ts"))),*] };
}
const CLIP: [&[u8]; 12] = clip!("00" "01" "02" "03" "04" "05" "06" "07" "08" "09" "10" "11");

const PLAYLIST: &str = "application/vnd.apple.mpegurl";

pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/hls/{connection}/playlist.m3u8", get(playlist))
        .route("/hls/{connection}/media.m3u8", get(media))
        .route("/hls/{connection}/{segment}", get(segment))
}

/// Where a connection's playlist is, below the address that the simulator serves.
pub(super) fn path(connection_id: &str) -> String {
    format!("hls/{connection_id}/playlist.m3u8")
}

/// One rendition; where ImageFlux makes several, they differ in their size alone.
async fn playlist(State(simulator): State<Simulator>, Path(connection): Path<String>) -> Response<Body> {
    const TEXT: &str = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n\
        #EXT-X-STREAM-INF:BANDWIDTH=420000,RESOLUTION=640x360,FRAME-RATE=15,CODECS=\"avc1.42c01e,mp4a.40.2\"\n\
        media.m3u8\n";
    match simulator.on_air(&connection) {
        Some(_) => answer(PLAYLIST, TEXT),
        None => gone(),
    }
}

async fn media(State(simulator): State<Simulator>, Path(connection): Path<String>) -> Response<Body> {
    match simulator.on_air(&connection) {
        Some(on_air) => answer(PLAYLIST, live_playlist(on_air)),
        None => gone(),
    }
}

async fn segment(
    State(simulator): State<Simulator>,
    Path((connection, name)): Path<(String, String)>,
) -> Response<Body> {
    let number = name.strip_suffix(".ts").and_then(|number| number.parse().ok());
    let made = simulator.on_air(&connection).map_or(0, segments_made);
    match number {
        Some(number) if (made.saturating_sub(WINDOW + KEPT)..made).contains(&number) => {
            answer("video/mp2t", CLIP[place_in_clip(number)])
        }
        _ => gone(),
    }
}

/// The media playlist of somebody who has been on air for so long.
fn live_playlist(on_air: Duration) -> String {
    let made = segments_made(on_air);
    let first = made.saturating_sub(WINDOW);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{first}\n\
         #EXT-X-DISCONTINUITY-SEQUENCE:{}\n",
        SEGMENT.as_secs(),
        discontinuities_before(first),
    );
    for number in first..made {
        if begins_anew(number) {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        let _ = writeln!(text, "#EXTINF:{:.3},\n{number}.ts", SEGMENT.as_secs_f64());
    }
    text
}

fn segments_made(on_air: Duration) -> u64 {
    HEAD_START + on_air.as_secs() / SEGMENT.as_secs()
}

fn place_in_clip(number: u64) -> usize {
    usize::try_from(number % CLIP.len() as u64).expect("a place in the clip is small")
}

/// The clip's time starts again at its first segment, but for the first time.
fn begins_anew(number: u64) -> bool {
    number > 0 && place_in_clip(number) == 0
}

/// How many discontinuities have left a playlist whose first segment this is. That before the first itself has not.
fn discontinuities_before(first: u64) -> u64 {
    first.saturating_sub(1) / CLIP.len() as u64
}

fn answer(content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    respond(StatusCode::OK, content_type, body.into())
}

/// Nobody plays here: not yet, or no more. What ImageFlux says of a playlist whose publisher went is not documented.
fn gone() -> Response<Body> {
    respond(StatusCode::NOT_FOUND, "text/plain", Bytes::from_static(b"not found\n"))
}

fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Simulator {
    /// How long the connection's playlist has been there.
    fn on_air(&self, connection_id: &str) -> Option<Duration> {
        let account = self.lock();
        let mut connections = account.channels.values().flat_map(|channel| &channel.connections);
        connections.find(|connection| connection.connection_id == connection_id)?.on_air()
    }
}

#[cfg(test)]
mod tests;
