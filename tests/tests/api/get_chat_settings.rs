//! `GET /api/chat/settings`: whether a chat is open, how slow it is, and how many take part.

use std::time::Duration;

use api_tests::Product;
use serde_json::json;

#[tokio::test]
async fn a_new_chat_is_open_and_those_who_post_and_are_muted_are_counted() {
    let product = Product::start().await;
    let master = product.master().await;
    let (here, elsewhere) = (master.plan(1).await, master.plan(2).await);
    let settings = async || master.get(&format!("/api/chat/settings?schedule_id={here}")).await.ok();
    let is = |posted: u32, muted: u32| json!({"ok": true, "is_open": true, "slow_seconds": 0, "posted": posted, "muted": muted});
    assert_eq!(settings().await, is(0, 0));
    let viewers = [product.viewer().await, product.viewer().await, product.viewer().await];
    for viewer in &viewers[..2] {
        for _ in 0..2 {
            viewer.post("/api/chat", &json!({"schedule_id": here, "body": "x"})).await.ok();
            viewer.post("/api/chat", &json!({"schedule_id": elsewhere, "body": "x"})).await.ok();
        }
    }
    assert_eq!(settings().await, is(2, 0));
    for (viewer, seconds) in viewers.iter().zip([600, 300, 600]) {
        let mute = json!({"schedule_id": here, "user_id": viewer.user_id, "seconds": seconds});
        master.post("/api/chat/mute", &mute).await.ok();
    }
    assert_eq!(settings().await, is(2, 3));
    product.advance(Duration::from_mins(5));
    assert_eq!(settings().await, is(2, 2));
    product
        .viewer()
        .await
        .get(&format!("/api/chat/settings?schedule_id={here}"))
        .await
        .refused(403, "permission_denied");
    let stranger = product.stranger().await;
    stranger.get(&format!("/api/chat/settings?schedule_id={here}")).await.refused(404, "schedule_not_found");
}
