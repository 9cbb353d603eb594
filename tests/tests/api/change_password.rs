//! `PATCH /api/password`: a new password ends all tokens but the one that set it.

use api_tests::Product;
use serde_json::json;

use crate::support::sessions::{another_session, lives};

#[tokio::test]
async fn a_password_changed_by_its_user_ends_all_tokens_but_the_one_that_did_it() {
    let product = Product::start().await;
    let viewer = product.viewer().await;
    let (second, third) = (another_session(&viewer).await, another_session(&viewer).await);
    second.patch("/api/password", &json!({"password": "Password222"})).await.ok();
    assert!(lives(&second).await && !lives(&viewer).await && !lives(&third).await);
    second.patch("/api/password", &json!({"password": "Password333"})).await.ok();
    assert!(lives(&second).await, "also the second time");
    let fourth = product.log_in(&viewer.email, "Password333", &viewer.access_code, viewer.user_id).await;
    fourth.patch("/api/password", &json!({"password": "Password333"})).await.ok();
    assert!(lives(&fourth).await && !lives(&second).await);
    second.patch("/api/password", &json!({"password": "Password555"})).await.refused(401, "unauthenticated");
    let old = json!({"email": viewer.email, "password": viewer.password, "access_code": viewer.access_code});
    viewer.post("/api/login", &old).await.refused(401, "login_failed");
    fourth.post("/api/logout", &json!({})).await.ok();
    assert!(!lives(&fourth).await, "a spared token ends like any other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_tokens_that_change_the_password_at_once_one_is_left() {
    let product = Product::start().await;
    let first = product.viewer().await;
    let second = another_session(&first).await;
    let changes = [json!({"password": "Password111"}), json!({"password": "Password222"})];
    let (one, other) =
        tokio::join!(first.patch("/api/password", &changes[0]), second.patch("/api/password", &changes[1]));
    let succeeded = [one.status.is_success(), other.status.is_success()];
    assert_eq!(succeeded.iter().filter(|done| **done).count(), 1, "{} {}", one.text, other.text);
    assert_eq!([lives(&first).await, lives(&second).await], succeeded);
    for (password, works) in ["Password111", "Password222"].iter().zip(succeeded) {
        let login = json!({"email": first.email, "password": password, "access_code": first.access_code});
        assert_eq!(first.post("/api/login", &login).await.status.is_success(), works);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_token_may_change_the_password_twice_at_once() {
    let product = Product::start().await;
    let viewer = product.viewer().await;
    let changes = [json!({"password": "Password111"}), json!({"password": "Password222"})];
    let (one, other) =
        tokio::join!(viewer.patch("/api/password", &changes[0]), viewer.patch("/api/password", &changes[1]));
    one.ok();
    other.ok();
    assert!(lives(&viewer).await);
    let mut works = 0;
    for password in ["Password111", "Password222"] {
        let login = json!({"email": viewer.email, "password": password, "access_code": viewer.access_code});
        works += usize::from(viewer.post("/api/login", &login).await.status.is_success());
    }
    assert_eq!(works, 1);
}
