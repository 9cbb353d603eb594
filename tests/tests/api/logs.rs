//! What the product writes while it works: everything on its standard output and error.
//!
//! The scenario runs in a process of its own, whose output is read to its last byte.

use std::process::Command;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Product, new_schedule, new_user, unique_email};
use serde_json::{Value, json};
use shared::http::edge;
use shared::http::event::Invocation;
use shared::http::routes::{Readers, Route};

use crate::support::evening::Evening;

const PASSWORD: &str = "canary-password-71c2";
const ACCESS_CODE: &str = "canary-code-9f3e";
const SAID: &str = "canary-message-5b08";
const NAME: &str = "canary-name-aa41";
const KEY: &str = "canary-key-e6d0";

/// Substrings that must not be seen; any token of ours starts as the third.
const SECRETS: [&str; 11] = [
    PASSWORD,
    ACCESS_CODE,
    "eyJ",
    "secret-token",
    "channel-0",
    "sora.imageflux",
    SAID,
    NAME,
    "@example.jp",
    KEY,
    "MC4CAQAwBQYDK2Vw",
];

/// By itself it shows that all these calls do what they should; what they write, the test below reads.
#[tokio::test]
async fn secrets_pass_through_every_call() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let event = json!({"action": "create_tenant", "name": NAME, "access_code": ACCESS_CODE,
                       "master": {"name": NAME, "email": unique_email(), "password": PASSWORD}});
    let tenant = product.invoke("tenant", &event).await.unwrap()["tenant_id"].clone();
    let reset = json!({"action": "reset_master", "tenant_id": tenant, "password": PASSWORD});
    product.invoke("tenant", &reset).await.unwrap();
    let master = product.log_in(event["master"]["email"].as_str().unwrap(), PASSWORD, ACCESS_CODE, 1).await;
    let wrong = json!({"email": master.email, "password": format!("{PASSWORD}x"), "access_code": ACCESS_CODE});
    master.post("/api/login", &wrong).await.refused(401, "login_failed");
    let mut user = new_user(&["view"]);
    (user["name"], user["password"]) = (json!(NAME), json!(PASSWORD));
    let viewer = master.post_once("/api/user", KEY, &user).await.ok()["user_id"].clone();
    master.post_once("/api/user", KEY, &json!({})).await.refused(422, "invalid_parameters");
    let change = json!({"user_id": viewer, "name": NAME, "password": PASSWORD});
    master.patch("/api/user", &change).await.ok();
    let mut schedule = new_schedule(1);
    schedule["name"] = json!(NAME);
    let id = master.post("/api/schedule", &schedule).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    master.get(&format!("/api/delivery?schedule_id={id}")).await.ok();
    master.post("/api/chat", &json!({"schedule_id": id, "body": SAID})).await.ok();
    master.get(&format!("/api/chat?schedule_id={id}&x={PASSWORD}")).await.ok();
    master.patch("/api/password", &json!({"password": PASSWORD})).await.ok();
    master.patch("/api/access-code", &json!({"access_code": ACCESS_CODE})).await.ok();
    // What is mistaken: secrets in paths, in broken bodies and in values of the wrong kind.
    master.get(&format!("/api/{PASSWORD}?{ACCESS_CODE}")).await.refused(404, "route_not_found");
    let broken = format!("{{\"password\": \"{PASSWORD}\", ").into_bytes();
    master.send(reqwest::Method::POST, "/api/login", &[], Some(broken)).await.refused(400, "malformed_request");
    master.post("/api/chat", &json!({"schedule_id": SAID, "body": [SAID]})).await.refused(422, "invalid_parameters");
    let mistaken = json!({"action": PASSWORD, "access_code": ACCESS_CODE});
    product.invoke("tenant", &mistaken).await.unwrap_err();
    // An upstream that repeats what it was told, whatever it was asked.
    let echo = json!({"error": "channel-001 at wss://sora.imageflux.example/ is refused to secret-token"}).to_string();
    for mood in [Mood::Answers(404, echo.clone()), Mood::Answers(500, echo.clone()), Mood::Babbles(echo)] {
        upstream.is(mood);
        let view = master.get(&format!("/api/view?schedule_id={id}")).await;
        assert!(view.status == 404 && !view.text.contains("channel-0"), "{}", view.text);
        master.post("/api/schedule", &new_schedule(5)).await;
    }
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    let sweep = product.invoke("sweeper", &json!({})).await;
    assert!(!format!("{sweep:?}").contains("channel-0"), "{sweep:?}");
}

#[test]
fn no_secret_is_ever_written() {
    let written = run("logs::secrets_pass_through_every_call");
    assert!(written.matches("\"request_id\"").count() > 10, "there are lines to look at: {written}");
    for secret in SECRETS {
        let line = written.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

/// One answer of its own making, one of ImageFlux' making, and a player that waits, for the test below.
#[tokio::test]
async fn imageflux_fails_a_player_waits_and_somebody_asks_for_nothing() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let id = master.post("/api/schedule", &new_schedule(7)).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    let problem = master.get(&format!("/api/view?schedule_id={id}")).await.refused(404, "not_live");
    let watch = problem["watch_url"].as_str().and_then(|url| url.strip_prefix(&product.server.url())).unwrap();
    assert_eq!(product.anonymous().get(watch).await.status, 503);
    assert_eq!(product.anonymous().get("/watch/made-up.m3u8").await.status, 404);
    upstream.is(Mood::Answers(500, String::new()));
    master.post("/api/schedule", &new_schedule(1)).await.refused(502, "imageflux_failed");
    master.get("/api/nothing").await.refused(404, "route_not_found");
}

#[test]
fn every_line_says_what_tools_look_for_and_imageflux_is_a_metric() {
    let written = run("logs::imageflux_fails_a_player_waits_and_somebody_asks_for_nothing");
    let lines: Vec<Value> = written.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |member: &str, value: Value| lines.iter().find(|line| line[member] == value).expect("such a line");
    for line in &lines {
        assert!(line["service"] == "local" && line["function_version"] == "" && line["level"].is_string(), "{line}");
    }
    assert_eq!(lines.iter().filter(|line| line["cold_start"] == true).count(), 1, "{written}");
    assert_eq!(of("code", json!("route_not_found"))["level"], "INFO");
    let waits = of("code", json!("waiting"));
    let expected = (&json!("watch"), &json!(503), &json!("INFO"));
    assert_eq!((&waits["operation"], &waits["status"], &waits["level"]), expected, "nothing failed");
    assert_eq!(of("code", json!("not_found"))["status"], 404);
    let failed = of("code", json!("imageflux_failed"));
    assert_eq!(
        (&failed["level"], &failed["ImageFluxCalls"], &failed["ImageFluxFailures"]),
        (&json!("ERROR"), &json!(1), &json!(1))
    );
    let metrics = &failed["_aws"]["CloudWatchMetrics"];
    assert_eq!(metrics[0]["Dimensions"], json!([["FunctionName"]]));
    assert_eq!(metrics[0]["Metrics"][1], json!({"Name": "ImageFluxFailures", "Unit": "Count"}));
}

/// Twenty polls of each kind and some that fail, for the test below.
#[tokio::test]
async fn an_audience_polls() {
    let upstream = Upstream::start().await;
    let mut options = upstream.options();
    options.config.log_polls_every = 5;
    let product = Product::start_with(options).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let (chat, view) = (format!("/api/chat?schedule_id={id}"), format!("/api/view?schedule_id={id}"));
    for _ in 0..3 {
        master.get(&view).await.refused(404, "not_live");
        master.anonymous().get(&chat).await.refused(401, "unauthenticated");
    }
    upstream.plays(json!([{"connection_id": "C", "playlist_url": "https://p.example/a.m3u8"}]));
    // Longer than the lease of who asked in vain.
    product.advance(std::time::Duration::from_secs(5));
    for _ in 0..20 {
        master.get(&chat).await.ok();
        master.get(&view).await.ok();
    }
    master.post("/api/chat", &json!({"schedule_id": id, "body": SAID})).await.ok();
}

#[test]
fn of_successful_polls_some_are_written_down_and_say_for_how_many_they_stand() {
    let written = run("logs::an_audience_polls");
    let lines: Vec<Value> = written.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |operation: &str, code: &str| {
        let is_asked = |line: &&Value| line["operation"] == operation && line["code"] == code;
        let lines = lines.iter().filter(is_asked);
        lines.map(|line| line["stands_for"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    let (chat, view) = (of("list_messages", "ok"), of("get_view", "ok"));
    assert_eq!(view.iter().filter(|stands_for| **stands_for == 1).count(), 1, "it asked ImageFlux, which is a metric");
    let fives = chat.iter().chain(&view).filter(|stands_for| **stands_for == 5).count();
    assert!((7..=8).contains(&fives), "of 39: {fives}");
    assert!(chat.len() + view.len() <= 9, "{chat:?} {view:?}");
    assert_eq!(of("get_view", "not_live"), [1, 1, 1], "what fails is written down always");
    assert_eq!(of("list_messages", "unauthenticated"), [1, 1, 1]);
    assert_eq!(of("post_message", "ok"), [1]);
}

static FAULTY: &[Route] = &[Route {
    method: "GET",
    path: "/api/faulty",
    operation: "faulty",
    readers: Readers::Configured,
    handler: |_, _| Box::pin(async { panic!("a fault of ours") }),
}];

/// A fault of ours, and somebody who is turned away, for the test below.
#[tokio::test]
async fn a_handler_panics() {
    let product = Product::start().await;
    let event = product.anonymous().event("GET", "/api/faulty").payload_2().into();
    let invocation = Invocation { id: "an invocation".to_owned(), deadline: 0 };
    let answer = edge::serve(&product.server.app, FAULTY, &event, &invocation).await;
    assert_eq!(answer.status(), 500);
    product.anonymous().get("/api/schedule").await.refused(401, "unauthenticated");
}

#[test]
fn a_fault_of_ours_is_a_metric_of_its_own_and_names_its_invocation() {
    let written = run("logs::a_handler_panics");
    let lines: Vec<Value> = written.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |operation: &str| lines.iter().find(|line| line["operation"] == operation).expect("such a line");
    let faulty = of("faulty");
    assert_eq!(
        (&faulty["status"], &faulty["InternalErrors"], &faulty["level"]),
        (&json!(500), &json!(1), &json!("ERROR"))
    );
    assert_eq!((&faulty["invocation"], &faulty["cause"]), (&json!("an invocation"), &json!("a handler panicked")));
    let refused = of("list_schedules");
    assert_eq!((&refused["level"], &refused["route"]), (&json!("INFO"), &json!("GET /api/schedule")));
    assert!(refused.get("InternalErrors").is_none() && refused.get("invocation").is_none(), "{refused}");
}

/// ImageFlux tells of the channel that the address is for, and of another, for the test below.
#[tokio::test]
async fn events_come_for_two_channels() {
    let evening = Evening::begins().await;
    let mut event = evening.created("A");
    evening.hooks.tell(&event).await.ok();
    event["channel_id"] = json!("channel-002");
    evening.hooks.tell(&event).await.ok();
}

#[test]
fn an_event_of_another_channel_is_a_metric() {
    let written = run("logs::events_come_for_two_channels");
    let lines = written.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let counted: Vec<_> = lines
        .filter(|line| line["operation"] == "record_event")
        .map(|line| line["HooksOfOtherChannels"].clone())
        .collect();
    assert_eq!(counted, [Value::Null, json!(1)], "{written}");
}

/// All that one test writes, in a process of its own.
fn run(scenario: &str) -> String {
    let itself = std::env::current_exe().expect("a path");
    let output = Command::new(itself).args(["--exact", "--nocapture", scenario]).output().expect("a run");
    let written = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && written.contains("1 passed"), "{written}");
    written
}
