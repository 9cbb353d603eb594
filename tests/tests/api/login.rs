//! `POST /api/login`: what a failure tells, and how often one may fail.

use std::time::Duration;

use api_tests::{Actor, Answer, Product, new_user, unique_email};
use serde_json::{Value, json};

async fn log_in(actor: &Actor, email: &str, password: &str, access_code: &str) -> Answer {
    actor.post("/api/login", &json!({"email": email, "password": password, "access_code": access_code})).await
}

/// A failure without what differs from request to request.
fn told(answer: Answer) -> (String, Vec<(String, String)>) {
    let id = answer.header("x-request-id");
    let own = ["x-request-id", "date"];
    let headers = answer.headers.keys().map(|name| (name.to_string(), answer.header(name.as_str())));
    let headers = headers.filter(|(name, _)| !own.contains(&name.as_str())).collect();
    let text = answer.text.replace(&id, "");
    answer.refused(401, "login_failed");
    (text, headers)
}

#[tokio::test]
async fn every_failure_tells_the_same() {
    let product = Product::start().await;
    let (nobody, viewer) = (product.anonymous(), product.viewer().await);
    let (email, password, code) = (viewer.email.as_str(), viewer.password.as_str(), viewer.access_code.as_str());
    let mut answers = vec![
        log_in(&nobody, "unknown@example.jp", password, code).await,
        log_in(&nobody, email, "Password999", code).await,
        log_in(&nobody, email, password, "wrong").await,
        log_in(&nobody, email, "", code).await,
        log_in(&nobody, email, &"x".repeat(5_000), code).await,
        log_in(&nobody, email, "        ", code).await,
        log_in(&nobody, email, &password.to_lowercase(), code).await,
    ];
    let event = json!({"action": "suspend_tenant", "tenant_id": local::demo::TENANT});
    product.invoke("tenant", &event).await.unwrap();
    answers.push(log_in(&nobody, email, password, code).await);
    let told: Vec<_> = answers.into_iter().map(told).collect();
    assert!(told.iter().all(|other| *other == told[0]), "{told:#?}");
    assert!(told[0].1.contains(&("www-authenticate".to_owned(), "Bearer".to_owned())));
}

#[tokio::test]
async fn an_email_is_known_whatever_its_case_and_a_password_only_in_its_own() {
    let product = Product::start().await;
    let viewer = product.viewer().await;
    log_in(&viewer, &viewer.email.to_uppercase(), &viewer.password, &viewer.access_code).await.ok();
    log_in(&viewer, &format!(" {} ", viewer.email), &viewer.password, &viewer.access_code).await.ok();
    log_in(&viewer, &viewer.email, &format!("{} ", viewer.password), &viewer.access_code)
        .await
        .refused(401, "login_failed");
}

#[tokio::test]
async fn a_form_that_is_none_is_refused_as_such_and_not_counted() {
    let product = Product::start().await;
    let viewer = product.viewer().await;
    for _ in 0..12 {
        let half = json!({"email": viewer.email, "password": viewer.password});
        let fields = viewer.post("/api/login", &half).await.invalid_fields();
        assert_eq!(fields, [("access_code".to_owned(), "missing".to_owned())]);
    }
    let none = json!({"email": "x", "password": 1, "access_code": null});
    assert_eq!(viewer.post("/api/login", &none).await.invalid_fields().len(), 3);
    viewer.new_token().await;
}

#[tokio::test]
async fn ten_failures_close_an_address_there_for_a_quarter_of_an_hour() {
    let product = Product::start().await;
    let viewer = product.viewer().await;
    let other = product.viewer().await;
    let guess = async |email: &str| log_in(&viewer, email, "Password999", &viewer.access_code).await;
    for attempt in 0..10 {
        let email = if attempt % 2 == 0 { viewer.email.clone() } else { viewer.email.to_uppercase() };
        guess(&email).await.refused(401, "login_failed");
    }
    for password in ["Password999", viewer.password.as_str()] {
        let answer = log_in(&viewer, &viewer.email, password, &viewer.access_code).await;
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=15 * 60).contains(&wait), "{wait}");
        answer.refused(429, "too_many_requests");
    }
    viewer.get("/api/schedule").await.ok();
    other.new_token().await;
    product.advance(Duration::from_mins(14));
    assert_eq!(guess(&viewer.email).await.status, 429);
    product.advance(Duration::from_mins(1));
    viewer.new_token().await;
    guess(&viewer.email).await.refused(401, "login_failed");
}

#[tokio::test]
async fn an_unknown_address_is_closed_like_a_known_one_and_in_all_tenants_at_once() {
    let product = Product::start().await;
    let stranger = product.stranger().await;
    let unknown = unique_email();
    for (email, code) in [(unknown.as_str(), "x"), (stranger.email.as_str(), local::demo::ACCESS_CODE)] {
        for _ in 0..10 {
            log_in(&stranger, email, "Password999", code).await.refused(401, "login_failed");
        }
        log_in(&stranger, email, "Password999", code).await.refused(429, "too_many_requests");
    }
    let answer = log_in(&stranger, &stranger.email, &stranger.password, &stranger.access_code).await;
    answer.refused(429, "too_many_requests");
}

#[tokio::test]
async fn a_source_is_what_the_gateway_says_whatever_the_client_says_of_itself() {
    let product = Product::start().await;
    let viewer = product.anonymous();
    let email = unique_email();
    let attempt = async |guess: usize| {
        let body = json!({"email": email, "password": "short", "access_code": "x"}).to_string();
        let claimed = format!("198.51.100.{guess}");
        let headers = [("x-forwarded-for", claimed.as_str()), ("forwarded", claimed.as_str())];
        viewer.send(reqwest::Method::POST, "/api/login", &headers, Some(body.into())).await
    };
    for guess in 0..10 {
        attempt(guess).await.refused(401, "login_failed");
    }
    attempt(10).await.refused(429, "too_many_requests");
}

#[tokio::test]
async fn one_address_in_two_tenants_with_one_access_code_opens_each_with_its_own_password() {
    let product = Product::start().await;
    let master = product.master().await;
    let email = unique_email();
    for (tenant, password) in [("first", "Password-first"), ("second", "Password-second")] {
        let event = json!({"action": "create_tenant", "name": tenant, "access_code": master.access_code,
                           "master": {"name": tenant, "email": email, "password": password}});
        product.invoke("tenant", &event).await.unwrap();
    }
    let mut user = new_user(&["user"]);
    (user["email"], user["password"], user["name"]) = (json!(email), json!("Password-third"), json!("third"));
    let third = master.post("/api/user", &user).await.ok()["user_id"].as_i64().unwrap();
    for (name, password, id) in
        [("first", "Password-first", 1), ("second", "Password-second", 1), ("third", "Password-third", third)]
    {
        let actor = product.log_in(&email, password, &master.access_code, id).await;
        let list = actor.get("/api/user").await.ok();
        let names: Vec<&Value> = list.as_array().unwrap().iter().map(|user| &user["name"]).collect();
        assert!(names.contains(&&json!(name)));
        assert_eq!(names.len(), usize::try_from(id).unwrap());
    }
    log_in(&master, &email, &master.password, &master.access_code).await.refused(401, "login_failed");
}
