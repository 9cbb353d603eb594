//! ImageFlux, and all we know of its habits: one method per target, statuses to a small error.
//!
//! Its error bodies are undocumented, so the status decides; whatever it answers is treated as hostile.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::channel::{Channel, Listed};
use crate::domain::hls::HlsParams;
use crate::platform::retries::RetryBudget;
use crate::platform::telemetry;

mod reason;
pub mod transport;
pub mod webhooks;

use transport::{Answer, Failure, Transport};

const CREATE_BUDGET: Duration = Duration::from_secs(8);
const ATTEMPT: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;
const MAX_ANSWER: usize = 64 * 1024;
const MAX_CHANNEL_LIST: usize = 4 * 1024 * 1024;
const MAX_URL: usize = 2048;

/// Why ImageFlux did not do it. The texts are for the log, but for the reason of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFluxError {
    /// It refused what we asked for. The reason is its own, and cleaned before it leaves this module.
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

/// Where ImageFlux asks who may connect, and tells what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hooks {
    pub auth: String,
    pub event: String,
}

#[derive(Clone)]
pub struct ImageFlux {
    transport: Arc<dyn Transport>,
    retries: RetryBudget,
}

/// Read one by one: a channel that is named is there, whatever else is wrong with the answer.
#[derive(Deserialize)]
struct Created {
    channel_id: String,
    #[serde(default)]
    sora_url: Value,
}

/// What is listed is read one by one: an odd entry is skipped, not the list.
#[derive(Deserialize)]
struct Playlists {
    channel_id: Option<Value>,
    hls: Vec<Value>,
}

#[derive(Deserialize)]
struct ChannelIds {
    channel_ids: Vec<Value>,
}

impl ImageFlux {
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, retries: RetryBudget::full() }
    }

    /// Creates a channel. It is asked once: a second time only when the first was never sent,
    /// because ImageFlux has no idempotency key.
    pub async fn create_channel(&self, hls: &HlsParams, hooks: Option<&Hooks>) -> Result<Channel, CreateError> {
        // What the client wrote is passed on to the letter.
        let members = hooks.map_or_else(String::new, |hooks| {
            let (auth, event) = (json!(hooks.auth), json!(hooks.event));
            format!(r#","auth_webhook_url":{auth},"event_webhook_url":{event}"#)
        });
        let body = format!(r#"{{"hls":{}{members}}}"#, hls.as_json());
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
        let body = success(answer).map_err(|error| nothing_left(self.cleaned(error, hooks)))?;
        let Created { channel_id, sora_url } = serde_json::from_slice(&body)
            .map_err(|_| nothing_left(ImageFluxError::Failed("an answer without channel_id".to_owned())))?;
        if !is_opaque_id(&channel_id) {
            return Err(nothing_left(ImageFluxError::Failed("an unusable channel_id".to_owned())));
        }
        match sora_url.as_str() {
            Some(url) if self.is_address(url, "wss", "ws") => {
                Ok(Channel { channel_id, sora_url: url.to_owned(), hook: None })
            }
            _ => {
                let error = ImageFluxError::Failed("an unusable sora_url".to_owned());
                Err(CreateError { error, left_behind: Some(channel_id) })
            }
        }
    }

    /// All who publish to the channel now, in no known order. Asked without retries: the caller's lease limits
    /// how often it asks.
    pub async fn list_publishers(&self, channel_id: &str) -> Result<Vec<Listed>, ImageFluxError> {
        let body = json!({"channel_id": channel_id}).to_string();
        let answer = self.call("ImageFlux_20200207.ListPlaylistURLs", &body, ATTEMPT, MAX_ANSWER).await;
        let listed: Playlists = parse(&success(answer).map_err(as_our_own_failure)?)?;
        if listed.channel_id.is_some_and(|listed| listed != channel_id) {
            return Err(ImageFluxError::Failed("the playlists of another channel".to_owned()));
        }
        // An odd address hides no connection, since one that is not listed counts as gone.
        let publisher = |entry: Value| {
            let connection_id = entry["connection_id"].as_str().filter(|id| is_opaque_id(id))?.to_owned();
            let playlist_url = entry["playlist_url"].as_str().filter(|url| self.is_playlist_url(url));
            Some(Listed { connection_id, playlist_url: playlist_url.map(str::to_owned) })
        };
        Ok(listed.hls.into_iter().filter_map(publisher).collect())
    }

    /// Whether an address may be given to viewers.
    #[must_use]
    pub fn is_playlist_url(&self, url: &str) -> bool {
        self.is_address(url, "https", "http")
    }

    /// Deletes a channel; one that is gone already is success.
    pub async fn delete_channel(&self, channel_id: &str) -> Result<(), ImageFluxError> {
        let body = json!({"channel_id": channel_id}).to_string();
        let answer = self.repeat("ImageFlux_20180501.DeleteChannel", &body, MAX_ANSWER).await;
        // What it says of a channel that is gone is undocumented, so the list decides.
        let may_be_gone = matches!(answer, Ok(Answer { status: 400..=499, .. }))
            && !matches!(answer, Ok(Answer { status: 401 | 403 | 429, .. }));
        match success(answer) {
            Ok(_) => Ok(()),
            Err(_) if may_be_gone && self.is_gone(channel_id).await? => Ok(()),
            Err(error) => Err(as_our_own_failure(error)),
        }
    }

    /// Every channel of the account.
    pub async fn list_channel_ids(&self) -> Result<Vec<String>, ImageFluxError> {
        let listed = self.list_channels().await?;
        Ok(listed.into_iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
    }

    /// Only a list that can be read whole shows that a channel is gone: an odd entry may be the channel.
    async fn is_gone(&self, channel_id: &str) -> Result<bool, ImageFluxError> {
        let listed = self.list_channels().await?;
        Ok(listed.iter().all(|id| id.as_str().is_some_and(|id| id != channel_id)))
    }

    async fn list_channels(&self) -> Result<Vec<Value>, ImageFluxError> {
        let answer = self.repeat("ImageFlux_20200729.ListChannelIDs", "{}", MAX_CHANNEL_LIST).await;
        let listed: ChannelIds = parse(&success(answer).map_err(as_our_own_failure)?)?;
        Ok(listed.channel_ids)
    }

    /// An absolute address of this scheme, in any case; of the other one only where ImageFlux itself is spoken
    /// to in the clear.
    fn is_address(&self, url: &str, secure: &str, plain: &str) -> bool {
        url.len() <= MAX_URL
            && url.bytes().all(|byte| byte.is_ascii_graphic())
            && reqwest::Url::parse(url).is_ok_and(|parsed| {
                (parsed.scheme() == secure || (parsed.scheme() == plain && self.transport.is_plain()))
                    && url[parsed.scheme().len()..].starts_with("://")
                    && parsed.username().is_empty()
                    && parsed.password().is_none()
            })
    }

    /// A refusal's reason is for the client to read; what we sent along is not.
    fn cleaned(&self, error: ImageFluxError, hooks: Option<&Hooks>) -> ImageFluxError {
        let ImageFluxError::Rejected(said) = error else { return error };
        let mut secrets = vec![self.transport.access_token().map_or("", ExposeSecret::expose_secret)];
        secrets.extend(hooks.iter().flat_map(|hooks| [hooks.auth.as_str(), hooks.event.as_str()]));
        ImageFluxError::Rejected(reason::cleaned(&said, &secrets))
    }

    /// For calls that may be repeated, as long as this process has not repeated too much.
    async fn repeat(&self, target: &str, body: &str, at_most: usize) -> Result<Answer, Failure> {
        for attempt in 1.. {
            let answer = self.call(target, body, ATTEMPT, at_most).await;
            let has_failed = matches!(answer, Ok(Answer { status: 500.., .. }) | Err(_));
            if !has_failed {
                self.retries.give_back(attempt > 1);
            }
            if !has_failed || attempt == ATTEMPTS || !self.retries.take() {
                return answer;
            }
        }
        Err(Failure::TimedOut)
    }

    async fn call(&self, target: &str, body: &str, budget: Duration, at_most: usize) -> Result<Answer, Failure> {
        let call = tokio::time::timeout(budget, self.transport.post(target, body.to_owned(), at_most));
        let answer = telemetry::imageflux_call(call).await.unwrap_or(Err(Failure::TimedOut));
        if matches!(answer, Ok(Answer { status: 401 | 403 | 429 | 500.., .. }) | Err(_)) {
            telemetry::imageflux_failed();
        }
        answer
    }
}

/// The body of a 2xx, or what the status means.
fn success(answer: Result<Answer, Failure>) -> Result<Vec<u8>, ImageFluxError> {
    match answer {
        Ok(Answer { status: 200..=299, body }) => Ok(body),
        Ok(Answer { status: 400 | 404 | 409 | 413 | 422, body }) => Err(ImageFluxError::Rejected(reason::said(&body))),
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

fn is_opaque_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && !text.chars().any(char::is_control)
}
