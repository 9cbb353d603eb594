//! ImageFlux refuses, fails, babbles, hangs and goes away: the answer is the contract's, and nothing remains.

use std::time::{Duration, Instant};

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Product, new_schedule, new_user};
use serde_json::{Value, json};

use crate::support::calendar::assert_is_consistent;

const HTML: &str = "<html><body>502 Bad Gateway</body></html>";

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "tests measure how long an answer takes")]
    Instant::now()
}

/// Nothing is planned, and the slot can be had again.
async fn assert_nothing_remains(product: &Product, master: &Actor, upstream: &Upstream) {
    assert_eq!(master.get("/api/schedule").await.ok(), json!([]));
    assert_is_consistent(product, master).await;
    upstream.is(Mood::Kind);
    let id = master.plan(1).await;
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    assert_is_consistent(product, master).await;
}

#[tokio::test]
async fn what_imageflux_refuses_is_the_clients_to_repair() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let bodies = [
        (r#"{"error": "bps is too high"}"#, "bps is too high"),
        (r#"{"error_type": "InvalidParameter", "message": "too many renditions"}"#, "too many renditions"),
        (r#"{"error_type": "InvalidParameter"}"#, "InvalidParameter"),
        (HTML, "理由は示されていません"),
        ("", "理由は示されていません"),
    ];
    for status in [400, 404, 409, 413, 422] {
        for (body, reason) in bodies {
            upstream.is(Mood::Answers(status, body.to_owned()));
            let problem = master.post("/api/schedule", &new_schedule(1)).await.refused(422, "imageflux_rejected");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(reason), "{status} {body}: {detail}");
            assert!(!problem.to_string().contains("html"), "{problem}");
        }
        assert_nothing_remains(&product, &master, &upstream).await;
    }
    assert!(upstream.channels().is_empty());
}

#[tokio::test]
async fn a_reason_is_cut_and_holds_no_control_characters() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let reason = format!("line\n\u{1b}[31m{}", "長".repeat(30_000));
    upstream.is(Mood::Answers(400, json!({"error": reason}).to_string()));
    let answer = master.post("/api/schedule", &new_schedule(1)).await;
    assert!(answer.text.len() < 4_000);
    let detail = answer.refused(422, "imageflux_rejected")["detail"].as_str().unwrap().to_owned();
    assert!(!detail.chars().any(char::is_control), "{detail:?}");
}

#[tokio::test]
async fn what_imageflux_fails_at_is_nobodys_parameter() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let channel = |id: &Value, url: &Value| json!({"channel_id": id, "sora_url": url}).to_string();
    let moods = [
        Mood::Answers(401, r#"{"error": "secret-token is unknown"}"#.to_owned()),
        Mood::Answers(403, String::new()),
        Mood::Answers(500, HTML.to_owned()),
        Mood::Answers(502, String::new()),
        Mood::Answers(503, String::new()),
        Mood::Answers(301, String::new()),
        Mood::Babbles(HTML.to_owned()),
        Mood::Babbles(String::new()),
        Mood::Babbles("[]".to_owned()),
        Mood::Babbles("null".to_owned()),
        Mood::Babbles(r#"{"sora_url": "wss://a.example/"}"#.to_owned()),
        Mood::Babbles(channel(&json!(null), &json!("wss://a.example/"))),
        Mood::Babbles(channel(&json!(""), &json!("wss://a.example/"))),
        Mood::Babbles(channel(&json!(7), &json!("wss://a.example/"))),
        Mood::Babbles(channel(&json!("x".repeat(256)), &json!("wss://a.example/"))),
        Mood::Babbles(channel(&json!("bad-url"), &json!(null))),
        Mood::Babbles(channel(&json!("bad-url"), &json!(""))),
        Mood::Babbles(channel(&json!("bad-url"), &json!("https://a.example/"))),
        Mood::Babbles(r#"{"channel_id": "bad-url"}"#.to_owned()),
        Mood::Babbles("x".repeat(1_000_000)),
        Mood::DropsAfterwards,
    ];
    for mood in moods {
        upstream.is(mood.clone());
        let started = now();
        let answer = master.post("/api/schedule", &new_schedule(1)).await;
        assert!(started.elapsed() < Duration::from_secs(5), "{mood:?}");
        let problem = answer.refused(502, "imageflux_failed").to_string();
        for secret in ["secret-token", "bad-url", "a.example"] {
            assert!(!problem.contains(secret), "{problem}");
        }
        assert_nothing_remains(&product, &master, &upstream).await;
    }
}

#[tokio::test]
async fn a_channel_with_an_unusable_address_is_deleted_again() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    for (number, url) in
        [json!("ftp://a.example/"), json!("wss://"), json!(null), json!(5), json!({})].iter().enumerate()
    {
        let id = format!("bad url {number}");
        upstream.is(Mood::Babbles(json!({"channel_id": id, "sora_url": url}).to_string()));
        master.post("/api/schedule", &new_schedule(1)).await.refused(502, "imageflux_failed");
        let delete = ("ImageFlux_20180501.DeleteChannel".to_owned(), json!({"channel_id": id}));
        assert!(upstream.requests().contains(&delete), "{url}");
    }
}

#[tokio::test]
async fn a_busy_or_absent_imageflux_is_worth_another_try() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    upstream.is(Mood::Answers(429, r#"{"error": "slow down"}"#.to_owned()));
    let answer = master.post("/api/schedule", &new_schedule(1)).await;
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
    answer.refused(503, "unavailable");
    assert_nothing_remains(&product, &master, &upstream).await;

    // Nobody listens on a port that was just given back.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let imageflux = Some((format!("http://{closed}/"), "secret-token".to_owned()));
    let product = Product::start_with(local::Options { imageflux, ..Default::default() }).await;
    let master = product.master().await;
    let answer = master.post("/api/schedule", &new_schedule(1)).await;
    assert!(!answer.header("retry-after").is_empty());
    answer.refused(503, "unavailable");
    assert_eq!(master.get("/api/schedule").await.ok(), json!([]));
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn a_hanging_imageflux_is_given_eight_seconds_and_harms_nobody_else() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let planned = master.plan(10).await;
    upstream.is(Mood::Sleeps(Duration::from_mins(1)));
    let started = now();
    let others = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let begun = now();
        master.new_token().await;
        let list = master.get("/api/schedule").await.ok();
        assert_eq!(list.as_array().unwrap().len(), 1, "a reservation is not listed");
        master.post("/api/user", &new_user(&["view"])).await.ok();
        master.get("/api/user").await.ok();
        viewer.post("/api/chat", &json!({"schedule_id": planned, "body": "聞こえますか"})).await.ok();
        viewer.get(&format!("/api/chat?schedule_id={planned}")).await.ok();
        master.get(&format!("/api/delivery?schedule_id={planned}")).await.ok();
        master.post("/api/schedule", &new_schedule(1)).await.refused(409, "schedule_overlap");
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    };
    let body = new_schedule(1);
    let (answer, ()) = tokio::join!(master.post("/api/schedule", &body), others);
    let took = started.elapsed();
    answer.refused(504, "imageflux_timeout");
    assert!(took > Duration::from_millis(7_500) && took < Duration::from_secs(9), "{took:?}");
    upstream.is(Mood::Kind);
    master.plan(1).await;
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn an_imageflux_that_is_down_leaves_all_else_alone() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let planned = master.plan(10).await;
    upstream.is(Mood::Answers(500, HTML.to_owned()));
    master.new_token().await;
    let mut moved = new_schedule(12);
    moved["schedule_id"] = json!(planned);
    master.patch("/api/schedule", &moved).await.ok();
    master.get("/api/schedule").await.ok();
    master.get(&format!("/api/delivery?schedule_id={planned}")).await.ok();
    master.post("/api/chat", &json!({"schedule_id": planned, "body": "x"})).await.ok();
    master.get(&format!("/api/view?schedule_id={planned}")).await.refused(404, "not_live");
    master.delete(&format!("/api/schedule?schedule_id={planned}")).await.ok();
}

#[tokio::test]
async fn what_a_client_began_that_hangs_up_is_finished_all_the_same() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    upstream.is(Mood::Sleeps(Duration::from_secs(1)));
    let body = new_schedule(1);
    let hung_up = tokio::time::timeout(Duration::from_millis(300), master.post("/api/schedule", &body)).await;
    assert!(hung_up.is_err());
    let planned = async {
        while master.get("/api/schedule").await.ok().as_array().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), planned).await.expect("the schedule");
    assert_eq!(upstream.channels().len(), 1);
}
