//! `DELETE /api/user` ends an account and all its tokens.

use api_tests::Product;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::sessions::{another_session, lives};

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

#[tokio::test]
async fn deleting_a_user_ends_all_its_tokens_for_ever() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let other = another_session(&viewer).await;
    master.delete(&format!("/api/user?user_id={}", viewer.user_id)).await.ok();
    assert!(!lives(&viewer).await && !lives(&other).await);
    // The same person again is another user, whom the old tokens do not open.
    let again = json!({"name": "again", "email": viewer.email, "password": viewer.password,
                       "delivery": 1, "view": 1, "schedule": 1, "user": 1});
    master.post("/api/user", &again).await.ok();
    assert!(!lives(&viewer).await && !lives(&other).await);
}
