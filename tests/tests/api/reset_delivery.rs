//! `POST /api/delivery/reset`: a new secret, and every publish token that was given before is void.

use serde_json::json;

use crate::support::evening::Evening;

#[tokio::test]
async fn after_a_reset_the_old_token_is_void_and_another_is_told() {
    let evening = Evening::begins().await;
    let master = &evening.master;
    let path = format!("/api/delivery?schedule_id={}", evening.id);
    let old = master.get(&path).await.ok()["publish_token"].clone();
    let show = async |token: &serde_json::Value| evening.hooks.ask("sendonly", &json!({"access_token": token})).await;
    assert_eq!(show(&old).await["allowed"], true);
    assert_eq!(master.post("/api/delivery/reset", &json!({"schedule_id": evening.id})).await.ok(), json!({"ok": true}));
    assert_eq!(show(&old).await["reason"], "TOKEN_UNKNOWN");
    let new = master.get(&path).await.ok()["publish_token"].clone();
    assert_ne!(new, old);
    assert_eq!(show(&new).await["allowed"], true);
}

#[tokio::test]
async fn holders_of_delivery_or_schedule_may_and_others_may_not() {
    let evening = Evening::begins().await;
    let body = json!({"schedule_id": evening.id});
    for (permission, may) in [("delivery", true), ("schedule", true), ("view", false), ("user", false)] {
        let actor = evening.product.user_with(&[permission]).await;
        let answer = actor.post("/api/delivery/reset", &body).await;
        if may {
            answer.ok();
        } else {
            answer.refused(403, "permission_denied");
        }
    }
    evening.product.stranger().await.post("/api/delivery/reset", &body).await.refused(404, "schedule_not_found");
    let unknown = json!({"schedule_id": "none"});
    evening.master.post("/api/delivery/reset", &unknown).await.refused(404, "schedule_not_found");
}
