//! `GET /api/delivery`: what a presenter publishes to, which no other answer tells.

use api_tests::new_schedule;
use serde_json::json;

use crate::support::broadcast::{connection, product_with_schedule};

#[tokio::test]
async fn a_presenter_is_told_channel_and_address_and_what_to_show_there() {
    let (upstream, product, _master, id) = product_with_schedule().await;
    let presenter = product.presenter().await;
    let path = format!("/api/delivery?schedule_id={id}");
    let token = presenter.get(&path).await.ok()["publish_token"].clone();
    let expected = json!({
        "channel_id": "channel-001", "sora_url": "wss://sora.imageflux.example/signaling", "status": "scheduled",
        "whip_url": "https://sora.imageflux.example/whip/channel-001", "publish_token": token,
        // An hour after the end.
        "publish_token_expires_at": api_tests::at_hour(3), "metadata": {"access_token": token},
    });
    for _ in 0..3 {
        assert_eq!(presenter.get(&path).await.ok(), expected);
    }
    assert_ne!(product.presenter().await.get(&path).await.ok()["publish_token"], token, "each has one of their own");
    assert_eq!(upstream.requests().len(), 1, "the stored pair is answered");
    product.viewer().await.get(&path).await.refused(403, "permission_denied");
}

#[tokio::test]
async fn channel_and_address_stand_in_no_other_answer() {
    let (upstream, product, master, id) = product_with_schedule().await;
    upstream.plays(json!([connection("A")]));
    let mut moved = new_schedule(5);
    moved["schedule_id"] = json!(id);
    let answers = [
        master.get("/api/schedule").await,
        master.get("/api/schedule?limit=1").await,
        master.post("/api/schedule", &new_schedule(1)).await,
        master.patch("/api/schedule", &moved).await,
        master.get(&format!("/api/view?schedule_id={id}")).await,
        master.post("/api/chat", &json!({"schedule_id": id, "body": "x"})).await,
        master.get(&format!("/api/chat?schedule_id={id}")).await,
        product.viewer().await.get(&format!("/api/delivery?schedule_id={id}")).await,
        master.delete(&format!("/api/schedule?schedule_id={id}")).await,
        master.get(&format!("/api/delivery?schedule_id={id}")).await,
    ];
    for answer in answers {
        let whole = format!("{:?} {}", answer.headers, answer.text);
        for secret in ["channel-001", "sora.imageflux.example", "secret-token"] {
            assert!(!whole.contains(secret), "{whole}");
        }
    }
}
