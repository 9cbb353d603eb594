//! `DELETE /api/chat/mute`: the user may post again.

use api_tests::Product;
use serde_json::json;

#[tokio::test]
async fn the_user_may_post_again_and_asking_twice_changes_nothing() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let id = master.plan(1).await;
    let message = json!({"schedule_id": id, "body": "x"});
    let guest = json!({"schedule_id": id, "user_id": viewer.user_id});
    let path = format!("/api/chat/mute?schedule_id={id}&user_id={}", viewer.user_id);
    master.delete(&path).await.ok();
    master.post("/api/chat/mute", &guest).await.ok();
    viewer.post("/api/chat", &message).await.refused(403, "muted");
    viewer.delete(&path).await.refused(403, "permission_denied");
    product.stranger().await.delete(&path).await.refused(404, "schedule_not_found");
    for _ in 0..2 {
        assert_eq!(master.delete(&path).await.ok(), json!({"ok": true}));
        viewer.post("/api/chat", &message).await.ok();
    }
    master.post("/api/chat/mute", &guest).await.ok();
    let body = guest.to_string().into_bytes();
    master.send(reqwest::Method::DELETE, "/api/chat/mute", &[], Some(body)).await.ok();
    viewer.post("/api/chat", &message).await.ok();
    master.delete(&format!("/api/chat/mute?schedule_id={id}&user_id=999")).await.refused(404, "user_not_found");
}

#[tokio::test]
async fn a_mute_of_somebody_who_was_deleted_can_be_lifted_once() {
    let product = Product::start().await;
    let master = product.master().await;
    let (id, gone) = (master.plan(1).await, product.viewer().await.user_id);
    let muted = async || master.get(&format!("/api/chat/settings?schedule_id={id}")).await.ok()["muted"].clone();
    master.post("/api/chat/mute", &json!({"schedule_id": id, "user_id": gone})).await.ok();
    master.delete(&format!("/api/user?user_id={gone}")).await.ok();
    assert_eq!(muted().await, 1);
    let path = format!("/api/chat/mute?schedule_id={id}&user_id={gone}");
    master.delete(&path).await.ok();
    assert_eq!(muted().await, 0);
    master.delete(&path).await.refused(404, "user_not_found");
}
