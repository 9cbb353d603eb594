//! `POST /api/logout` ends one token.

use std::time::Duration;

use api_tests::Product;
use serde_json::json;

use crate::support::sessions::{another_session, lives};

#[tokio::test]
async fn logging_out_ends_one_token_and_no_other() {
    let product = Product::start().await;
    let viewer = product.viewer().await;
    let other = another_session(&viewer).await;
    viewer.post("/api/logout", &json!({})).await.ok();
    assert!(!lives(&viewer).await);
    viewer.post("/api/logout", &json!({})).await.refused(401, "unauthenticated");
    assert!(lives(&other).await);
    other.send(reqwest::Method::POST, "/api/logout", &[], None).await.ok();
    assert!(!lives(&other).await);
    product.advance(Duration::from_hours(11));
    assert!(!lives(&viewer).await && !lives(&other).await);
    assert!(lives(&another_session(&viewer).await).await);
}
