//! `Idempotency-Key`: the same key, caller and body have one effect and get its answer for a day.

use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Product, new_schedule, new_user};
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::ids::UserId;
use shared::operations::idempotency::IdempotencyKey;
use shared::store::credentials;
use shared::store::idempotency::{self, Claim, Claimed, Place};

async fn count(actor: &Actor, path: &str) -> usize {
    let list: Value = actor.get(path).await.ok();
    list["chats"].as_array().or(list.as_array()).expect("a list").len()
}

#[tokio::test]
async fn an_answer_outlives_what_it_was_about() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let message = json!({"schedule_id": id, "body": "x"});
    let first = master.post_once("/api/chat", "k", &message).await.ok();
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    assert_eq!(master.post_once("/api/chat", "k", &message).await.ok(), first);
    for key in ["other", "other"] {
        master.post_once("/api/chat", key, &message).await.refused(404, "schedule_not_found");
    }
}

#[tokio::test]
async fn an_answer_outlives_the_right_to_an_archive() {
    let product = Product::start().await;
    let master = product.master().await;
    let give = async |ids: Value| {
        let tenant = local::demo::TENANT;
        let event = json!({"action": "set_archive_destinations", "tenant_id": tenant, "archive_destination_ids": ids});
        product.invoke("tenant", &event).await.unwrap();
    };
    give(json!(["own"])).await;
    let mut body = new_schedule(1);
    body["imageflux_params"][0]["archive"] = json!({"archive_destination_id": "own"});
    let first = master.post_once("/api/schedule", "k", &body).await.ok();
    give(json!([])).await;
    assert_eq!(master.post_once("/api/schedule", "k", &body).await.ok(), first);
    for _ in 0..2 {
        let fields = master.post_once("/api/schedule", "other", &body).await.invalid_fields();
        assert_eq!(fields[0].1, "not_yours");
    }
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_does_nothing() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let id = master.plan(50).await;
    let chat = format!("/api/chat?schedule_id={id}");
    let said = json!({"schedule_id": id, "body": "一度だけ"});
    for (path, body, list) in [
        ("/api/schedule", new_schedule(1), "/api/schedule"),
        ("/api/user", new_user(&["view"]), "/api/user"),
        ("/api/chat", said, chat.as_str()),
    ] {
        let before = count(&master, list).await;
        let first = master.post_once(path, "the same key", &body).await;
        for _ in 0..3 {
            let again = master.post_once(path, "the same key", &body).await;
            assert_eq!((again.status, &again.text), (first.status, &first.text));
        }
        first.ok();
        assert_eq!(count(&master, list).await, before + 1, "{path}");
        master.post_once(path, "the same key", &json!({"name": "x"})).await.refused(422, "invalid_parameters");
    }
    assert_eq!(upstream.created(), 2);
}

#[tokio::test]
async fn another_body_under_the_same_key_is_refused() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(50).await;
    let said = |body: &str| json!({"schedule_id": id, "body": body});
    for (path, one, other) in [
        ("/api/schedule", new_schedule(1), new_schedule(2)),
        ("/api/user", new_user(&["view"]), new_user(&["view"])),
        ("/api/chat", said("one"), said("other")),
    ] {
        master.post_once(path, "k", &one).await.ok();
        master.post_once(path, "k", &other).await.refused(422, "idempotency_key_reused");
        master.post_once(path, "k", &one).await.ok();
        master.post_once(path, "K", &other).await.ok();
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_caller() {
    let product = Product::start().await;
    let (master, stranger) = (product.master().await, product.stranger().await);
    let planner = product.user_with(&["schedule"]).await;
    master.post_once("/api/schedule", "k", &new_schedule(1)).await.ok();
    planner.post_once("/api/schedule", "k", &new_schedule(2)).await.ok();
    stranger.post_once("/api/schedule", "k", &new_schedule(3)).await.ok();
    planner.post_once("/api/schedule", "k", &new_schedule(1)).await.refused(422, "idempotency_key_reused");
    product.viewer().await.post_once("/api/schedule", "k", &new_schedule(1)).await.refused(403, "permission_denied");
}

#[tokio::test]
async fn while_one_is_on_its_way_another_is_told_so() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    upstream.is(Mood::Sleeps(Duration::from_millis(1_500)));
    let body = new_schedule(1);
    let second = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        master.post_once("/api/schedule", "k", &new_schedule(1)).await.refused(409, "idempotency_in_progress");
        master.post_once("/api/schedule", "k", &new_schedule(2)).await.refused(422, "idempotency_key_reused");
        master.post_once("/api/schedule", "l", &new_schedule(1)).await.refused(409, "schedule_overlap");
    };
    let (first, ()) = tokio::join!(master.post_once("/api/schedule", "k", &body), second);
    assert_eq!(master.post_once("/api/schedule", "k", &body).await.ok(), first.ok());
    assert_eq!(upstream.created(), 1);
}

#[tokio::test]
async fn what_was_refused_or_failed_may_be_tried_again_under_its_key() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let post = async |hour: u32| master.post_once("/api/schedule", "k", &new_schedule(hour)).await;
    upstream.is(Mood::Answers(500, String::new()));
    post(1).await.refused(502, "imageflux_failed");
    upstream.is(Mood::Answers(400, String::new()));
    post(2).await.refused(422, "imageflux_rejected");
    upstream.is(Mood::Kind);
    let in_the_way = master.plan(3).await;
    post(3).await.refused(409, "schedule_overlap");
    master.delete(&format!("/api/schedule?schedule_id={in_the_way}")).await.ok();
    let made = post(3).await.ok();
    assert_eq!(post(3).await.ok(), made);
    post(1).await.refused(422, "idempotency_key_reused");

    let mut user = new_user(&["view"]);
    let email = user["email"].clone();
    user["email"] = json!(local::demo::EMAIL);
    master.post_once("/api/user", "k", &user).await.refused(409, "email_taken");
    user["email"] = email;
    master.post_once("/api/user", "k", &user).await.ok();
}

#[tokio::test]
async fn after_a_day_a_key_is_forgotten() {
    let product = Product::start().await;
    let master = product.master().await;
    let made = master.post_once("/api/schedule", "k", &new_schedule(1)).await.ok();
    product.advance(Duration::from_mins(1439));
    let master = master.with_token(&master.new_token().await);
    assert_eq!(master.post_once("/api/schedule", "k", &new_schedule(1)).await.ok(), made);
    product.advance(Duration::from_secs(61));
    master.post_once("/api/schedule", "k", &new_schedule(1)).await.refused(409, "schedule_overlap");
    let other = master.post_once("/api/schedule", "k", &new_schedule(2)).await.ok();
    assert_ne!(other, made);
}

#[tokio::test]
async fn many_equal_requests_at_once_have_one_effect() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let id = master.plan(50).await;
    let chat = format!("/api/chat?schedule_id={id}");
    for (path, body, list) in [
        ("/api/schedule", new_schedule(1), "/api/schedule"),
        ("/api/user", new_user(&["view"]), "/api/user"),
        ("/api/chat", json!({"schedule_id": id, "body": "x"}), chat.as_str()),
    ] {
        let before = count(&master, list).await;
        let answers = join_all((0..10).map(|_| master.post_once(path, "k", &body))).await;
        let first = master.post_once(path, "k", &body).await.ok();
        for answer in answers {
            match answer.status.as_u16() {
                200 => assert_eq!(answer.ok(), first),
                _ => drop(answer.refused(409, "idempotency_in_progress")),
            }
        }
        assert_eq!(count(&master, list).await, before + 1, "{path}");
    }
    assert_eq!(upstream.created(), 2);
}

#[tokio::test]
async fn a_request_that_died_does_not_hold_its_key_for_ever() {
    let product = Product::start().await;
    let master = product.master().await;
    let app = &product.server.app;
    let now = app.clock.now().timestamp();
    for (key, lease_end) in [("dead", now - 1), ("alive", now + 30)] {
        let sent = IdempotencyKey::new(key, b"another body");
        let place = Place::new(&local::demo::TENANT.into(), UserId(1), "create_schedule", &sent.key);
        let claim =
            Claim { body: sent.body, operation: "died".to_owned(), lease_end, answer: None, expires_at: now + 86_400 };
        assert!(matches!(idempotency::claim(&app.table, &place, &claim, now).await.unwrap(), Claimed::Ours));
    }
    master.post_once("/api/schedule", "dead", &new_schedule(1)).await.ok();
    master.post_once("/api/schedule", "alive", &new_schedule(2)).await.refused(422, "idempotency_key_reused");
}

#[tokio::test]
async fn what_is_kept_of_a_new_users_request_is_no_fast_way_to_the_password() {
    let product = Product::start().await;
    let master = product.master().await;
    let app = &product.server.app;
    let now = app.clock.now().timestamp();
    let kept = async |key: &str| {
        let place =
            Place::new(&local::demo::TENANT.into(), UserId(1), "create_user", &IdempotencyKey::new(key, b"").key);
        let claim =
            Claim { body: String::new(), operation: String::new(), lease_end: now, answer: None, expires_at: now };
        match idempotency::claim(&app.table, &place, &claim, now).await.unwrap() {
            Claimed::Others(found) => found.body,
            Claimed::Ours => panic!("nothing was kept"),
        }
    };
    let mut user = new_user(&["view"]);
    let made = master.post_once("/api/user", "k", &user).await.ok();
    // Whatever a fast digest could be of, without the password it is one for all passwords.
    let fast = [user.to_string(), user["password"].to_string(), "Password123".to_owned()];
    let kept = kept("k").await;
    for text in fast {
        assert_ne!(kept, IdempotencyKey::new("k", text.as_bytes()).body);
    }
    let id = UserId(made["user_id"].as_i64().unwrap());
    let phc = credentials::find(&app.table, &local::demo::TENANT.into(), id).await.unwrap().unwrap().phc;
    let members = user.as_object().unwrap().iter().filter(|(name, _)| *name != "password");
    let public = members.map(|(name, value)| format!("\"{name}\":{value}\n")).collect::<Vec<_>>().concat();
    assert_eq!(kept, IdempotencyKey::new("k", public.as_bytes()).with_secret(&phc).body);
    // The password still tells one request from another.
    user["password"] = json!("Password124");
    master.post_once("/api/user", "k", &user).await.refused(422, "idempotency_key_reused");
    user["password"] = json!("Password123");
    assert_eq!(master.post_once("/api/user", "k", &user).await.ok(), made);
}
