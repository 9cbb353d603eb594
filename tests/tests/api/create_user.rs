//! `POST /api/user`: one account for an e-mail address, one number for an account.

use std::collections::BTreeSet;

use api_tests::{Product, new_user};
use futures_util::future::join_all;

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
async fn an_email_is_free_again_once_its_user_is_gone_and_in_every_other_tenant() {
    let product = Product::start().await;
    let master = product.master().await;
    let stranger = product.stranger().await;
    let user = new_user(&[]);
    let first = master.post("/api/user", &user).await.ok()["user_id"].as_i64().unwrap();
    stranger.post("/api/user", &user).await.ok();
    master.post("/api/user", &user).await.refused(409, "email_taken");
    master.delete(&format!("/api/user?user_id={first}")).await.ok();
    let second = master.post("/api/user", &user).await.ok()["user_id"].as_i64().unwrap();
    assert!(second > first, "a number is never used twice");
    product.log_in(user["email"].as_str().unwrap(), "Password123", "0987654321", second).await;
}
