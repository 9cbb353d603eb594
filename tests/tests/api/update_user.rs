//! `PATCH /api/user`: what is absent stays, and a new password ends all tokens.

use api_tests::Product;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::sessions::{another_session, lives};

#[tokio::test]
async fn an_absent_member_leaves_its_value_as_it_was() {
    let product = Product::start().await;
    let master = product.master().await;
    let user = product.user_with(&["view", "schedule"]).await;
    let before = master.get("/api/user").await.ok()[1].clone();
    master.patch("/api/user", &json!({"user_id": user.user_id})).await.ok();
    assert_eq!(master.get("/api/user").await.ok()[1], before);
    master.patch("/api/user", &json!({"user_id": user.user_id, "delivery": 1})).await.ok();
    let after = master.get("/api/user").await.ok()[1].clone();
    assert_eq!(after["permissions"], json!({"delivery": 1, "view": 1, "schedule": 1, "user": 0}));
    master.patch("/api/user", &json!({"user_id": user.user_id, "name": "新しい名前"})).await.ok();
    let renamed = master.get("/api/user").await.ok()[1].clone();
    assert_eq!(renamed["name"], "新しい名前");
    assert_eq!((&renamed["permissions"], &renamed["email"]), (&after["permissions"], &before["email"]));
    user.new_token().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_different_members_at_once_all_arrive() {
    let product = Product::start().await;
    let master = product.master().await;
    let user = product.user_with(&[]).await;
    let changes = [
        json!({"name": "同時"}),
        json!({"delivery": true}),
        json!({"view": true}),
        json!({"schedule": true}),
        json!({"user": true}),
        json!({"password": "Password999"}),
    ];
    let answers = join_all(changes.map(async |mut change| {
        change["user_id"] = json!(user.user_id);
        master.patch("/api/user", &change).await
    }))
    .await;
    for answer in answers {
        answer.ok();
    }
    let listed = master.get("/api/user").await.ok()[1].clone();
    assert_eq!(listed["name"], "同時");
    assert_eq!(listed["permissions"], json!({"delivery": 1, "view": 1, "schedule": 1, "user": 1}));
    product.log_in(&user.email, "Password999", &user.access_code, user.user_id).await;
    user.get("/api/schedule").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_password_set_by_a_manager_ends_all_tokens_of_that_user_alone() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let (second, bystander) = (another_session(&viewer).await, product.viewer().await);
    // First the user itself, so that one token is an exception; a manager knows none.
    second.patch("/api/password", &json!({"password": "Password222"})).await.ok();
    assert!(lives(&second).await && !lives(&viewer).await);
    master.patch("/api/user", &json!({"user_id": viewer.user_id, "password": "Password333"})).await.ok();
    assert!(!lives(&second).await && !lives(&viewer).await);
    assert!(lives(&bystander).await && lives(&master).await);
    product.log_in(&viewer.email, "Password333", &viewer.access_code, viewer.user_id).await;
    master.patch("/api/user", &json!({"user_id": 1, "password": "Password444"})).await.ok();
    assert!(!lives(&master).await, "all means all, whoever asks");
}
