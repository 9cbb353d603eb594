//! A server that answers as it is told and remembers what it read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;

/// A request that was read to its end.
#[derive(Clone, Debug)]
pub struct Asked {
    headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

pub enum Reply {
    Answers(u16, String),
    /// Says in `Date` that it is that late.
    AnswersAt(String, u16, String),
    /// Closes the connection without an answer.
    Drops,
    Hangs,
    /// This status, and a body without an end.
    Floods(u16),
}

/// What to answer the request; it is the first, second, ... by its number from 0.
type Script = Box<dyn FnMut(usize, &Asked) -> Reply + Send>;

#[derive(Clone)]
pub struct Stub {
    pub url: String,
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    pub async fn answering(script: impl FnMut(usize, &Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let stub = Self { url, script: Arc::new(Mutex::new(Box::new(script))), asked: Arc::default() };
        let router = Router::new().route("/", post(call)).with_state(stub.clone());
        #[allow(clippy::disallowed_methods, reason = "a server for the length of a test")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        stub
    }

    /// From now on; requests are numbered from 0 again.
    pub fn now_answers(&self, script: impl FnMut(usize, &Asked) -> Reply + Send + 'static) {
        *lock(&self.script) = Box::new(script);
        lock(&self.asked).clear();
    }

    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    fn next(&self, asked: Asked) -> Reply {
        let mut earlier = lock(&self.asked);
        let reply = (lock(&self.script))(earlier.len(), &asked);
        earlier.push(asked);
        reply
    }
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII")).unwrap_or_default()
    }

    /// The operation, e.g. `GetItem`.
    pub fn operation(&self) -> &str {
        let target = if self.headers.contains_key("x-amz-target") { "x-amz-target" } else { "x-sora-target" };
        self.header(target).split_once('.').map_or("", |(_, operation)| operation)
    }
}

async fn call(State(stub): State<Stub>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    let body = serde_json::from_str(&text).expect("JSON");
    let answer = |status: u16| Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    let whole = |status: u16, body: String| answer(status).body(Body::from(body)).expect("an answer");
    match stub.next(Asked { headers, text, body }) {
        Reply::Answers(status, body) => whole(status, body),
        Reply::AnswersAt(date, status, body) => {
            answer(status).header("date", date).body(Body::from(body)).expect("an answer")
        }
        Reply::Drops => panic!("the connection is dropped"),
        Reply::Hangs => std::future::pending().await,
        Reply::Floods(status) => {
            let chunks =
                futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1024])));
            answer(status).body(Body::from_stream(chunks)).expect("an answer")
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
