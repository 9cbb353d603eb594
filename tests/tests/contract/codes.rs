//! Every code can be had, and where it is had it is described.

use std::collections::BTreeSet;
use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Answer, Product, hls, new_schedule, new_schedule_at, new_user};
use reqwest::Method;
use serde_json::json;

use crate::{assert_none, differences};
use api_tests::openapi::{Description, list};

use crate::schemas::Schemas;

/// The codes had so far, and what was wrong with the answers.
#[derive(Default)]
struct Had {
    codes: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Had {
    /// An answer of a call.
    fn answer(&mut self, call: &str, code: &str, answer: &Answer) {
        let (method, path) = call.split_once(' ').unwrap();
        let description = Description::get();
        let operations = description.operations();
        let operation = operations.iter().find(|operation| operation.method == method && operation.path == path);
        self.wrong.extend(description.disagreements(operation.unwrap(), answer));
        self.code(code, answer);
    }

    /// An answer to what is no call.
    fn stray(&mut self, code: &str, answer: &Answer) {
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        self.wrong.extend(Description::get().violations(&schema, &answer.json()));
        self.code(code, answer);
    }

    fn code(&mut self, code: &str, answer: &Answer) {
        let problem = answer.json();
        if problem["code"] != code {
            self.wrong.push(format!("not {code}, but {problem}"));
        }
        self.codes.extend(problem["code"].as_str().map(str::to_owned));
    }
}

#[tokio::test]
async fn every_code_is_answered_as_described() {
    let mut had = Had::default();
    refusals_of_requests(&mut had).await;
    refusals_of_the_product(&mut had).await;
    refusals_of_the_past(&mut had).await;
    refusals_of_keys(&mut had).await;
    failures_of_imageflux(&mut had).await;
    had.answer("GET /api/user", "internal", &without_a_table().await);

    let listed = list(Description::get().at("/components/schemas/Code/enum"));
    let listed = listed.map(|code| code.as_str().unwrap().to_owned());
    had.wrong.extend(differences(("openapi.yaml", listed), ("what this test was answered", had.codes)));
    assert_none(&had.wrong);
}

async fn refusals_of_requests(had: &mut Had) {
    let product = Product::start().await;
    let master = product.master().await;
    let anonymous = product.anonymous();
    let viewer = product.viewer().await;

    let answer = anonymous.send(Method::POST, "/api/login", &[], Some("{".into())).await;
    had.answer("POST /api/login", "malformed_request", &answer);
    let login = json!({"email": master.email, "password": "wrong password", "access_code": master.access_code});
    had.answer("POST /api/login", "login_failed", &anonymous.post("/api/login", &login).await);
    had.answer("GET /api/schedule", "unauthenticated", &anonymous.get("/api/schedule").await);
    had.answer("POST /api/schedule", "permission_denied", &viewer.post("/api/schedule", &new_schedule(1)).await);
    let answer = master.send(Method::PATCH, "/api/user", &[], Some(vec![b' '; 64 * 1024 + 1])).await;
    had.answer("PATCH /api/user", "body_too_large", &answer);
    let headers = [("content-type", "text/plain")];
    let answer = master.send(Method::POST, "/api/chat", &headers, Some("{}".into())).await;
    had.answer("POST /api/chat", "unsupported_media_type", &answer);
    had.answer("POST /api/user", "invalid_parameters", &master.post("/api/user", &json!({})).await);

    had.stray("route_not_found", &master.get("/api/schedules").await);
    let answer = master.send(Method::PUT, "/api/user", &[], None).await;
    assert_eq!(answer.header("allow"), "GET, HEAD, POST, PATCH, DELETE");
    had.stray("method_not_allowed", &answer);
}

/// A day after its end the channel of a broadcast goes, and no other comes.
async fn refusals_of_the_past(had: &mut Had) {
    let product = Product::start().await;
    let master = product.master().await;
    let past = new_schedule_at(&product.datetime_in(-120), &product.datetime_in(-60));
    let past = master.post("/api/schedule", &past).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    product.advance(std::time::Duration::from_hours(25));
    product.invoke("sweeper", &json!({})).await.unwrap();
    let master = master.with_token(&master.new_token().await);
    let answer = master.get(&format!("/api/delivery?schedule_id={past}")).await;
    had.answer("GET /api/delivery", "schedule_ended", &answer);
}

async fn refusals_of_the_product(had: &mut Had) {
    let product = Product::start().await;
    let master = product.master().await;
    let planned = master.plan(1).await;
    had.answer("POST /api/schedule", "schedule_overlap", &master.post("/api/schedule", &new_schedule(1)).await);
    had.answer("GET /api/view", "not_live", &master.get(&format!("/api/view?schedule_id={planned}")).await);
    had.answer("GET /api/delivery", "schedule_not_found", &master.get("/api/delivery?schedule_id=none").await);
    let begun = new_schedule_at(&product.datetime_in(-60), &product.datetime_in(60));
    let begun = master.post("/api/schedule", &begun).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    let answer = master.delete(&format!("/api/schedule?schedule_id={begun}")).await;
    had.answer("DELETE /api/schedule", "schedule_started", &answer);

    let answer = master.patch("/api/user", &json!({"user_id": 999, "view": true})).await;
    had.answer("PATCH /api/user", "user_not_found", &answer);
    had.answer("DELETE /api/user", "master_protected", &master.delete("/api/user?user_id=1").await);
    let mut twin = new_user(&["view"]);
    twin["email"] = json!(master.email);
    had.answer("POST /api/user", "email_taken", &master.post("/api/user", &twin).await);

    let answer = master.delete(&format!("/api/chat?schedule_id={planned}&chat_id=none")).await;
    had.answer("DELETE /api/chat", "message_not_found", &answer);

    let viewer = product.viewer().await;
    let message = json!({"schedule_id": planned, "body": "こんにちは"});
    for _ in 0..5 {
        viewer.post("/api/chat", &message).await.ok();
    }
    had.answer("POST /api/chat", "too_many_requests", &viewer.post("/api/chat", &message).await);

    let mute = |user: i64| json!({"schedule_id": planned, "user_id": user});
    had.answer("POST /api/chat/mute", "cannot_be_muted", &master.post("/api/chat/mute", &mute(1)).await);
    let close = json!({"schedule_id": planned, "is_open": false});
    master.patch("/api/chat/settings", &close).await.ok();
    had.answer("POST /api/chat", "chat_closed", &viewer.post("/api/chat", &message).await);
    master.post("/api/chat/mute", &mute(viewer.user_id)).await.ok();
    had.answer("POST /api/chat", "muted", &viewer.post("/api/chat", &message).await);
}

async fn refusals_of_keys(had: &mut Had) {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    upstream.is(Mood::Sleeps(Duration::from_secs(2)));
    let body = new_schedule(1);
    let again = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        master.post_once("/api/schedule", "key", &body).await
    };
    let (first, second) = tokio::join!(master.post_once("/api/schedule", "key", &body), again);
    first.ok();
    had.answer("POST /api/schedule", "idempotency_in_progress", &second);
    let answer = master.post_once("/api/schedule", "key", &new_schedule(2)).await;
    had.answer("POST /api/schedule", "idempotency_key_reused", &answer);
}

async fn failures_of_imageflux(had: &mut Had) {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let moods = [
        ("imageflux_rejected", Mood::Answers(400, json!({"error": "too many renditions"}).to_string())),
        ("imageflux_failed", Mood::Answers(500, String::new())),
        ("unavailable", Mood::Answers(429, String::new())),
        ("imageflux_timeout", Mood::Sleeps(Duration::from_mins(1))),
    ];
    for (code, mood) in moods {
        upstream.is(mood);
        had.answer("POST /api/schedule", code, &plan(&master).await);
    }
}

async fn plan(master: &Actor) -> Answer {
    let (start, end) = ("2030/01/01 00:00:00", "2030/01/01 01:00:00");
    let body = json!({"name": "テスト配信", "start_datetime": start, "end_datetime": end, "imageflux_params": hls()});
    master.post("/api/schedule", &body).await
}

async fn without_a_table() -> Answer {
    let product = Product::start().await;
    let master = product.master().await;
    product.lose_the_table().await;
    master.get("/api/user").await
}
