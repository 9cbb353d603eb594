//! The list of users, and many who change it at once.

use std::collections::BTreeSet;

use api_tests::{Product, new_user};
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_users_created_at_once_have_thirty_numbers() {
    let product = Product::start().await;
    let master = product.master().await;
    let users: Vec<_> = (0..30).map(|_| new_user(&[])).collect();
    let answers = join_all(users.iter().map(|user| master.post("/api/user", user))).await;
    let ids: BTreeSet<i64> = answers.into_iter().map(|answer| answer.ok()["user_id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 30);
    let list = master.get("/api/user").await.ok();
    let listed: Vec<i64> = list.as_array().unwrap().iter().map(|user| user["user_id"].as_i64().unwrap()).collect();
    assert!(listed.is_sorted() && listed[0] == 1);
    assert_eq!(listed[1..].iter().copied().collect::<BTreeSet<_>>(), ids);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_email_six_times_at_once_is_one_account() {
    let product = Product::start().await;
    let master = product.master().await;
    let user = new_user(&[]);
    let answers = join_all((0..6).map(|_| master.post("/api/user", &user))).await;
    let (created, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!((created.len(), refused.len()), (1, 5));
    for answer in refused {
        answer.refused(409, "email_taken");
    }
    assert_eq!(master.get("/api/user").await.ok().as_array().map(Vec::len), Some(2));
}

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

#[tokio::test]
async fn the_list_prints_the_members_of_the_document_and_no_others() {
    let product = Product::start().await;
    let master = product.master().await;
    let list = master.get("/api/user").await.ok();
    let names: Vec<_> = list[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["created_datetime", "email", "is_master", "name", "permissions", "user_id"]);
    let created = list[0]["created_datetime"].as_str().unwrap();
    assert_eq!((created.len(), &created[4..5], &created[10..11]), (19, "-", " "));
    assert_eq!(list[0]["permissions"], json!({"delivery": 1, "view": 1, "schedule": 1, "user": 1}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_deleted_six_times_at_once_is_deleted_once() {
    let product = Product::start().await;
    let master = product.master().await;
    let path = format!("/api/user?user_id={}", product.viewer().await.user_id);
    let answers = join_all((0..6).map(|_| master.delete(&path))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.is_success()).count(), 1);
    for answer in answers.into_iter().filter(|answer| !answer.status.is_success()) {
        answer.refused(404, "user_not_found");
    }
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
