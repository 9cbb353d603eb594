//! What the edge does whatever a handler does.

#![expect(clippy::unused_async, reason = "a handler is asynchronous, whatever it does")]

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use lambda_http::{Body, Response};
use serde_json::{Value, json};
use shared::app::App;
use shared::http::event::{Event, Invocation};
use shared::http::request::Request;
use shared::http::{ApiResult, edge, response};
use shared::lambda::answer_request;

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

#[tokio::test]
async fn an_answer_over_one_kibibyte_is_gzip_where_the_client_reads_it() {
    let ours = "https://studio.example";
    for (origins, vary, vary_of_short) in
        [(&["*"][..], "Accept-Encoding", ""), (&[][..], "Accept-Encoding", ""), (&[ours][..], BOTH, "Origin")]
    {
        let app = app(origins);
        let get = async |method: &str, path: &str, accepted: &str| {
            let request = accepting(method, path, accepted).into();
            edge::serve(&app, ROUTES, &request, &Invocation::default()).await
        };
        let plain = get("GET", "/api/long", "").await;
        assert_eq!((header(&plain, "content-encoding"), header(&plain, "vary")), ("", vary));
        assert!(matches!(plain.body(), Body::Text(text) if text.len() > 1024));

        let packed = get("GET", "/api/long", "gzip, br").await;
        assert_eq!((header(&packed, "content-encoding"), header(&packed, "vary")), ("gzip", vary));
        assert_eq!(header(&packed, "content-type"), "application/json");
        assert_eq!((header(&plain, "etag"), header(&packed, "etag")), ("\"rows\"", "W/\"rows\""));
        let Body::Binary(bytes) = packed.body() else { panic!("no bytes: {packed:?}") };
        let mut text = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(json!(text), json!(std::str::from_utf8(plain.body()).unwrap()));
        assert!(bytes.len() * 4 < text.len());

        let head = get("HEAD", "/api/long", "gzip").await;
        assert_eq!((header(&head, "content-encoding"), header(&head, "vary")), ("", vary));
        assert!(head.body().is_empty());
        for path in ["/api/works", "/api/panic", "/api/none"] {
            let short = get("GET", path, "gzip").await;
            assert_eq!((header(&short, "content-encoding"), header(&short, "vary")), ("", vary_of_short), "{path}");
            assert!(matches!(short.body(), Body::Text(_)));
        }
    }
}

#[tokio::test]
async fn gzip_goes_in_base64_and_only_where_the_gateway_hands_bytes_on() {
    let app = app(&["*"]);
    let answer =
        answer_request(&app, ROUTES, &accepting("GET", "/api/long", "gzip").into(), &Invocation::default()).await;
    assert_eq!((&answer["isBase64Encoded"], &answer["headers"]["content-encoding"]), (&json!(true), &json!("gzip")));
    let bytes = STANDARD.decode(answer["body"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("[\"row 0"));

    let payload_1 = json!({"path": "/api/long", "httpMethod": "GET", "headers": {"Accept-Encoding": "gzip"},
        "requestContext": {"requestId": "the-request", "stage": "prod", "path": "/prod/api/long"}});
    let answer = answer_request(&app, ROUTES, &payload_1.into(), &Invocation::default()).await;
    assert_eq!((&answer["isBase64Encoded"], &answer["body"]), (&json!(false), &json!(text)));
    assert!(answer["multiValueHeaders"]["content-encoding"].is_null());
}

const BOTH: &str = "Origin, Accept-Encoding";

fn header<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn accepting(method: &str, path: &str, accepted: &str) -> Value {
    json!({"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {"accept-encoding": accepted},
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "the-request", "stage": "$default"}})
}

shared::routes! {
    GET "/api/works" => works;
    GET "/api/long" => long;
    GET "/api/panic" => panics;
}

mod works {
    use super::{ApiResult, App, Request, response};

    pub(crate) async fn handle(_app: &App, _request: &Request) -> ApiResult {
        response::ok()
    }
}

mod long {
    use super::{ApiResult, App, Request, response};

    pub(crate) async fn handle(_app: &App, _request: &Request) -> ApiResult {
        let rows: Vec<String> = (0..200).map(|number| format!("row {number}")).collect();
        Ok(response::json(&rows)?.with("etag", "\"rows\"".to_owned()))
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
