//! Whatever an event holds, it gets an answer: a property over events, with the members of both payloads.

#![expect(clippy::unused_async, reason = "a handler is asynchronous, whatever it does")]
#![expect(clippy::print_stdout, reason = "whoever runs it wants to see what was reached")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use shared::http::event::{Event, Invocation};
use shared::lambda::answer_request;

mod support;

shared::routes! {
    GET "/api/user" => read;
    POST "/api/user" => read;
    GET "/watch/{key}.m3u8" => read, shared::http::Readers::All;
}

/// A call that reads all that a request can say.
mod read {
    use shared::app::App;
    use shared::http::form::Form;
    use shared::http::request::Request;
    use shared::http::{ApiResult, response};

    pub(crate) async fn handle(_app: &App, request: &Request) -> ApiResult {
        let _token = request.path_parameter("key");
        let mut form = Form::of_query_or_body(request)?;
        form.optional_text("name", |text| Ok(text.to_owned()));
        form.secret("password", |text| Ok(text.to_owned()));
        form.limit();
        form.hls_params();
        form.finish_keyed(|| Some(()))?;
        response::ok()
    }
}

const CASES: u32 = 4_000;

fn hostile_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        Just("https,http".to_owned()),
        Just("h.jp:99999".to_owned()),
        Just("256.256.256.256".to_owned()),
        Just("{dns_suffix}".to_owned()),
        Just("a=b c&d=\"[x]\"&name=1&name=2&password=x".to_owned()),
        Just("eyJuYW1lIjog\r\nIngifQ==".to_owned()),
        Just("{\"name\": \"x\", \"imageflux_params\": [[[{}]]]}".to_owned()),
        Just("/api/user".to_owned()),
        Just("/prod//api/user/".to_owned()),
        Just("/watch/k.m3u8".to_owned()),
        Just("/x/%2e%2e/api/user".to_owned()),
        Just("\u{0}\r\n\u{202E}".to_owned()),
        Just("true".to_owned()),
    ]
}

fn hostile() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        5 => hostile_text().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("authorization".to_owned()),
        Just("Content-Type".to_owned()),
        Just("content-encoding".to_owned()),
        Just("host".to_owned()),
        Just("x-forwarded-proto".to_owned()),
        Just("idempotency-key".to_owned()),
        Just("origin".to_owned()),
        Just("name".to_owned()),
        "[ -~]{0,12}",
        any::<String>(),
    ]
}

/// A request that works, of either payload, with members that are replaced or missing.
fn event() -> impl Strategy<Value = Value> {
    let replaced = prop::collection::vec((prop::sample::select(MEMBERS), hostile(), any::<bool>()), 0..6);
    let method = prop::sample::select(&["GET", "POST", "HEAD", "OPTIONS", "PUT"][..]);
    (any::<bool>(), method, path(), replaced).prop_map(|(is_payload_1, method, path, replaced)| {
        let mut event = if is_payload_1 { payload_1(method) } else { payload_2(method) };
        replace(&mut event, if is_payload_1 { "/path" } else { "/rawPath" }, json!(path));
        for (pointer, value, is_missing) in replaced {
            replace(&mut event, pointer, if is_missing { Value::Null } else { value });
        }
        event
    })
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => Just("/api/user".to_owned()),
        1 => Just("/prod/api/user".to_owned()),
        1 => Just("/watch/k.m3u8".to_owned()),
        1 => "(/{1,2}[a-z.%2e]{0,6}){1,4}/?",
        1 => prop::sample::select(&["//api/user", "/api/user/", "/prod//api/user//"][..]).prop_map(str::to_owned),
        1 => hostile_text(),
    ]
}

const MEMBERS: &[&str] = &[
    "/version",
    "/rawPath",
    "/path",
    "/rawQueryString",
    "/httpMethod",
    "/headers",
    "/multiValueHeaders",
    "/cookies",
    "/queryStringParameters",
    "/multiValueQueryStringParameters",
    "/body",
    "/isBase64Encoded",
    "/requestContext",
    "/requestContext/http",
    "/requestContext/http/method",
    "/requestContext/http/sourceIp",
    "/requestContext/stage",
    "/requestContext/path",
    "/requestContext/requestId",
    "/requestContext/identity",
    "/requestContext/domainName",
    "/headers/host",
    "/headers/x-forwarded-proto",
    "/headers/authorization",
    "/headers/content-type",
    "/routeKey",
];

fn payload_2(method: &str) -> Value {
    json!({"version": "2.0", "routeKey": "$default", "rawPath": "/api/user", "rawQueryString": "limit=1",
        "headers": {"content-type": "application/json", "host": "x.example"}, "isBase64Encoded": false,
        "body": "{\"password\": \"Password123\", \"imageflux_params\": [{\"audio\": {}}]}",
        "requestContext": {"stage": "$default", "requestId": "r", "domainName": "x.example",
            "http": {"method": method, "path": "/api/user", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}}})
}

fn payload_1(method: &str) -> Value {
    json!({"path": "/api/user", "httpMethod": method, "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]}, "queryStringParameters": {"limit": "1"},
        "multiValueQueryStringParameters": {"limit": ["1"]}, "isBase64Encoded": false,
        "body": "{\"password\": \"Password123\", \"imageflux_params\": [{\"audio\": {}}]}",
        "requestContext": {"stage": "prod", "requestId": "r", "path": "/prod/api/user", "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.1"}}})
}

fn replace(event: &mut Value, pointer: &str, value: Value) {
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    if let Some(Value::Object(members)) = event.pointer_mut(parent) {
        members.insert(member.to_owned(), value);
    }
}

fn answer(event: Value) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let app = support::app(&["https://studio.example"]);
    runtime.block_on(answer_request(&app, ROUTES, &Event::from(event), &Invocation::default()))
}

#[test]
fn every_event_gets_an_answer_and_never_a_fault() {
    let statuses: Mutex<BTreeMap<u64, u32>> = Mutex::default();
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&event(), |event| {
        let answer = answer(event);
        let status = answer["statusCode"].as_u64();
        prop_assert!(status.is_some_and(|status| (200..500).contains(&status)), "{answer}");
        let headers: Map<String, Value> = ["headers", "multiValueHeaders"]
            .iter()
            .filter_map(|member| answer[member].as_object().cloned())
            .flatten()
            .collect();
        for name in ["x-request-id", "cache-control", "strict-transport-security"] {
            prop_assert!(headers.contains_key(name), "{name} in {answer}");
        }
        *statuses.lock().unwrap().entry(status.unwrap_or_default()).or_default() += 1;
        Ok(())
    });
    let statuses = statuses.into_inner().unwrap();
    assert!(outcome.is_ok(), "{outcome:?}");
    // The generator must reach what it is meant to try.
    for status in [200, 204, 308, 400, 404, 405, 415, 422] {
        assert!(statuses.contains_key(&status), "no {status} among {statuses:?}");
    }
    println!("answers by status: {statuses:?}");
}

#[test]
fn json_that_cannot_be_represented_is_an_event_all_the_same() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for text in [deep.as_str(), "{\"body\": \"\\ud800\"}", "null"] {
        let event: Event = serde_json::from_str(text).expect("an event");
        assert_eq!(event.method(), None);
    }
}

#[test]
fn an_id_of_255_visible_characters_is_the_request_s() {
    for (id, is_taken) in
        [("x".repeat(255), true), ("x".repeat(256), false), ("x y".to_owned(), false), (String::new(), false)]
    {
        let event = Event::from(json!({"requestContext": {"requestId": id}}));
        assert_eq!(event.request_id().is_some(), is_taken, "{}", id.len());
    }
}
