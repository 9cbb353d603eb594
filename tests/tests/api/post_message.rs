//! `POST /api/chat`: how fast one user may talk: five messages in five seconds, twenty for who delivers.

use std::time::Duration;

use api_tests::{Actor, Answer, Product, new_schedule};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn say(actor: &Actor, schedule: &str) -> Answer {
    actor.post("/api/chat", &json!({"schedule_id": schedule, "body": "x"})).await
}

async fn where_the_clock_stands() -> Product {
    let noon = shared::http::datetime::parse("2029/01/01 12:00:00").expect("a date-time");
    let clock = shared::platform::clock::Clock::stopped_at(noon);
    Product::start_with(local::Options { clock, ..local::Options::default() }).await
}

fn assert_is_too_many(answer: Answer) {
    let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=5).contains(&seconds), "{seconds}");
    answer.refused(429, "too_many_requests");
}

async fn count(actor: &Actor, schedule: &str) -> usize {
    let answer: Value = actor.get(&format!("/api/chat?schedule_id={schedule}")).await.ok();
    answer["chats"].as_array().expect("chats").len()
}

#[tokio::test]
async fn the_sixth_message_within_five_seconds_waits() {
    let product = Product::start().await;
    let (master, viewer, other) = (product.master().await, product.viewer().await, product.viewer().await);
    let (one, two) = (master.plan(1).await, master.plan(3).await);
    for schedule in [&one, &one, &two, &one, &two] {
        say(&viewer, schedule).await.ok();
    }
    for schedule in [&one, &two] {
        assert_is_too_many(say(&viewer, schedule).await);
    }
    say(&other, &one).await.ok();
    product.advance(Duration::from_secs(5));
    say(&viewer, &one).await.ok();
    assert_eq!(count(&master, &one).await + count(&master, &two).await, 7, "what is refused is not said");
}

#[tokio::test]
async fn of_many_messages_at_once_just_as_many_pass() {
    let product = where_the_clock_stands().await;
    let (master, viewer, presenter) = (product.master().await, product.viewer().await, product.presenter().await);
    let schedule = master.plan(1).await;
    for (actor, at_once, allowed) in [(&viewer, 12, 5), (&presenter, 26, 20)] {
        let before = count(&master, &schedule).await;
        let answers = join_all((0..at_once).map(|_| say(actor, &schedule))).await;
        let (said, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(said.len(), allowed);
        refused.into_iter().for_each(assert_is_too_many);
        assert_eq!(count(&master, &schedule).await - before, allowed);
    }
}

#[tokio::test]
async fn a_message_to_nowhere_does_not_count() {
    let product = Product::start().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let schedule = master.plan(1).await;
    for _ in 0..8 {
        say(&viewer, "nowhere").await.refused(404, "schedule_not_found");
        viewer
            .post("/api/chat", &json!({"schedule_id": schedule, "body": ""}))
            .await
            .refused(422, "invalid_parameters");
        viewer.post("/api/schedule", &new_schedule(1)).await.refused(403, "permission_denied");
    }
    for _ in 0..5 {
        say(&viewer, &schedule).await.ok();
    }
}

#[tokio::test]
async fn a_replayed_message_does_not_count() {
    let product = Product::start().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let body = json!({"schedule_id": master.plan(1).await, "body": "x"});
    for _ in 0..8 {
        viewer.post_once("/api/chat", "one key", &body).await.ok();
    }
    for key in ["a", "b", "c", "d"] {
        viewer.post_once("/api/chat", key, &body).await.ok();
    }
    assert_is_too_many(viewer.post_once("/api/chat", "e", &body).await);
    product.advance(Duration::from_secs(5));
    viewer.post_once("/api/chat", "e", &body).await.ok();
}

#[tokio::test]
async fn an_answer_names_the_message_as_the_list_does_also_when_it_is_replayed() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let body = json!({"schedule_id": schedule, "body": "x"});
    let first = master.post_once("/api/chat", "k", &body).await.ok();
    assert_eq!(master.post_once("/api/chat", "k", &body).await.ok(), first);
    let listed = master.get(&format!("/api/chat?schedule_id={schedule}")).await.ok();
    assert_eq!(listed["chats"].as_array().expect("chats").len(), 1);
    for member in ["chat_id", "created_datetime"] {
        assert_eq!(first[member], listed["chats"][0][member]);
    }
}

#[tokio::test]
async fn whose_limit_fell_waits_until_fewer_posts_count_than_it() {
    let product = where_the_clock_stands().await;
    let (master, presenter) = (product.master().await, product.user_with(&["delivery", "view"]).await);
    let schedule = master.plan(1).await;
    for _ in 0..2 {
        for _ in 0..5 {
            say(&presenter, &schedule).await.ok();
        }
        product.advance(Duration::from_secs(2));
    }
    master.patch("/api/user", &json!({"user_id": presenter.user_id, "delivery": 0})).await.ok();
    // In a second five of the ten are forgotten, and the other five are still as many as the limit.
    assert_eq!(say(&presenter, &schedule).await.header("retry-after"), "3");
}
