//! ImageFlux, and all we know of its habits: one method per target, statuses to a small error.
//!
//! Its error bodies are undocumented, so the status decides; whatever it answers is treated as hostile.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::domain::channel::{Channel, Playlist};
use crate::domain::hls::HlsParams;
use crate::platform::telemetry;

pub mod transport;

use transport::{Answer, Failure, Transport};

const CREATE_BUDGET: Duration = Duration::from_secs(8);
const ATTEMPT: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;
const MAX_ANSWER: usize = 64 * 1024;
const MAX_CHANNEL_LIST: usize = 4 * 1024 * 1024;
const MAX_REASON: usize = 200;

/// Why ImageFlux did not do it. The texts are for the log, but for the reason of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFluxError {
    /// It refused what we asked for; the reason is its own, cut and cleaned.
    Rejected(String),
    /// It refused us, failed, or answered nonsense.
    Failed(String),
    /// It is busy or cannot be reached.
    Unavailable(String),
    /// It did not answer in time.
    TimedOut,
}

/// A channel that could not be created, and what may have been left behind of it.
#[derive(Debug)]
pub struct CreateError {
    pub error: ImageFluxError,
    pub left_behind: Option<String>,
}

#[derive(Clone)]
pub struct ImageFlux {
    transport: Arc<dyn Transport>,
}

/// Read one by one: a channel that is named is there, whatever else is wrong with the answer.
#[derive(Deserialize)]
struct Created {
    channel_id: String,
    #[serde(default)]
    sora_url: serde_json::Value,
}

#[derive(Deserialize)]
struct Playlists {
    hls: Vec<ListedPlaylist>,
}

#[derive(Deserialize)]
struct ListedPlaylist {
    connection_id: String,
    playlist_url: Option<String>,
}

#[derive(Deserialize)]
struct ChannelIds {
    channel_ids: Vec<String>,
}

impl ImageFlux {
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport }
    }

    /// Creates a channel. It is asked once: a second time only when the first was never sent,
    /// because ImageFlux has no idempotency key.
    ///
    /// # Errors
    /// When there is no usable channel.
    pub async fn create_channel(&self, hls: &HlsParams) -> Result<Channel, CreateError> {
        let body = format!(r#"{{"hls":{}}}"#, hls.as_json());
        let target = "ImageFlux_20200316.CreateMultistreamChannelWithHLS";
        let deadline = tokio::time::Instant::now() + CREATE_BUDGET;
        let answer = match self.call(target, &body, CREATE_BUDGET, MAX_ANSWER).await {
            Err(Failure::NotSent(_)) => {
                let left = deadline.saturating_duration_since(tokio::time::Instant::now());
                self.call(target, &body, left, MAX_ANSWER).await
            }
            answer => answer,
        };
        let nothing_left = |error| CreateError { error, left_behind: None };
        let body = success(answer).map_err(nothing_left)?;
        let Created { channel_id, sora_url } = serde_json::from_slice(&body)
            .map_err(|_| nothing_left(ImageFluxError::Failed("an answer without channel_id".to_owned())))?;
        if !is_opaque_id(&channel_id) {
            return Err(nothing_left(ImageFluxError::Failed("an unusable channel_id".to_owned())));
        }
        match sora_url.as_str() {
            Some(url) if has_scheme(url, &["wss://", "ws://"]) => Ok(Channel { channel_id, sora_url: url.to_owned() }),
            _ => {
                let error = ImageFluxError::Failed("an unusable sora_url".to_owned());
                Err(CreateError { error, left_behind: Some(channel_id) })
            }
        }
    }

    /// The playlists of all who publish to the channel now, in no known order. A connection whose playlist
    /// is not there yet is left out.
    ///
    /// # Errors
    /// When ImageFlux does not tell.
    pub async fn list_playlists(&self, channel_id: &str) -> Result<Vec<Playlist>, ImageFluxError> {
        let body = json!({"channel_id": channel_id}).to_string();
        let answer = self.repeat("ImageFlux_20200207.ListPlaylistURLs", &body, MAX_ANSWER).await;
        let listed: Playlists = parse(&success(answer).map_err(as_our_own_failure)?)?;
        let playlists: Vec<Playlist> = listed
            .hls
            .into_iter()
            .filter_map(|ListedPlaylist { connection_id, playlist_url }| {
                let playlist_url = playlist_url.filter(|url| !url.is_empty())?;
                Some(Playlist { connection_id, playlist_url })
            })
            .collect();
        let is_usable = |playlist: &Playlist| {
            is_opaque_id(&playlist.connection_id) && has_scheme(&playlist.playlist_url, &["https://", "http://"])
        };
        if !playlists.iter().all(is_usable) {
            return Err(ImageFluxError::Failed("an unusable playlist".to_owned()));
        }
        Ok(playlists)
    }

    /// Deletes a channel; one that is gone already is success.
    ///
    /// # Errors
    /// When the channel may still be there.
    pub async fn delete_channel(&self, channel_id: &str) -> Result<(), ImageFluxError> {
        let body = json!({"channel_id": channel_id}).to_string();
        let answer = self.repeat("ImageFlux_20180501.DeleteChannel", &body, MAX_ANSWER).await;
        // What it says of a channel that is gone is undocumented, so the list decides.
        let may_be_gone = matches!(answer, Ok(Answer { status: 400..=499, .. }))
            && !matches!(answer, Ok(Answer { status: 401 | 403 | 429, .. }));
        match success(answer) {
            Ok(_) => Ok(()),
            Err(_) if may_be_gone && !self.list_channel_ids().await?.iter().any(|listed| listed == channel_id) => {
                Ok(())
            }
            Err(error) => Err(as_our_own_failure(error)),
        }
    }

    /// Every channel of the account.
    ///
    /// # Errors
    /// When ImageFlux does not tell.
    pub async fn list_channel_ids(&self) -> Result<Vec<String>, ImageFluxError> {
        let answer = self.repeat("ImageFlux_20200729.ListChannelIDs", "{}", MAX_CHANNEL_LIST).await;
        let listed: ChannelIds = parse(&success(answer).map_err(as_our_own_failure)?)?;
        Ok(listed.channel_ids)
    }

    /// For calls that may be repeated.
    async fn repeat(&self, target: &str, body: &str, at_most: usize) -> Result<Answer, Failure> {
        let mut answer = self.call(target, body, ATTEMPT, at_most).await;
        for _ in 1..ATTEMPTS {
            match answer {
                Ok(Answer { status: 500.., .. }) | Err(_) => answer = self.call(target, body, ATTEMPT, at_most).await,
                Ok(_) => break,
            }
        }
        answer
    }

    async fn call(&self, target: &str, body: &str, budget: Duration, at_most: usize) -> Result<Answer, Failure> {
        let call = tokio::time::timeout(budget, self.transport.post(target, body.to_owned(), at_most));
        telemetry::imageflux_call(call).await.unwrap_or(Err(Failure::TimedOut))
    }
}

/// The body of a 2xx, or what the status means.
fn success(answer: Result<Answer, Failure>) -> Result<Vec<u8>, ImageFluxError> {
    match answer {
        Ok(Answer { status: 200..=299, body }) => Ok(body),
        Ok(Answer { status: 400 | 404 | 409 | 413 | 422, body }) => Err(ImageFluxError::Rejected(reason(&body))),
        Ok(Answer { status: 429, .. }) => Err(ImageFluxError::Unavailable("status 429".to_owned())),
        Ok(Answer { status, .. }) => Err(ImageFluxError::Failed(format!("status {status}"))),
        Err(Failure::NotSent(cause)) => Err(ImageFluxError::Unavailable(cause)),
        Err(Failure::Broken(cause)) => Err(ImageFluxError::Failed(cause)),
        Err(Failure::TimedOut) => Err(ImageFluxError::TimedOut),
    }
}

/// A refusal of what only we chose is no fault of the client. Its text may repeat the channel's id, so
/// it is not kept: causes are logged.
fn as_our_own_failure(error: ImageFluxError) -> ImageFluxError {
    match error {
        ImageFluxError::Rejected(_) => ImageFluxError::Failed("it refused what only we chose".to_owned()),
        error => error,
    }
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ImageFluxError> {
    serde_json::from_slice(body).map_err(|_| ImageFluxError::Failed("an answer of another shape".to_owned()))
}

/// The text of an error body, wherever it may stand, short and printable.
fn reason(body: &[u8]) -> String {
    let parsed: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = ["error", "message", "error_type"].iter().find_map(|name| parsed.get(name)?.as_str());
    let clean: String = text.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
    if clean.is_empty() { "no reason given".to_owned() } else { clean }
}

fn is_opaque_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn has_scheme(url: &str, schemes: &[&str]) -> bool {
    url.len() <= 2048
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && schemes.iter().any(|scheme| url.starts_with(scheme) && url.len() > scheme.len())
}
