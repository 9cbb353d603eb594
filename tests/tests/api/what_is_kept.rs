//! What an item keeps, how long, and for whom: salts, digests, times; and what is told of it.

use std::time::Duration;

use api_tests::{Product, new_schedule, new_user};
use local::event::GatewayRequest;
use serde_json::{Value, json};
use shared::crypto::access_code_digest;
use shared::crypto::passwords::Recipe;
use shared::domain::access_code::AccessCode;
use shared::domain::ids::{TenantId, UserId};
use shared::http::event::Invocation;
use shared::http::routes::{Readers, Route};
use shared::http::{edge, response};
use shared::platform::clock::Clock;
use shared::store::{credentials, keys, users};
use shared::table::Value as Stored;

fn demo() -> TenantId {
    TenantId::from(local::demo::TENANT)
}

#[tokio::test]
async fn the_accounts_of_an_address_have_one_salt_in_all_tenants() {
    let product = Product::start().await;
    let stranger = product.stranger().await;
    let master = product.master().await;
    let mut user = new_user(&[]);
    user["email"] = json!(stranger.email.to_uppercase());
    let id = master.post("/api/user", &user).await.ok()["user_id"].as_i64().unwrap();
    let table = &product.server.app.table;
    let email = shared::domain::email::Email::parse(&stranger.email).unwrap();
    let address = users::address(table, &email).await.unwrap();
    assert_eq!(address.pointers.len(), 2);
    for pointer in &address.pointers {
        let credential = credentials::find(table, &pointer.tenant, pointer.user).await.unwrap().unwrap();
        assert_eq!(Some(Recipe::of(&credential.phc).salt()), address.salt.as_deref());
    }
    // Nor does another password bring another salt.
    master.patch("/api/user", &json!({"user_id": id, "password": "Password000"})).await.ok();
    let credential = credentials::find(table, &demo(), UserId(id)).await.unwrap().unwrap();
    assert_eq!(Some(Recipe::of(&credential.phc).salt()), address.salt.as_deref());
}

#[test]
fn an_access_code_has_another_digest_in_another_tenant() {
    let code = AccessCode::parse("the same code").unwrap();
    let digest = |tenant: &str| access_code_digest(&TenantId::from(tenant), &code);
    assert_ne!(digest("one"), digest("two"));
    assert_eq!(digest("one"), digest("one"));
}

#[tokio::test]
async fn the_times_of_posts_are_kept_for_as_long_as_a_chat_can_be_slow() {
    let noon = shared::http::datetime::parse("2029/01/01 12:00:00").unwrap();
    let product =
        Product::start_with(local::Options { clock: Clock::stopped_at(noon), ..local::Options::default() }).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    master.post("/api/chat", &json!({"schedule_id": id, "body": "x"})).await.ok();
    let item = product.server.app.table.get(&keys::recent_posts(&demo(), UserId::MASTER)).await.unwrap().unwrap();
    let Some(Stored::N(expires_at)) = item.get("expires_at") else { panic!("{item:?}") };
    let kept = expires_at.parse::<i64>().unwrap() - noon.timestamp();
    assert!((120..=180).contains(&kept), "{kept} s");
}

#[tokio::test]
async fn the_answer_to_a_key_is_kept_for_a_day() {
    let noon = shared::http::datetime::parse("2029/01/01 12:00:00").unwrap();
    let product =
        Product::start_with(local::Options { clock: Clock::stopped_at(noon), ..local::Options::default() }).await;
    let master = product.master().await;
    let user = new_user(&[]);
    let first = master.post_once("/api/user", "key", &user).await.ok();
    product.advance(Duration::from_secs(24 * 60 * 60 - 1));
    let master = master.with_token(&master.new_token().await);
    assert_eq!(master.post_once("/api/user", "key", &user).await.ok(), first);
    product.advance(Duration::from_secs(1));
    master.post_once("/api/user", "key", &user).await.refused(409, "email_taken");
}

#[tokio::test]
async fn when_something_was_made_is_told_of_schedules_users_and_messages() {
    let noon = shared::http::datetime::parse("2029/01/01 12:00:00").unwrap();
    let product =
        Product::start_with(local::Options { clock: Clock::stopped_at(noon), ..local::Options::default() }).await;
    let master = product.master().await;
    product.advance(Duration::from_secs(61));
    let id = master.post("/api/schedule", &new_schedule(1)).await.ok()["schedule_id"].clone();
    product.advance(Duration::from_secs(61));
    master.post("/api/user", &new_user(&[])).await.ok();
    product.advance(Duration::from_secs(61));
    master.post("/api/chat", &json!({"schedule_id": id, "body": "x"})).await.ok();
    product.advance(Duration::from_secs(61));
    let mut renamed = new_schedule(1);
    renamed["schedule_id"] = id.clone();
    renamed["name"] = json!("renamed");
    master.patch("/api/schedule", &renamed).await.ok();
    let schedules = master.get("/api/schedule").await.ok();
    let users = master.get("/api/user").await.ok();
    let chat = master.get(&format!("/api/chat?schedule_id={}", id.as_str().unwrap())).await.ok();
    // As the customer's document writes them, in Japan's time.
    assert_eq!(schedules[0]["created_datetime"], "2029-01-01T12:01:01");
    assert_eq!(users[1]["created_datetime"], "2029-01-01 12:02:02");
    assert_eq!(chat["chats"][0]["created_datetime"], "2029-01-01 12:03:03");
}

static ENDLESS: &[Route] = &[Route {
    method: "GET",
    path: "/api/endless",
    operation: "endless",
    readers: Readers::Configured,
    handler: |_, _| {
        Box::pin(async {
            std::future::pending::<()>().await;
            response::json(&json!({}))
        })
    },
}];

#[tokio::test]
async fn an_answer_comes_before_the_function_s_time_is_up() {
    let product = Product::start().await;
    let app = &product.server.app;
    let event = GatewayRequest::new("GET", "/api/endless").payload_2().into();
    // The deadline is one of Lambda's clock, which nothing here moves.
    let deadline = u64::try_from(Clock::default().now_millis()).unwrap() + 1_000;
    let invocation = Invocation { id: "i".to_owned(), deadline };
    let served = edge::serve(app, ENDLESS, &event, &invocation);
    let answer = tokio::time::timeout(Duration::from_millis(900), served).await.expect("an answer with time to spare");
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
}

#[test]
fn a_body_that_is_no_text_travels_as_base64_and_says_so() {
    let request = |body: &[u8]| GatewayRequest { body: body.to_vec(), ..GatewayRequest::new("POST", "/api/chat") };
    for payload in [request(b"\xff{").payload_2(), request(b"\xff{").payload_1()] {
        assert_eq!((&payload["body"], &payload["isBase64Encoded"]), (&json!("/3s="), &json!(true)));
    }
    for payload in [request(b"text").payload_2(), request(b"text").payload_1()] {
        assert_eq!((&payload["body"], &payload["isBase64Encoded"]), (&json!("text"), &json!(false)));
    }
    assert_eq!(request(b"").payload_2()["body"], Value::Null);
}
