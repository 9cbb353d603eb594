//! What the edge does whatever a handler does.

use std::sync::Arc;

use lambda_http::{Body, Response};
use serde_json::{Value, json};
use shared::app::App;
use shared::http::request::Request;
use shared::http::{ApiResult, edge, response};
use shared::platform::clock::Clock;
use shared::platform::config::Config;
use shared::platform::random::Random;
use shared::table::{Backend, BackendFuture, Fault, Item, Key, Page, Query, Table, Transacted, Write, Written};
use uuid::Uuid;

#[tokio::test]
async fn a_panic_is_answered_and_the_next_request_works() {
    let app = app(&[]);
    for _ in 0..3 {
        let panicked = edge::serve(&app, ROUTES, request("GET", "/api/panic", None)).await;
        assert_eq!(panicked.status(), 500);
        assert_eq!(panicked.headers()["content-type"], "application/problem+json");
        assert_eq!(panicked.headers()["x-request-id"], "the-request");
        let problem = body(&panicked);
        assert_eq!((&problem["status"], &problem["request_id"]), (&json!(500), &json!("the-request")), "{problem}");
        assert!(!problem.to_string().contains("a secret"), "{problem}");

        let next = edge::serve(&app, ROUTES, request("GET", "/api/works", None)).await;
        assert_eq!(next.status(), 200);
        assert_eq!(body(&next)["ok"], json!(true));
    }
}

#[tokio::test]
async fn only_pages_of_the_named_origins_may_read_an_answer() {
    let (ours, other) = ("https://studio.example", "https://backup.example:8443");
    let app = app(&[ours, other]);
    for (origin, allowed) in [
        (Some(ours), Some(ours)),
        (Some(other), Some(other)),
        (Some("https://studio.example.evil"), None),
        (Some("http://studio.example"), None),
        (Some("https://studio.example:8443"), None),
        (Some("null"), None),
        (None, None),
    ] {
        for (method, path, status) in
            [("GET", "/api/works", 200), ("GET", "/api/panic", 500), ("OPTIONS", "/api/works", 204)]
        {
            let answer = edge::serve(&app, ROUTES, request(method, path, origin)).await;
            assert_eq!(answer.status(), status);
            let header = answer.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap());
            assert_eq!(header, allowed, "{origin:?} {method} {path}");
            assert_eq!(answer.headers()["vary"], "Origin");
            assert!(!answer.headers().contains_key("access-control-allow-credentials"));
        }
    }
}

shared::routes! {
    GET "/api/works" => works;
    GET "/api/panic" => panics;
}

mod works {
    use super::{ApiResult, App, Request, response};

    pub(crate) async fn handle(_app: &App, _request: &Request) -> ApiResult {
        response::ok()
    }
}

mod panics {
    use super::{ApiResult, App, Request};

    pub(crate) async fn handle(_app: &App, _request: &Request) -> ApiResult {
        panic!("a secret")
    }
}

fn request(method: &str, path: &str, origin: Option<&str>) -> lambda_http::Request {
    let headers = origin.map_or_else(|| json!({}), |origin| json!({"origin": origin}));
    let http = json!({"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"});
    let context = json!({"http": http, "requestId": "the-request", "stage": "$default"});
    let event = json!({"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": headers, "requestContext": context, "isBase64Encoded": false});
    lambda_http::request::from_str(&event.to_string()).unwrap()
}

fn body(response: &Response<Body>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn app(cors_origins: &[&str]) -> App {
    let config = Config {
        token_public_keys: None,
        token_signing_key: None,
        token_lifetime_seconds: 60,
        imageflux_endpoint: "http://127.0.0.1:9/".to_owned(),
        imageflux_access_token: None,
        channel_grace_seconds: 60,
        deletes_orphans: false,
        cors_origins: cors_origins.iter().map(|origin| (*origin).to_owned()).collect(),
    };
    let random = Random::default();
    App::new(&config, Table::new(Arc::new(NoTable), random.clone()), Clock::default(), random).unwrap()
}

/// These requests need no table.
struct NoTable;

impl NoTable {
    fn absent<'a, T: Send + 'a>() -> BackendFuture<'a, T> {
        Box::pin(async { Err(Fault::Broken("there is no table".to_owned())) })
    }
}

impl Backend for NoTable {
    fn get<'a>(&'a self, _: &'a [Key]) -> BackendFuture<'a, Vec<Option<Item>>> {
        Self::absent()
    }

    fn query<'a>(&'a self, _: &'a Query, _: Option<String>) -> BackendFuture<'a, Page> {
        Self::absent()
    }

    fn write<'a>(&'a self, _: &'a Write) -> BackendFuture<'a, Written> {
        Self::absent()
    }

    fn transact<'a>(&'a self, _: &'a [Write], _: Uuid) -> BackendFuture<'a, Transacted> {
        Self::absent()
    }
}
