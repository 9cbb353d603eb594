//! A broadcast of this hour, and ImageFlux as the test plays it: it tells events and asks who may publish.

use std::sync::Arc;
use std::time::Duration;

use api_tests::upstream::Upstream;
use api_tests::{Actor, Answer, Product, new_schedule_at};
use local::Options;
use serde_json::{Value, json};
use shared::app::App;
use shared::platform::clock::Clock;

pub const LIST: &str = "ImageFlux_20200207.ListPlaylistURLs";

pub struct Evening {
    pub upstream: Upstream,
    pub product: Product,
    pub master: Actor,
    pub id: String,
    pub hooks: Hooks,
}

/// Where ImageFlux was told to call about a channel.
pub struct Hooks {
    caller: Actor,
    event: String,
    auth: String,
    channel: &'static str,
}

impl Evening {
    /// The broadcast starts in a minute and takes an hour.
    pub async fn begins() -> Self {
        let upstream = Upstream::start().await;
        let product = Product::start_with(upstream.options()).await;
        Self::begins_at(upstream, product).await
    }

    /// The clock stands until the test moves it.
    pub async fn stands_still() -> Self {
        let upstream = Upstream::start().await;
        let noon = shared::http::datetime::parse("2029/01/01 12:00:00").expect("a date-time");
        let product = Product::start_with(Options { clock: Clock::stopped_at(noon), ..upstream.options() }).await;
        Self::begins_at(upstream, product).await
    }

    /// What another environment answers, which reads the table for itself.
    pub fn elsewhere(&self) -> App {
        App { caches: Arc::default(), ..self.product.server.apps.of("delivery-view") }
    }

    pub async fn begins_at(upstream: Upstream, product: Product) -> Self {
        let master = product.master().await;
        let body = new_schedule_at(&product.datetime_in(60), &product.datetime_in(3_660));
        let id = master.post("/api/schedule", &body).await.ok()["schedule_id"].as_str().unwrap().to_owned();
        let hooks = Hooks::of(&product, &upstream);
        Self { upstream, product, master, id, hooks }
    }

    pub fn passes(&self, seconds: u64) {
        self.product.advance(Duration::from_secs(seconds));
    }

    pub fn event(&self, kind: &str, connection: &str, role: &str) -> Value {
        json!({"type": kind, "id": "E", "timestamp": self.now(), "role": role, "channel_id": "channel-001",
               "connection_id": connection, "data": {"minutes": 1}})
    }

    pub fn created(&self, connection: &str) -> Value {
        self.event("connection.created", connection, "sendonly")
    }

    pub fn updated(&self, connection: &str) -> Value {
        self.event("connection.updated", connection, "sendonly")
    }

    pub fn destroyed(&self, connection: &str) -> Value {
        self.event("connection.destroyed", connection, "sendonly")
    }

    pub fn has_playlist(&self, connection: &str) -> Value {
        json!({"type": "notify.playlist_url", "timestamp": self.now(), "channel_id": "channel-001",
               "connection_id": connection, "playlist_url": super::broadcast::playlist(connection)})
    }

    fn now(&self) -> String {
        self.product.server.app.clock.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    pub async fn tell(&self, events: &[Value]) {
        for event in events {
            self.hooks.tell(event).await.ok();
        }
    }

    pub async fn look(&self) -> Answer {
        self.master.get(&format!("/api/view?schedule_id={}", self.id)).await
    }

    /// The playlist that a viewer is given now, or how the broadcast stands without one.
    pub async fn shown(&self) -> String {
        let answer = self.look().await;
        if answer.status == 200 {
            let view = answer.ok();
            assert_eq!(view["status"], "live");
            return view["playlist_url"].as_str().unwrap().to_owned();
        }
        answer.refused(404, "not_live")["broadcast_status"].as_str().unwrap().to_owned()
    }

    /// How often ImageFlux was asked who publishes.
    pub fn questions(&self) -> usize {
        self.upstream.requests().iter().filter(|(target, _)| target == LIST).count()
    }

    /// As the list of schedules says.
    pub async fn listed_status(&self) -> String {
        let list = self.master.get("/api/schedule").await.ok();
        let row = list.as_array().unwrap().iter().find(|row| row["schedule_id"] == *self.id).unwrap().clone();
        row["status"].as_str().unwrap().to_owned()
    }
}

impl Hooks {
    /// Of the channel that was created last.
    pub fn of(product: &Product, upstream: &Upstream) -> Self {
        let requests = upstream.requests();
        let (_, body) = requests.iter().rfind(|(_, body)| body.get("hls").is_some()).expect("a channel");
        let path = |name: &str| {
            let url = body[name].as_str().expect("an address");
            url.strip_prefix(&product.server.url()).expect("an address of ours").to_owned()
        };
        Self {
            caller: product.anonymous(),
            event: path("event_webhook_url"),
            auth: path("auth_webhook_url"),
            channel: "channel-001",
        }
    }

    pub fn is_about(&mut self, channel: &'static str) {
        self.channel = channel;
    }

    pub fn event_path(&self) -> &str {
        &self.event
    }

    pub fn auth_path(&self) -> &str {
        &self.auth
    }

    pub async fn tell(&self, event: &Value) -> Answer {
        self.caller.post(&self.event, event).await
    }

    /// What ImageFlux is answered when somebody with this metadata wants to connect.
    pub async fn ask(&self, role: &str, metadata: &Value) -> Value {
        let mut question = json!({"role": role, "channel_id": self.channel, "connection_id": "Q"});
        if !metadata.is_null() {
            question["metadata"] = metadata.clone();
        }
        self.caller.post(&self.auth, &question).await.ok()
    }
}
