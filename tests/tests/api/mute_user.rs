//! `POST /api/chat/mute`: a user who may not post to a chat for a while.

use std::time::Duration;

use api_tests::{Answer, Product, new_user};
use serde_json::{Value, json};
use shared::platform::clock::Clock;

fn pause(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().expect("seconds")
}

#[tokio::test]
async fn the_muted_may_read_and_not_post_until_the_time_is_over() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let (here, elsewhere) = (master.plan(1).await, master.plan(2).await);
    let message = |schedule: &str| json!({"schedule_id": schedule, "body": "x"});
    let mute = json!({"schedule_id": here, "user_id": viewer.user_id});
    assert_eq!(master.post("/api/chat/mute", &mute).await.ok(), json!({"ok": true}));
    let refused = viewer.post("/api/chat", &message(&here)).await;
    assert!((590..=600).contains(&pause(&refused)));
    refused.refused(403, "muted");
    let chat = viewer.get(&format!("/api/chat?schedule_id={here}")).await.ok();
    assert_eq!(chat["chats"], json!([]));
    viewer.post("/api/chat", &message(&elsewhere)).await.ok();
    product.viewer().await.post("/api/chat", &message(&here)).await.ok();
    product.advance(Duration::from_secs(580));
    let refused = viewer.post("/api/chat", &message(&here)).await;
    assert!((1..=20).contains(&pause(&refused)));
    refused.refused(403, "muted");
    product.advance(Duration::from_secs(20));
    viewer.post("/api/chat", &message(&here)).await.ok();
}

#[tokio::test]
async fn a_mute_of_a_second_lasts_a_second_whenever_it_begins() {
    let almost = shared::http::datetime::parse("2029/01/01 12:00:00").unwrap() + chrono::TimeDelta::milliseconds(990);
    let options = local::Options { clock: Clock::stopped_at(almost), ..local::Options::default() };
    let product = Product::start_with(options).await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let id = master.plan(1).await;
    master.post("/api/chat/mute", &json!({"schedule_id": id, "user_id": viewer.user_id, "seconds": 1})).await.ok();
    let message = json!({"schedule_id": id, "body": "x"});
    viewer.post("/api/chat", &message).await.refused(403, "muted");
    product.advance(Duration::from_millis(999));
    viewer.post("/api/chat", &message).await.refused(403, "muted");
    product.advance(Duration::from_millis(1));
    viewer.post("/api/chat", &message).await.ok();
}

#[tokio::test]
async fn a_second_mute_takes_the_place_of_the_first() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let id = master.plan(1).await;
    for seconds in [100, 86_400, 200] {
        let mute = json!({"schedule_id": id, "user_id": viewer.user_id, "seconds": seconds});
        master.post("/api/chat/mute", &mute).await.ok();
        let refused = viewer.post("/api/chat", &json!({"schedule_id": id, "body": "x"})).await;
        assert!((seconds - 10..=seconds).contains(&pause(&refused)));
    }
}

#[tokio::test]
async fn whoever_holds_delivery_or_schedule_mutes_and_cannot_be_muted() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let viewer = product.viewer().await;
    let mute = |user: i64| json!({"schedule_id": id, "user_id": user});
    for permission in ["delivery", "schedule"] {
        let host = product.user_with(&[permission]).await;
        host.post("/api/chat/mute", &mute(viewer.user_id)).await.ok();
        for other in [host.user_id, master.user_id] {
            master.post("/api/chat/mute", &mute(other)).await.refused(409, "cannot_be_muted");
        }
    }
    for permission in ["view", "user"] {
        let other = product.user_with(&[permission]).await;
        other.post("/api/chat/mute", &mute(viewer.user_id)).await.refused(403, "permission_denied");
        other.post("/api/chat/mute", &json!({})).await.refused(403, "permission_denied");
    }
}

#[tokio::test]
async fn who_becomes_a_host_may_post_at_once() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let id = master.plan(1).await;
    let message = json!({"schedule_id": id, "body": "x"});
    master.post("/api/chat/mute", &json!({"schedule_id": id, "user_id": viewer.user_id})).await.ok();
    let give = |delivery: bool| json!({"user_id": viewer.user_id, "delivery": delivery});
    master.patch("/api/user", &give(true)).await.ok();
    viewer.post("/api/chat", &message).await.ok();
    master.patch("/api/user", &give(false)).await.ok();
    viewer.post("/api/chat", &message).await.refused(403, "muted");
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_is_wrong_is_named() {
    let product = Product::start().await;
    let (master, stranger) = (product.master().await, product.stranger().await);
    let id = master.plan(1).await;
    let user = master.post("/api/user", &new_user(&["view"])).await.ok()["user_id"].clone();
    let mute = |schedule: &str, user: &Value| json!({"schedule_id": schedule, "user_id": user});
    master.post("/api/chat/mute", &mute("none", &user)).await.refused(404, "schedule_not_found");
    master.post("/api/chat/mute", &mute(&id, &json!(999))).await.refused(404, "user_not_found");
    stranger.post("/api/chat/mute", &mute(&id, &json!(1))).await.refused(404, "schedule_not_found");
    let fields = master.post("/api/chat/mute", &json!({"seconds": 0})).await.invalid_fields();
    let expected = [("schedule_id", "missing"), ("user_id", "missing"), ("seconds", "out_of_range")];
    assert_eq!(fields, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    for seconds in [json!(86_401), json!("60"), json!(1.5), Value::Null] {
        let body = json!({"schedule_id": id, "user_id": user, "seconds": seconds});
        assert_eq!(master.post("/api/chat/mute", &body).await.invalid_fields().len(), 1, "{seconds}");
    }
}
