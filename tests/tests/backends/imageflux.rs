//! ImageFlux: what is sent, what is believed, and what is never sent twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use shared::domain::channel::Listed;
use shared::domain::hls::HlsParams;
use shared::imageflux::transport::{Answer, Failure, Https, Promise, Transport};
use shared::imageflux::{CreateError, Hooks, ImageFlux, ImageFluxError};

use crate::stub::{Reply, Stub};
use crate::table::answer;

fn imageflux(stub: &Stub) -> ImageFlux {
    let token = SecretString::from("Bearer the-access-token");
    ImageFlux::new(Arc::new(Https::new(&stub.url, &token).unwrap()))
}

fn hls() -> HlsParams {
    HlsParams::from_store(r#"[{"durationSeconds": 1}]"#.to_owned())
}

fn hooks() -> Hooks {
    Hooks { auth: "https://hooks.example/short/auth".to_owned(), event: "https://hooks.example/short/event".to_owned() }
}

fn channel(id: &str, url: &str) -> Json {
    json!({"channel_id": id, "sora_url": url})
}

fn status(status: u16) -> Reply {
    Reply::Answers(status, String::new())
}

fn now() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "tests measure how long an answer takes")]
    Instant::now()
}

/// The same requests, but over the network as a deployment speaks: not in the clear.
struct OverTls(Https);

impl Transport for OverTls {
    fn post<'a>(&'a self, target: &'a str, body: String, at_most: usize) -> Promise<'a> {
        self.0.post(target, body, at_most)
    }
}

fn over_tls(stub: &Stub) -> ImageFlux {
    ImageFlux::new(Arc::new(OverTls(Https::new(&stub.url, &SecretString::from("the-access-token")).unwrap())))
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

#[tokio::test]
async fn one_odd_entry_of_a_list_is_skipped_and_not_the_list() {
    let odd = [
        json!(null),
        json!("a string"),
        json!({}),
        json!({"playlist_url": "https://a.example/1.m3u8"}),
        json!({"connection_id": null, "playlist_url": "https://a.example/2.m3u8"}),
        json!({"connection_id": 3, "playlist_url": "https://a.example/3.m3u8"}),
        json!({"connection_id": "", "playlist_url": "https://a.example/4.m3u8"}),
        json!({"connection_id": "c5"}),
        json!({"connection_id": "c6", "playlist_url": null}),
        json!({"connection_id": "c7", "playlist_url": ""}),
        json!({"connection_id": "c8", "playlist_url": 8}),
        json!({"connection_id": "c9", "playlist_url": "javascript:alert(1)"}),
        json!({"connection_id": "c10", "playlist_url": "http://a.example/10.m3u8"}),
        json!({"connection_id": "c11", "playlist_url": "https://user:pw@a.example/11.m3u8"}),
        json!({"connection_id": "c12", "playlist_url": format!("https://a.example/{}", "x".repeat(2048))}),
        json!({"connection_id": "x".repeat(256), "playlist_url": "https://a.example/13.m3u8"}),
    ];
    let good = json!({"connection_id": "good", "playlist_url": "HTTPS://a.example/good.m3u8", "more": 1});
    let mut hls = odd.to_vec();
    hls.insert(7, good);
    let stub = Stub::answering(move |_, _| answer(&json!({"channel_id": "c", "hls": hls}))).await;
    let playing = |listed: Vec<Listed>| listed.into_iter().filter_map(|one| one.playlist_url).collect::<Vec<_>>();
    let listed = over_tls(&stub).list_publishers("c").await.unwrap();
    let ids: Vec<&str> = listed.iter().map(|listed| listed.connection_id.as_str()).collect();
    assert_eq!(
        ids,
        ["good", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12"],
        "they publish, whatever their address"
    );
    assert_eq!(playing(listed), ["HTTPS://a.example/good.m3u8"]);
    let plain = playing(imageflux(&stub).list_publishers("c").await.unwrap());
    assert_eq!(plain.len(), 2, "and the one over http");
    assert_eq!(stub.asked()[0].body, json!({"channel_id": "c"}));
}

#[tokio::test]
async fn a_list_of_another_channel_or_shape_is_a_failure() {
    for body in [json!({"channel_id": "d", "hls": []}), json!({"channel_id": "c"}), json!([]), json!({"hls": {}})] {
        let stub = Stub::answering(move |_, _| answer(&body)).await;
        let failed = imageflux(&stub).list_publishers("c").await.err().unwrap();
        assert!(matches!(failed, ImageFluxError::Failed(_)), "{failed:?}");
    }
    let stub = Stub::answering(|_, _| answer(&json!({"hls": []}))).await;
    assert!(imageflux(&stub).list_publishers("c").await.unwrap().is_empty());
}

#[tokio::test]
async fn odd_ids_are_skipped_in_the_list_of_channels() {
    let stub = Stub::answering(|_, _| answer(&json!({"channel_ids": ["a", null, 5, {"channel_id": "x"}, "b"]}))).await;
    assert_eq!(imageflux(&stub).list_channel_ids().await.unwrap(), ["a", "b"]);
}

/// Deletes a channel that is answered so, where the list says this.
async fn delete(deleted: u16, listed: Json) -> (Result<(), ImageFluxError>, Vec<String>) {
    let stub = Stub::answering(move |_, asked| match asked.operation() {
        "DeleteChannel" => status(deleted),
        _ => answer(&json!({"channel_ids": listed})),
    })
    .await;
    let outcome = imageflux(&stub).delete_channel("c").await;
    (outcome, stub.asked().iter().map(|asked| asked.operation().to_owned()).collect())
}

#[tokio::test]
async fn a_deletion_is_done_when_it_says_so_whatever_it_says() {
    for done in [200, 202, 204] {
        let (outcome, asked) = delete(done, json!(["c"])).await;
        assert_eq!((outcome, asked.len()), (Ok(()), 1));
    }
}

#[tokio::test]
async fn only_the_list_shows_that_a_channel_is_gone() {
    for unknown in [400, 404, 409, 410, 422] {
        assert_eq!(delete(unknown, json!(["other"])).await.0, Ok(()), "{unknown}");
        assert!(delete(unknown, json!(["other", "c"])).await.0.is_err(), "{unknown}");
        assert!(delete(unknown, json!(["other", {"channel_id": "c"}])).await.0.is_err(), "{unknown}");
        assert!(delete(unknown, json!(null)).await.0.is_err(), "{unknown}");
    }
}

#[tokio::test]
async fn who_is_not_let_in_or_is_too_early_does_not_take_a_channel_for_gone() {
    for refused in [401, 403, 429] {
        let (outcome, asked) = delete(refused, json!([])).await;
        assert!(outcome.is_err(), "{refused}");
        assert_eq!(asked, ["DeleteChannel"]);
    }
    for failed in [500, 503] {
        let (outcome, asked) = delete(failed, json!([])).await;
        assert!(outcome.is_err(), "{failed}");
        assert_eq!(asked, ["DeleteChannel", "DeleteChannel"], "a deletion may be repeated, once");
    }
}

#[tokio::test]
async fn a_list_is_asked_for_once_more_after_a_failure_and_never_after_an_answer() {
    let listed = json!({"hls": []});
    let stub = Stub::answering(|_, _| status(200)).await;
    for fault in [500, 503] {
        let listed = listed.clone();
        stub.now_answers(move |number, _| if number == 0 { status(fault) } else { answer(&listed) });
        assert!(imageflux(&stub).list_publishers("c").await.is_ok());
    }
    let again = listed.clone();
    stub.now_answers(move |number, _| if number == 0 { Reply::Drops } else { answer(&again) });
    assert!(imageflux(&stub).list_publishers("c").await.is_ok());
    for fault in [400, 401, 404, 429] {
        stub.now_answers(move |_, _| status(fault));
        let failed = imageflux(&stub).list_publishers("c").await.err().unwrap();
        assert!(!matches!(failed, ImageFluxError::Rejected(_)), "only we chose the channel");
        assert_eq!(stub.asked().len(), 1, "{fault}");
    }
}

#[tokio::test]
async fn a_list_is_given_three_seconds_twice() {
    let stub = Stub::answering(|_, _| Reply::Hangs).await;
    let started = now();
    assert_eq!(imageflux(&stub).list_publishers("c").await.err(), Some(ImageFluxError::TimedOut));
    assert!((6_000..7_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert_eq!(stub.asked().len(), 2);
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
    assert_eq!(reason_of(padded(4_097)).await, "no reason given");
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
