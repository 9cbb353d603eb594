//! `GET /watch/{key}.m3u8`: what a player opens before the start, and keeps open through reconnects.

use std::time::Duration;

use api_tests::{Answer, Product};
use reqwest::Method;
use serde_json::{Value, json};
use shared::app::App;

use crate::support::broadcast::playlist;
use crate::support::evening::Evening;

async fn address(evening: &Evening) -> String {
    let problem = evening.look().await.refused(404, "not_live");
    let url = problem["watch_url"].as_str().expect("an address").to_owned();
    url.strip_prefix(&evening.product.server.url()).expect("an address of ours").to_owned()
}

/// A player sends no token, and follows where it is led.
async fn play(product: &Product, path: &str) -> Answer {
    product.anonymous().get(path).await
}

fn is_not_yet(answer: &Answer) {
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=10).contains(&seconds)));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn a_page_that_was_opened_before_the_start_comes_to_play() {
    let evening = Evening::begins().await;
    let path = address(&evening).await;
    is_not_yet(&play(&evening.product, &path).await);
    evening.passes(70);
    evening.tell(&[evening.created("A"), evening.has_playlist("A")]).await;
    for method in [Method::GET, Method::HEAD] {
        let answer = evening.product.anonymous().send(method, &path, &[("origin", "https://a.example")], None).await;
        assert_eq!(answer.status, 302);
        assert_eq!(answer.header("location"), playlist("A"));
        assert_eq!(answer.header("cache-control"), "max-age=1");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    evening.tell(&[evening.destroyed("A")]).await;
    is_not_yet(&play(&evening.product, &path).await);
    evening.tell(&[evening.created("B"), evening.has_playlist("B")]).await;
    assert_eq!(play(&evening.product, &path).await.header("location"), playlist("B"));
    let view = evening.look().await.ok();
    assert_eq!(view["watch_url"], format!("{}{path}", evening.product.server.url()), "the same all evening");
    let names: Vec<&String> = view.as_object().unwrap().keys().collect();
    assert_eq!(names, ["live_since", "playlist_url", "status", "watch_url"]);
    evening.tell(&[evening.destroyed("B")]).await;
    evening.passes(3_600);
    assert_eq!(play(&evening.product, &path).await.status, 404);
}

#[tokio::test]
async fn a_key_with_anything_changed_leads_nowhere() {
    let evening = Evening::begins().await;
    let path = address(&evening).await;
    let key = path.strip_prefix("/watch/").and_then(|rest| rest.strip_suffix(".m3u8")).expect("a key");
    for at in [0, 20, 40, key.len() - 1] {
        let mut changed = key.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(play(&evening.product, &format!("/watch/{changed}.m3u8")).await.status, 404, "{at}");
    }
    for key in ["x", &key[..60], &format!("{key}A")] {
        assert_eq!(evening.product.anonymous().get(&format!("/watch/{key}.m3u8")).await.status, 404);
    }
    evening.master.delete(&format!("/api/schedule?schedule_id={}", evening.id)).await.ok();
    assert_eq!(play(&evening.product, &path).await.status, 404, "it was deleted");
}

#[tokio::test]
async fn without_a_configured_address_the_gateways_own_is_named_and_no_clients() {
    let evening = Evening::begins().await;
    let app = shared::app::App { api_url: None, ..evening.product.server.app.clone() };
    let token = evening.master.token.clone().unwrap();
    let named = async |gateway: &str, stage: &str| {
        let prefix = if stage == "$default" { String::new() } else { format!("/{stage}") };
        let event = serde_json::json!({
            "version": "2.0", "routeKey": "GET /api/view", "rawPath": format!("{prefix}/api/view"),
            "rawQueryString": format!("schedule_id={}", evening.id),
            "headers": {"authorization": format!("Bearer {token}"), "host": "evil.example", "x-forwarded-host": "evil.example"},
            "requestContext": {"domainName": gateway, "requestId": "r", "stage": stage,
                "http": {"method": "GET", "path": format!("{prefix}/api/view"), "sourceIp": "192.0.2.1"}},
            "isBase64Encoded": false,
        });
        let function = local::functions::named("delivery-view").unwrap();
        let answer = local::functions::invoke(&app, function, event).await.unwrap();
        let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        problem["watch_url"].as_str().map(str::to_owned)
    };
    let host = "abc.execute-api.ap-northeast-1.amazonaws.com";
    assert!(named(host, "$default").await.unwrap().starts_with(&format!("https://{host}/watch/")));
    assert!(named(host, "prod").await.unwrap().starts_with(&format!("https://{host}/prod/watch/")));
    assert_eq!(named("abc.execute-api.{dns_suffix}", "$default").await, None);
}

/// How a player is answered by this environment: the status and where it is led.
async fn answered(environment: &App, evening: &Evening, path: &str) -> (u64, Value) {
    let function = local::functions::named("delivery-view").expect("a function");
    let event = evening.product.anonymous().event("GET", path).payload_2();
    let answer = local::functions::invoke(environment, function, event).await.expect("an answer");
    (answer["statusCode"].as_u64().expect("a status"), answer["headers"]["location"].clone())
}

#[tokio::test]
async fn another_environment_shows_within_a_second_what_became_of_a_broadcast() {
    let evening = Evening::stands_still().await;
    let (path, other) = (address(&evening).await, evening.elsewhere());
    let millis = |millis| evening.product.advance(Duration::from_millis(millis));
    evening.passes(70);
    evening.tell(&[evening.created("A"), evening.has_playlist("A")]).await;
    let playing = (302, json!(playlist("A")));
    assert_eq!(answered(&other, &evening, &path).await, playing);
    evening.tell(&[evening.destroyed("A")]).await;
    is_not_yet(&play(&evening.product, &path).await);
    millis(999);
    assert_eq!(answered(&other, &evening, &path).await, playing, "all who ask it share what it read");
    millis(1);
    assert_eq!(answered(&other, &evening, &path).await, (503, Value::Null));
    let suspend = json!({"action": "suspend_tenant", "tenant_id": local::demo::TENANT});
    evening.product.invoke("tenant", &suspend).await.unwrap();
    millis(2_000);
    assert_eq!(answered(&other, &evening, &path).await.0, 404, "its tenant is suspended");
}

#[tokio::test]
async fn another_environment_forgets_a_deleted_schedule_within_a_second() {
    let evening = Evening::stands_still().await;
    let (path, other) = (address(&evening).await, evening.elsewhere());
    assert_eq!(answered(&other, &evening, &path).await.0, 503);
    evening.master.delete(&format!("/api/schedule?schedule_id={}", evening.id)).await.ok();
    evening.product.advance(Duration::from_secs(1));
    assert_eq!(answered(&other, &evening, &path).await.0, 404);
}
