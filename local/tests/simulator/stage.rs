use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use local::simulator::Simulator;
use serde_json::{Value, json};
use shared::platform::clock::Clock;
use tokio::net::TcpListener;

/// An account, a channel on it whose webhooks are heard here, and the controls.
#[derive(Clone)]
pub struct Stage {
    upstream: String,
    controls: String,
    pub channel_id: String,
    pub ear: Ear,
}

/// What came at the webhooks, and what the next question for permission is answered.
#[derive(Clone, Default)]
pub struct Ear {
    events: Arc<Mutex<Vec<Value>>>,
    pub questions: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Mutex<Value>>,
}

impl Stage {
    pub async fn set(webhooks: &[&str]) -> Self {
        let simulator = Simulator::open(None, Clock::default()).unwrap();
        let upstream = simulator.serve(Ipv4Addr::LOCALHOST.into()).await.unwrap();
        let ear = Ear::default();
        let hooks = Router::new().route("/{which}", post(hear)).with_state(ear.clone());
        let controls = serve(simulator.controls().merge(hooks)).await;
        let mut stage = Self { upstream, controls, channel_id: String::new(), ear };
        stage.channel_id = stage.create(webhooks).await;
        stage
    }

    /// Another channel of the same account, heard by the same ear.
    pub async fn with_another_channel(&self) -> Self {
        Self { channel_id: self.create(&["event_webhook_url"]).await, ..self.clone() }
    }

    async fn create(&self, webhooks: &[&str]) -> String {
        let mut request = json!({"hls": [{}], "auth_webhook_url": "", "event_webhook_url": ""});
        for name in webhooks {
            request[name] = json!(format!("{}{name}", self.controls));
        }
        let created = self.call("ImageFlux_20200316.CreateMultistreamChannelWithHLS", request).await;
        created["channel_id"].as_str().unwrap().to_owned()
    }

    pub async fn call(&self, target: &str, body: Value) -> Value {
        let request = client().post(&self.upstream).header("x-sora-target", target);
        let answer = request.header("authorization", "Bearer x").body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    pub async fn listed(&self) -> Value {
        self.call("ImageFlux_20200207.ListPlaylistURLs", json!({"channel_id": self.channel_id})).await["hls"].clone()
    }

    pub async fn control(&self, what: &str, mut body: Value) -> (u16, Value) {
        if what != "events" {
            body["channel_id"] = json!(self.channel_id);
        }
        post_json(&format!("{}simulator/{what}", self.controls), body).await
    }

    pub async fn publish(&self, wish: Value) -> Value {
        let (status, published) = self.control("publish", wish).await;
        assert_eq!(status, 200, "{published}");
        published
    }

    /// For this channel.
    pub async fn mode(&self, mode: Value) {
        let body = json!({"channel_id": self.channel_id, "mode": mode});
        assert_eq!(post_json(&format!("{}simulator/events", self.controls), body).await.0, 200);
    }
}

impl Ear {
    pub fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    /// Waits until there are so many.
    pub async fn heard(&self, count: usize) -> Vec<Value> {
        for _ in 0..200 {
            if self.events().len() >= count {
                return self.events();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("fewer than {count}: {:?}", self.events());
    }

    pub fn answer(&self, answer: Value) {
        *self.answer.lock().unwrap() = answer;
    }
}

async fn hear(State(ear): State<Ear>, Path(which): Path<String>, body: String) -> String {
    let body: Value = serde_json::from_str(&body).unwrap();
    if which == "event_webhook_url" {
        ear.events.lock().unwrap().push(body);
        return "{}".to_owned();
    }
    ear.questions.lock().unwrap().push(body);
    ear.answer.lock().unwrap().to_string()
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test has a process of its own")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/")
}

pub async fn post_json(url: &str, body: Value) -> (u16, Value) {
    let answer = client().post(url).body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

pub fn client() -> reqwest::Client {
    shared::platform::https::client(Duration::from_secs(1), Duration::from_secs(1)).unwrap()
}

pub async fn get(url: &str) -> (u16, String) {
    let answer = client().get(url).send().await.unwrap();
    (answer.status().as_u16(), String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned())
}

pub fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}
