//! ImageFlux on a bad day, behind `Transport`. It keeps the true set of channels.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use shared::imageflux::transport::{Answer, Failure, Promise, Transport};
use tokio::time::{Instant, sleep};

use crate::faults::{Harm, Nemesis};
use crate::history;
use crate::studio::Studio;

/// A channel that was created.
#[derive(Clone, Debug)]
pub struct Channel {
    /// The operation that asked for it.
    pub operation: Option<usize>,
    /// Whether an answer with its id came back to that operation.
    pub told: bool,
    pub deleted: bool,
    /// The key in the addresses at which the product wants to be called.
    pub hook_key: Option<String>,
    pub deleted_at: Option<Instant>,
    pub deleted_by: Option<usize>,
}

#[derive(Clone)]
pub struct Upstream {
    channels: Arc<Mutex<BTreeMap<String, Channel>>>,
    nemesis: Arc<Nemesis>,
    pub studio: Studio,
}

const FOR_EVER: Duration = Duration::from_hours(1);

impl Upstream {
    pub fn new(nemesis: Arc<Nemesis>) -> Self {
        Self { channels: Arc::default(), studio: Studio::new(Arc::clone(&nemesis)), nemesis }
    }

    pub fn channels(&self) -> MutexGuard<'_, BTreeMap<String, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_channel(&self, operation: Option<usize>, hook_key: Option<String>) -> String {
        let mut channels = self.channels();
        let id = format!("channel-{}", channels.len());
        let new = Channel { operation, told: false, deleted: false, deleted_at: None, deleted_by: None, hook_key };
        channels.insert(id.clone(), new);
        id
    }

    fn tell(&self, id: &str, sora_url: &str) -> Answer {
        if let Some(channel) = self.channels().get_mut(id) {
            channel.told = true;
        }
        ok(&json!({"channel_id": id, "sora_url": sora_url}))
    }

    async fn create(&self, hook_key: Option<String>) -> Result<Answer, Failure> {
        let operation = history::current();
        if self.nemesis.strikes(Harm::UpstreamRefused) {
            return self.refuse();
        }
        if self.nemesis.strikes(Harm::UpstreamHung) {
            let hook_key = hook_key.clone();
            match self.nemesis.one_of(3) {
                0 => {}
                1 => drop(self.new_channel(operation, hook_key)),
                _ => {
                    let late = self.clone();
                    #[expect(clippy::disallowed_methods, reason = "a server goes on when its client is gone")]
                    tokio::spawn(async move {
                        sleep(late.nemesis.up_to(15_000)).await;
                        late.new_channel(operation, hook_key);
                    });
                }
            }
            sleep(FOR_EVER).await;
        }
        let id = self.new_channel(operation, hook_key);
        if self.nemesis.strikes(Harm::UpstreamLost) {
            return Err(Failure::Broken("the connection broke".to_owned()));
        }
        if self.nemesis.strikes(Harm::UpstreamNonsense) {
            return Ok(match self.nemesis.one_of(3) {
                0 => self.tell(&id, "not a url"),
                1 => ok(&json!({"sora_url": "wss://example.jp"})),
                _ => Answer { status: 200, body: b"<html>busy</html>".to_vec() },
            });
        }
        sleep(self.nemesis.delay()).await;
        Ok(self.tell(&id, "wss://example.jp/signaling"))
    }

    async fn delete(&self, id: &str) -> Result<Answer, Failure> {
        if self.nemesis.strikes(Harm::UpstreamRefused) {
            return self.refuse();
        }
        let known = match self.channels().get_mut(id) {
            Some(channel) if !channel.deleted => {
                channel.deleted = true;
                channel.deleted_at = Some(Instant::now());
                channel.deleted_by = history::current();
                true
            }
            _ => false,
        };
        self.studio.cut(id);
        if self.nemesis.strikes(Harm::UpstreamHung) {
            sleep(FOR_EVER).await;
        }
        if self.nemesis.strikes(Harm::UpstreamLost) {
            return Err(Failure::Broken("the connection broke".to_owned()));
        }
        Ok(if known { ok(&json!({})) } else { Answer { status: 404, body: Vec::new() } })
    }

    async fn list_playlists(&self, channel: &str) -> Result<Answer, Failure> {
        if self.nemesis.strikes(Harm::UpstreamRefused) {
            self.studio.answered_nothing(channel);
            return self.refuse();
        }
        if self.nemesis.strikes(Harm::UpstreamHung) {
            self.studio.answered_nothing(channel);
            sleep(FOR_EVER).await;
        }
        let is_there = self.channels().get(channel).is_some_and(|channel| !channel.deleted);
        let listed = self.studio.list(channel);
        // On the way back it grows old.
        let delay = self.nemesis.delay();
        if delay.as_millis() > 500 {
            self.studio.answered_nothing(channel);
        }
        sleep(delay).await;
        if self.nemesis.strikes(Harm::UpstreamLost) {
            self.studio.answered_nothing(channel);
            return Err(Failure::Broken("the connection broke".to_owned()));
        }
        Ok(if is_there { ok(&listed) } else { Answer { status: 404, body: Vec::new() } })
    }

    fn list(&self) -> Result<Answer, Failure> {
        if self.nemesis.strikes(Harm::UpstreamRefused) {
            return self.refuse();
        }
        let channels = self.channels();
        let living: Vec<&String> = channels.iter().filter(|(_, channel)| !channel.deleted).map(|(id, _)| id).collect();
        Ok(ok(&json!({"channel_ids": living})))
    }

    fn refuse(&self) -> Result<Answer, Failure> {
        match self.nemesis.one_of(6) {
            0 => Err(Failure::NotSent("refused".to_owned())),
            1 => Err(Failure::Broken("reset".to_owned())),
            2 => Ok(Answer { status: 401, body: Vec::new() }),
            3 => Ok(Answer { status: 429, body: Vec::new() }),
            4 => Ok(Answer { status: 500, body: b"<html>".to_vec() }),
            _ => Ok(Answer { status: 503, body: Vec::new() }),
        }
    }
}

fn hook_key(body: &Value) -> Option<String> {
    let (_, rest) = body["event_webhook_url"].as_str()?.split_once("/hooks/imageflux/")?;
    Some(rest.strip_suffix("/event")?.to_owned())
}

fn ok(body: &Value) -> Answer {
    Answer { status: 200, body: body.to_string().into_bytes() }
}

impl Transport for Upstream {
    fn post<'a>(&'a self, target: &'a str, body: String, _at_most: usize) -> Promise<'a> {
        Box::pin(async move {
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            let channel = body["channel_id"].as_str().unwrap_or_default();
            if target.ends_with(".ListPlaylistURLs") {
                self.studio.asked(channel);
            }
            sleep(self.nemesis.delay()).await;
            match target.split_once('.').map(|(_, verb)| verb) {
                Some("CreateMultistreamChannelWithHLS") => self.create(hook_key(&body)).await,
                Some("DeleteChannel") => self.delete(channel).await,
                Some("ListChannelIDs") => self.list(),
                Some("ListPlaylistURLs") => self.list_playlists(channel).await,
                _ => Ok(Answer { status: 400, body: Vec::new() }),
            }
        })
    }
}
