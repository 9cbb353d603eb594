//! How events reach `event_webhook_url`: one POST each, in the background, never a second time, and, when told
//! to, doubled, swapped, delayed or lost.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::platform::random::Random;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

/// What a sister service of ImageFlux gives a webhook; what ImageFlux gives is not documented.
pub(super) const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);
/// An event that waits to be swapped goes alone when no other comes.
const SWAP_PATIENCE: Duration = Duration::from_secs(1);

/// What is left out goes undisturbed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mode {
    /// How many more times each event is sent.
    pub double: u8,
    /// Of two events, the second is sent first.
    pub swap: bool,
    pub delay_ms: u32,
    /// How likely it is that an event is never sent: `true`, `false`, or a number from 0 to 1.
    #[serde(deserialize_with = "probability")]
    pub lose: f64,
    /// How often a living connection tells `connection.updated`.
    pub updated_every_ms: u32,
}

impl Default for Mode {
    fn default() -> Self {
        Self { double: 0, swap: false, delay_ms: 0, lose: 0.0, updated_every_ms: 60_000 }
    }
}

/// The events of one channel on their way, in the order in which they happened.
pub(super) struct Post {
    queue: UnboundedSender<Parcel>,
    mode: watch::Receiver<Mode>,
}

enum Parcel {
    Event {
        event: Value,
        due: Instant,
    },
    /// Everything before this was sent.
    Receipt(oneshot::Sender<()>),
}

struct Carrier {
    client: reqwest::Client,
    url: String,
    mode: watch::Receiver<Mode>,
    random: Random,
}

impl Post {
    pub fn open(client: reqwest::Client, url: String, mode: watch::Receiver<Mode>, random: Random) -> Self {
        let (queue, parcels) = unbounded_channel();
        let carrier = Carrier { client, url, mode: mode.clone(), random };
        crate::spawn(carrier.carry(parcels));
        Self { queue, mode }
    }

    pub fn send(&self, event: Value) {
        let due = Instant::now() + Duration::from_millis(self.mode.borrow().delay_ms.into());
        let _ = self.queue.send(Parcel::Event { event, due });
    }

    /// Is told when everything that was sent so far has been delivered, or could not be.
    pub fn receipt(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let _ = self.queue.send(Parcel::Receipt(sender));
        receiver
    }
}

impl Carrier {
    /// Until the channel is gone and the queue is empty.
    async fn carry(self, mut parcels: UnboundedReceiver<Parcel>) {
        let mut held: Option<Value> = None;
        loop {
            let next = match &held {
                Some(_) => tokio::time::timeout(SWAP_PATIENCE, parcels.recv()).await,
                None => Ok(parcels.recv().await),
            };
            match next {
                Ok(Some(Parcel::Receipt(receipt))) => {
                    let _ = receipt.send(());
                }
                Ok(Some(Parcel::Event { event, due })) => {
                    tokio::time::sleep_until(due).await;
                    let first = held.take();
                    if first.is_none() && self.mode.borrow().swap {
                        held = Some(event);
                        continue;
                    }
                    self.deliver(&event).await;
                    if let Some(first) = first {
                        self.deliver(&first).await;
                    }
                }
                Ok(None) | Err(_) => {
                    if let Some(event) = held.take() {
                        self.deliver(&event).await;
                    }
                    if matches!(next, Ok(None)) {
                        return;
                    }
                }
            }
        }
    }

    async fn deliver(&self, event: &Value) {
        let Mode { double, lose, .. } = *self.mode.borrow();
        for _ in 0..=double {
            if !is_lost(lose, &self.random) {
                let _nobody_tries_again = self.post(event).await;
            }
        }
    }

    async fn post(&self, event: &Value) -> reqwest::Result<reqwest::Response> {
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let mut request = self
            .client
            .post(&self.url)
            .timeout(WEBHOOK_TIMEOUT)
            .header("content-type", "application/json")
            .body(event.to_string());
        // Sora's own events name themselves in headers; ImageFlux's have no `id`, and perhaps no headers.
        if event.get("id").is_some() {
            request = request
                .header("sora-event-webhook-type", text("type"))
                .header("sora-session-id", text("session_id"))
                .header("sora-connection-id", text("connection_id"));
        }
        request.send().await
    }
}

fn is_lost(probability: f64, random: &Random) -> bool {
    const STEPS: u32 = 1 << 20;
    let step = u32::try_from(random.below(STEPS.into())).unwrap_or(0);
    f64::from(step) < probability * f64::from(STEPS)
}

fn probability<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lose {
        Whether(bool),
        Probability(f64),
    }
    match Lose::deserialize(deserializer)? {
        Lose::Whether(lose) => Ok(f64::from(u8::from(lose))),
        Lose::Probability(lose) if (0.0..=1.0).contains(&lose) => Ok(lose),
        Lose::Probability(_) => Err(serde::de::Error::custom("lose is no number from 0 to 1")),
    }
}
