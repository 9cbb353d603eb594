//! A simulated ImageFlux: it speaks the upstream's protocol over HTTP, asks before it lets anybody publish, sends
//! events, and plays a stream. `controls` is how it is told what presenters and networks do.
//!
//! What it does not know better than the public documents is kept simple; they are summed up in the contract,
//! section 10.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use shared::platform::clock::Clock;
use shared::platform::random::Random;
use tokio::net::TcpListener;

mod account;
mod api;
mod controls;
mod delivery;
mod events;
mod permission;
mod presence;
mod stream;

use account::{Account, Channel};
pub use account::{Connection, Publication, Role};
pub use delivery::Mode;
use delivery::Post;

const CONNECT: Duration = Duration::from_secs(1);
const POOL_IDLE: Duration = Duration::from_secs(15);
/// A publisher is answered once the events about it are delivered, or after this time.
const SETTLE: Duration = Duration::from_secs(2);

/// One account of ImageFlux. Clones are the same account.
#[derive(Clone)]
pub struct Simulator {
    account: Arc<Mutex<Account>>,
    file: Option<PathBuf>,
    /// Where it serves, once it does.
    url: Arc<OnceLock<String>>,
    client: reqwest::Client,
    clock: Clock,
    random: Random,
}

/// Why somebody could not connect, or could not be disconnected.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    NoChannel,
    NoConnection,
    /// The channel's auth webhook refused, for this reason.
    Refused(String),
}

impl Simulator {
    /// With a folder, the channels survive the process.
    ///
    /// # Errors
    /// When the folder holds something else.
    pub fn open(data: Option<&Path>, clock: Clock) -> Result<Self, String> {
        let file = data.map(|folder| folder.join("imageflux.json"));
        let channels = match file.as_ref().map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes).map_err(|error| format!("imageflux.json: {error}"))?,
            _ => BTreeMap::default(),
        };
        Ok(Self {
            account: Arc::new(Mutex::new(Account { channels, mode: Mode::default() })),
            file,
            url: Arc::default(),
            client: shared::platform::https::client(CONNECT, POOL_IDLE)?,
            clock,
            random: Random::default(),
        })
    }

    /// Serves the upstream's protocol, and the streams, and answers the URL where.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn serve(&self, ip: IpAddr) -> Result<String, String> {
        let listener = TcpListener::bind((ip, 0)).await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let url = format!("http://{address}/");
        self.url.set(url.clone()).map_err(|_| "it serves already")?;
        let router = api::routes().merge(stream::routes()).with_state(self.clone());
        crate::spawn(async move { axum::serve(listener, router).await });
        Ok(url)
    }

    /// What presenters, networks and observers do, for people who try the product.
    pub fn controls(&self) -> Router {
        controls::routes().with_state(self.clone())
    }

    #[must_use]
    pub fn channel_ids(&self) -> Vec<String> {
        self.lock().channels.keys().cloned().collect()
    }

    /// How events are delivered from now on: those of the channel, or all there are and will be.
    ///
    /// # Errors
    /// When there is no such channel.
    pub fn set_mode(&self, channel_id: Option<&str>, mode: &Mode) -> Result<(), Refusal> {
        let mut account = self.lock();
        if let Some(channel_id) = channel_id {
            account.channels.get(channel_id).ok_or(Refusal::NoChannel)?.mode.send_replace(mode.clone());
        } else {
            account.mode = mode.clone();
            for channel in account.channels.values() {
                channel.mode.send_replace(mode.clone());
            }
        }
        Ok(())
    }

    /// Sends an event to the address that the channel's creator named, with an id of its own if it is Sora's.
    fn post(&self, channel: &mut Channel, mut event: Value) {
        let Some(url) = &channel.event_webhook_url else { return };
        event["timestamp"] = events::timestamp(self.clock.now()).into();
        if event["type"].as_str().is_some_and(|kind| kind.starts_with("connection.")) {
            event["id"] = self.random.uuid().simple().to_string().to_uppercase().into();
        }
        let open = || Post::open(self.client.clone(), url.clone(), channel.mode.subscribe(), self.random.clone());
        channel.post.get_or_insert_with(open).send(event);
    }

    async fn settle(&self, channel_id: &str) {
        let receipt = self.lock().channels.get(channel_id).and_then(|channel| Some(channel.post.as_ref()?.receipt()));
        if let Some(receipt) = receipt {
            let _delivered_or_not = tokio::time::timeout(SETTLE, receipt).await;
        }
    }

    /// Channels come or go, and the folder knows of it before anybody else.
    fn change<T>(&self, change: impl FnOnce(&mut Account) -> T) -> T {
        let mut account = self.lock();
        let result = change(&mut account);
        if let Some(file) = &self.file {
            let whole = file.with_extension("new");
            let written = std::fs::write(&whole, json!(account.channels).to_string())
                .and_then(|()| std::fs::rename(&whole, file));
            written.expect("the folder of --data can be written to");
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
