//! `PATCH /api/chat/settings`: opens or closes a chat, and slows it down.

use std::time::Duration;

use api_tests::Product;
use futures_util::future::join_all;
use serde_json::{Value, json};

#[tokio::test]
async fn a_closed_chat_takes_messages_of_its_hosts_alone() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let message = json!({"schedule_id": id, "body": "x"});
    let (viewer, presenter) = (product.viewer().await, product.user_with(&["delivery"]).await);
    let planner = product.user_with(&["schedule", "view"]).await;
    let set = async |is_open: Value| {
        master.patch("/api/chat/settings", &json!({"schedule_id": id, "is_open": is_open})).await.ok()
    };
    assert_eq!(set(json!(false)).await, json!({"ok": true}));
    viewer.post("/api/chat", &message).await.refused(403, "chat_closed");
    for host in [&presenter, &planner, &master] {
        host.post("/api/chat", &message).await.ok();
    }
    let chat = viewer.get(&format!("/api/chat?schedule_id={id}")).await.ok();
    assert_eq!(chat["chats"].as_array().map(Vec::len), Some(3));
    set(json!(1)).await;
    viewer.post("/api/chat", &message).await.ok();
}

#[tokio::test]
async fn what_was_answered_once_is_answered_again_in_a_closed_chat() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let viewer = product.viewer().await;
    let message = json!({"schedule_id": id, "body": "x"});
    let first = viewer.post_once("/api/chat", "k", &message).await.ok();
    master.patch("/api/chat/settings", &json!({"schedule_id": id, "is_open": false})).await.ok();
    assert_eq!(viewer.post_once("/api/chat", "k", &message).await.ok(), first);
    for _ in 0..2 {
        viewer.post_once("/api/chat", "other", &message).await.refused(403, "chat_closed");
    }
}

#[tokio::test]
async fn in_a_slow_chat_a_message_waits_for_the_one_before() {
    let product = Product::start().await;
    let master = product.master().await;
    let (slow, other) = (master.plan(1).await, master.plan(2).await);
    let viewer = product.viewer().await;
    let say = async |schedule: &str| viewer.post("/api/chat", &json!({"schedule_id": schedule, "body": "x"})).await;
    say(&slow).await.ok();
    product.advance(Duration::from_secs(20));
    master.patch("/api/chat/settings", &json!({"schedule_id": slow, "slow_seconds": 120})).await.ok();
    let refused = say(&slow).await;
    let pause: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((90..=100).contains(&pause), "{pause}");
    refused.refused(429, "too_many_requests");
    say(&other).await.ok();
    master.post("/api/chat", &json!({"schedule_id": slow, "body": "x"})).await.ok();
    master.post("/api/chat", &json!({"schedule_id": slow, "body": "x"})).await.ok();
    product.advance(Duration::from_secs(100));
    say(&slow).await.ok();
    master.patch("/api/chat/settings", &json!({"schedule_id": slow, "slow_seconds": 0})).await.ok();
    say(&slow).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_messages_sent_at_once_to_a_slow_chat_one_passes() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    master.patch("/api/chat/settings", &json!({"schedule_id": id, "slow_seconds": 10})).await.ok();
    let viewer = product.viewer().await;
    let message = json!({"schedule_id": id, "body": "x"});
    let answers = join_all((0..6).map(|_| viewer.post("/api/chat", &message))).await;
    let passed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(passed, 1);
    assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status.as_u16())));
}

#[tokio::test]
async fn what_is_not_said_stays_and_something_must_be_said() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let change = async |body: Value| master.patch("/api/chat/settings", &body).await;
    change(json!({"schedule_id": id, "is_open": false})).await.ok();
    change(json!({"schedule_id": id, "slow_seconds": 7})).await.ok();
    let settings = master.get(&format!("/api/chat/settings?schedule_id={id}")).await.ok();
    assert_eq!((&settings["is_open"], &settings["slow_seconds"]), (&json!(false), &json!(7)));
    let fields = change(json!({"schedule_id": id})).await.invalid_fields();
    let expected = [("is_open", "missing"), ("slow_seconds", "missing")];
    assert_eq!(fields, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    for (name, value) in [
        ("slow_seconds", json!(121)),
        ("slow_seconds", json!(-1)),
        ("is_open", json!("true")),
        ("is_open", Value::Null),
    ] {
        let fields = change(json!({"schedule_id": id, name: value})).await.invalid_fields();
        assert_eq!(fields.len(), 1, "{name} {value}");
    }
    change(json!({"schedule_id": "none", "is_open": true})).await.refused(404, "schedule_not_found");
    let viewer = product.viewer().await;
    let answer = viewer.patch("/api/chat/settings", &json!({"schedule_id": id, "is_open": true})).await;
    answer.refused(403, "permission_denied");
    let stranger = product.stranger().await;
    let answer = stranger.patch("/api/chat/settings", &json!({"schedule_id": id, "is_open": true})).await;
    answer.refused(404, "schedule_not_found");
}

#[tokio::test]
async fn the_trail_names_the_rules_that_became_others() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    for (is_open, slow_seconds) in [(true, 7), (false, 7), (false, 7), (true, 8)] {
        let body = json!({"schedule_id": id, "is_open": is_open, "slow_seconds": slow_seconds});
        master.patch("/api/chat/settings", &body).await.ok();
    }
    let rows = master.get("/api/audit?action=update_chat_settings").await.ok();
    let changed: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["changed"]).collect();
    assert_eq!(changed, [&json!(["is_open", "slow_seconds"]), &json!(["is_open"]), &json!(["slow_seconds"])]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_hosts_who_change_different_rules_at_once_none_undoes_what_another_did() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    for round in 1..=8 {
        let (is_open, slow_seconds) = (round % 2 == 0, round);
        let changes = [json!({"is_open": is_open}), json!({"slow_seconds": slow_seconds})];
        let answers = join_all(changes.map(|mut change| {
            change["schedule_id"] = json!(id);
            let master = &master;
            async move { master.patch("/api/chat/settings", &change).await }
        }));
        answers.await.into_iter().for_each(|answer| drop(answer.ok()));
        let settings = master.get(&format!("/api/chat/settings?schedule_id={id}")).await.ok();
        assert_eq!((&settings["is_open"], &settings["slow_seconds"]), (&json!(is_open), &json!(slow_seconds)));
    }
    let rows = master.get("/api/audit?action=update_chat_settings").await.ok();
    assert_eq!(rows.as_array().map(Vec::len), Some(16));
}

#[tokio::test]
async fn the_rules_go_with_their_schedule() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    master.patch("/api/chat/settings", &json!({"schedule_id": id, "is_open": false})).await.ok();
    master.post("/api/chat", &json!({"schedule_id": id, "body": "x"})).await.ok();
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    product.advance(Duration::from_mins(5));
    product.invoke("sweeper", &json!({})).await.unwrap();
    let tenant = local::demo::TENANT.into();
    let table = &product.server.app.table;
    let room = shared::store::rooms::find(table, &tenant, &id.as_str().into(), 0).await.unwrap();
    assert_eq!((room.posted, room.rules.is_open), (0, true));
}
