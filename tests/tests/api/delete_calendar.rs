//! `DELETE /api/calendar` ends the address of one's own calendar; so does the end of its user or tenant.

use api_tests::Product;
use serde_json::json;

use crate::support::feed;

#[tokio::test]
async fn an_address_ends_and_ending_it_again_is_no_failure() {
    let product = Product::start().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let (ours, other) = (feed::new_feed(&master).await, feed::new_feed(&viewer).await);
    for _ in 0..2 {
        master.delete("/api/calendar").await.ok();
        assert!(!feed::lives(&master, &ours).await);
    }
    assert!(feed::lives(&viewer, &other).await);
}

#[tokio::test]
async fn an_address_ends_with_its_user() {
    let product = Product::start().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let path = feed::new_feed(&viewer).await;
    master.delete(&format!("/api/user?user_id={}", viewer.user_id)).await.ok();
    assert!(!feed::lives(&master, &path).await);
}

#[tokio::test]
async fn an_address_sleeps_while_its_tenant_is_suspended() {
    let product = Product::start().await;
    let master = product.master().await;
    let path = feed::new_feed(&master).await;
    for (action, is_there) in [("suspend_tenant", false), ("resume_tenant", true)] {
        product.invoke("tenant", &json!({"action": action, "tenant_id": local::demo::TENANT})).await.unwrap();
        product.advance(std::time::Duration::from_secs(3));
        assert_eq!(feed::lives(&master, &path).await, is_there, "{action}");
    }
}

/// Calendar programs read on while nobody is logged in.
#[tokio::test]
async fn an_address_outlives_log_outs() {
    let product = Product::start().await;
    let viewer = product.viewer().await;
    let path = feed::new_feed(&viewer).await;
    viewer.post("/api/logout", &json!({})).await.ok();
    assert!(feed::lives(&viewer, &path).await);
}
