//! The fifteen calls with the customer's document's own samples, verbatim.

use api_tests::Product;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn the_sample_of_the_login_logs_in() {
    let product = Product::start().await;
    let body = r#"{"email": "imageflux@example.com", "password": "Password123", "access_code": "0987654321"}"#;
    let answer = product.anonymous().send(Method::POST, "/api/login", &[], Some(body.into())).await.ok();
    assert!(answer["token"].is_string());
    let expires_at = answer["expires_at"].as_str().unwrap();
    assert_eq!(expires_at, product.datetime_in(12 * 60 * 60));
}

#[tokio::test]
async fn the_sample_of_a_new_schedule_is_planned_and_listed() {
    let product = Product::start().await;
    let master = product.master().await;
    let body = r#"{
        "start_datetime": "2021/10/30 12:00:00",
        "end_datetime": "2021/10/30 15:00:00",
        "name": "テスト配信",
        "imageflux_params": [
            {
                "durationSeconds": 1,
                "startTimeOffset": -2,
                "video": {"width": 640, "height": 480, "fps": 12, "bps": 2465792},
                "audio": {"bps": 64000}
            }
        ]
    }"#;
    let answer = master.send(Method::POST, "/api/schedule", &[], Some(body.into())).await.ok();
    let list = master.get("/api/schedule").await.ok();
    let schedule = &list[0];
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(schedule["schedule_id"], answer["schedule_id"]);
    assert_eq!(schedule["name"], "テスト配信");
    assert_eq!(schedule["start_datetime"], "2021-10-30T12:00:00");
    assert_eq!(schedule["end_datetime"], "2021-10-30T15:00:00");
    assert_eq!(schedule["created_user_name"], "imageflux");
    assert_eq!(schedule.as_object().unwrap().len(), 6);
    assert_eq!(answer.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn ok_is_all_that_most_calls_answer() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let moved = json!({"schedule_id": schedule, "start_datetime": "2030/10/30 12:00:00",
                       "end_datetime": "2030/10/30 15:00:00", "name": "テスト配信"});
    assert_eq!(master.patch("/api/schedule", &moved).await.ok(), json!({"ok": true}));
    let said = json!({"schedule_id": schedule, "body": "テキストメッセージ"});
    assert_eq!(master.post("/api/chat", &said).await.ok(), json!({"ok": true}));
    assert_eq!(master.delete(&format!("/api/schedule?schedule_id={schedule}")).await.ok(), json!({"ok": true}));
    let code = json!({"access_code": "0987654321"});
    assert_eq!(master.patch("/api/access-code", &code).await.ok(), json!({"ok": true}));
    let password = json!({"password": "Password123"});
    assert_eq!(master.patch("/api/password", &password).await.ok(), json!({"ok": true}));
}
