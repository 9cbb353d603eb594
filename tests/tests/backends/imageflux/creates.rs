//! Creating a channel: sent once at the most, and refused in words that tell nothing.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use shared::domain::hls::HlsParams;
use shared::imageflux::transport::{Answer, Failure, Promise, Transport};
use shared::imageflux::{CreateError, Hooks, ImageFlux, ImageFluxError};

use super::{imageflux, now, over_tls, status};
use crate::stub::{Reply, Stub};
use crate::table::answer;

fn hls() -> HlsParams {
    HlsParams::from_store(r#"[{"durationSeconds": 1}]"#.to_owned())
}

fn hooks() -> Hooks {
    Hooks { auth: "https://hooks.example/short/auth".to_owned(), event: "https://hooks.example/short/event".to_owned() }
}

fn channel(id: &str, url: &str) -> Json {
    json!({"channel_id": id, "sora_url": url})
}

async fn refused(stub: &Stub, hooks: Option<&Hooks>) -> CreateError {
    imageflux(stub).create_channel(&hls(), hooks).await.err().expect("no channel")
}

#[tokio::test]
async fn a_create_sends_the_parameters_to_the_letter_and_hooks_if_there_are_any() {
    let stub = Stub::answering(|_, _| answer(&channel("c", "wss://sora.example/signaling"))).await;
    imageflux(&stub).create_channel(&hls(), None).await.ok().unwrap();
    imageflux(&stub).create_channel(&hls(), Some(&hooks())).await.ok().unwrap();
    let asked = stub.asked();
    assert_eq!(asked[0].text, r#"{"hls":[{"durationSeconds": 1}]}"#);
    let hls = json!([{"durationSeconds": 1}]);
    let expected = json!({"hls": hls, "auth_webhook_url": hooks().auth, "event_webhook_url": hooks().event});
    assert_eq!(asked[1].body, expected);
    assert_eq!(asked[0].header("x-sora-target"), "ImageFlux_20200316.CreateMultistreamChannelWithHLS");
    assert_eq!(asked[0].header("authorization"), "Bearer the-access-token");
}

#[tokio::test]
async fn a_create_that_was_sent_is_never_repeated() {
    let stub = Stub::answering(|_, _| Reply::Drops).await;
    assert!(matches!(refused(&stub, None).await.error, ImageFluxError::Failed(_)));
    assert_eq!(stub.asked().len(), 1);
    for failure in [301, 401, 403, 408, 429, 500, 502, 503, 504] {
        stub.now_answers(move |_, _| status(failure));
        refused(&stub, None).await;
        assert_eq!(stub.asked().len(), 1, "{failure}");
    }
    stub.now_answers(|_, _| Reply::Answers(200, "<html>".to_owned()));
    refused(&stub, None).await;
    assert_eq!(stub.asked().len(), 1);
}

/// The first request is not sent, after a time; all others go through.
struct FirstNotSent {
    after: Duration,
    budgets: std::sync::Mutex<Vec<tokio::time::Instant>>,
}

impl Transport for FirstNotSent {
    fn post<'a>(&'a self, _: &'a str, _: String, _: usize) -> Promise<'a> {
        Box::pin(async move {
            let number = {
                let mut budgets = self.budgets.lock().unwrap();
                budgets.push(tokio::time::Instant::now());
                budgets.len()
            };
            if number == 1 {
                tokio::time::sleep(self.after).await;
                return Err(Failure::NotSent("no connection".to_owned()));
            }
            tokio::time::sleep(Duration::from_hours(1)).await;
            Ok(Answer { status: 200, body: Vec::new() })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_was_not_sent_has_a_second_try_within_the_eight_seconds() {
    let transport = Arc::new(FirstNotSent { after: Duration::from_secs(5), budgets: std::sync::Mutex::default() });
    let started = tokio::time::Instant::now();
    let failed = ImageFlux::new(transport.clone()).create_channel(&hls(), None).await.err().unwrap();
    assert_eq!(failed.error, ImageFluxError::TimedOut);
    assert_eq!(started.elapsed().as_secs(), 8);
    assert_eq!(transport.budgets.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_without_a_usable_channel_is_a_failure() {
    let sora = "wss://sora.example/";
    let without = [
        json!({}),
        json!([]),
        json!({"sora_url": sora}),
        json!({"channel_id": null, "sora_url": sora}),
        json!({"channel_id": 5, "sora_url": sora}),
        channel("", sora),
        channel("a\nb", sora),
        channel(&"x".repeat(256), sora),
    ];
    for body in without {
        let stub = Stub::answering(move |_, _| answer(&body)).await;
        let failed = refused(&stub, None).await;
        assert!(matches!(failed.error, ImageFluxError::Failed(_)) && failed.left_behind.is_none(), "{failed:?}");
    }
    let stub = Stub::answering(move |_, _| answer(&channel(&"x".repeat(255), sora))).await;
    assert!(imageflux(&stub).create_channel(&hls(), None).await.is_ok());
}

#[tokio::test]
async fn schemes_have_no_case_and_the_clear_is_for_an_upstream_in_the_clear() {
    let long = format!("wss://a.example/{}", "x".repeat(2048 - 16));
    let too_long = format!("{long}x");
    let cases = [
        ("wss://a.example/", true, true),
        ("WSS://a.example/", true, true),
        ("ws://a.example/", false, true),
        ("Ws://a.example/", false, true),
        (&long, true, true),
        (&too_long, false, false),
        ("https://a.example/", false, false),
        ("wss:a.example", false, false),
        ("wss://", false, false),
        ("//a.example/", false, false),
        ("wss://user:pw@a.example/", false, false),
        ("wss://user@a.example/", false, false),
        ("wss://a.example/ b", false, false),
        ("wss://a.example/あ", false, false),
    ];
    for (url, over_the_network, in_the_clear) in cases {
        let body = channel("left", url);
        let stub = Stub::answering(move |_, _| answer(&body)).await;
        for (imageflux, usable) in [(over_tls(&stub), over_the_network), (imageflux(&stub), in_the_clear)] {
            match imageflux.create_channel(&hls(), None).await {
                Ok(channel) => assert!(usable && channel.sora_url == url, "{url}"),
                Err(failed) => assert!(!usable && failed.left_behind.as_deref() == Some("left"), "{url}"),
            }
        }
    }
}

async fn reason_of(body: String) -> String {
    let stub = Stub::answering(move |_, _| Reply::Answers(400, body.clone())).await;
    match refused(&stub, Some(&hooks())).await.error {
        ImageFluxError::Rejected(reason) => reason,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_reason_tells_nothing_that_we_sent_along() {
    let said = "\u{202E}the-access-\u{200B}token may not call hooks.example: https://hooks.example/short/auth, \
                https://hooks.example/short/event";
    let reason = reason_of(json!({"error": said}).to_string()).await;
    assert_eq!(reason, "… may not call hooks.example: …, …");
}

#[tokio::test]
async fn of_an_error_at_most_four_kibibytes_are_read() {
    let padded = |length: usize| {
        let bare = json!({"error": "bps", "padding": ""}).to_string();
        json!({"error": "bps", "padding": "x".repeat(length - bare.len())}).to_string()
    };
    assert_eq!(reason_of(padded(4_096)).await, "bps");
    assert_eq!(reason_of(padded(4_097)).await, "");
    let stub = Stub::answering(|_, _| Reply::Floods(422)).await;
    let started = now();
    assert!(matches!(refused(&stub, None).await.error, ImageFluxError::Rejected(_)));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test]
async fn each_status_means_what_the_contract_says() {
    for (code, expected) in [
        (400, "Rejected"),
        (404, "Rejected"),
        (409, "Rejected"),
        (413, "Rejected"),
        (422, "Rejected"),
        (401, "Failed"),
        (403, "Failed"),
        (402, "Failed"),
        (500, "Failed"),
        (502, "Failed"),
        (301, "Failed"),
        (429, "Unavailable"),
    ] {
        let stub = Stub::answering(move |_, _| status(code)).await;
        let error = format!("{:?}", refused(&stub, None).await.error);
        assert!(error.starts_with(expected), "{code}: {error}");
    }
}
