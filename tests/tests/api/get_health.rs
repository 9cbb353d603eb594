//! `GET /api/health`.

use api_tests::Product;
use serde_json::json;

#[tokio::test]
async fn anybody_is_told_the_version() {
    let product = Product::start().await;
    let health = product.anonymous().get("/api/health").await.ok();
    assert_eq!(health, json!({"ok": true, "version": env!("CARGO_PKG_VERSION")}));
}

#[tokio::test]
async fn without_its_table_the_product_is_not_healthy() {
    let product = Product::start().await;
    product.lose_the_table().await;
    product.anonymous().get("/api/health").await.refused(503, "unavailable");
}
