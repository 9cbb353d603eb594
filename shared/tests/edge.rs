//! What the edge does whatever a handler does.

use lambda_http::{Body, Response};
use serde_json::{Value, json};
use shared::app::App;
use shared::http::event::{Event, Invocation};
use shared::http::request::Request;
use shared::http::{ApiResult, edge, response};

mod support;

use support::app;

#[tokio::test]
async fn a_panic_is_answered_and_the_next_request_works() {
    let app = app(&[]);
    for _ in 0..3 {
        let panicked = serve(&app, "GET", "/api/panic", None).await;
        assert_eq!(panicked.status(), 500);
        assert_eq!(panicked.headers()["content-type"], "application/problem+json");
        assert_eq!(panicked.headers()["x-request-id"], "the-request");
        let problem = body(&panicked);
        assert_eq!((&problem["status"], &problem["request_id"]), (&json!(500), &json!("the-request")), "{problem}");
        assert!(!problem.to_string().contains("a secret"), "{problem}");

        let next = serve(&app, "GET", "/api/works", None).await;
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
            let answer = serve(&app, method, path, origin).await;
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

async fn serve(app: &App, method: &str, path: &str, origin: Option<&str>) -> Response<Body> {
    edge::serve(app, ROUTES, &request(method, path, origin), &Invocation::default()).await
}

fn request(method: &str, path: &str, origin: Option<&str>) -> Event {
    let headers = origin.map_or_else(|| json!({}), |origin| json!({"origin": origin}));
    let http = json!({"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"});
    let context = json!({"http": http, "requestId": "the-request", "stage": "$default"});
    json!({"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": headers, "requestContext": context, "isBase64Encoded": false})
    .into()
}

fn body(response: &Response<Body>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}
