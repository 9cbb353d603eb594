//! `PATCH /api/access-code`.

use api_tests::Product;
use serde_json::{Value, json};

use crate::support::named;

#[tokio::test]
async fn an_access_code_has_1_to_64_characters() {
    let product = Product::start().await;
    let master = product.master().await;
    let change = async |code: Value| master.patch("/api/access-code", &json!({"access_code": code})).await;
    for (code, reason) in [
        (json!(""), "blank"),
        (json!(" \u{3000}"), "blank"),
        (json!("\u{200B}"), "blank"),
        (json!("\u{2800}\u{3164}\u{AD}\u{FEFF}"), "blank"),
        (json!("番".repeat(65)), "too_long"),
        (json!("12\n34"), "control_character"),
        (json!(987_654_321), "wrong_type"),
        (json!(true), "wrong_type"),
    ] {
        assert_eq!(change(code).await.invalid_fields(), named("access_code", reason));
    }
    let master_of_another = json!({"name": "m", "email": "m@example.jp", "password": "\u{2800}".repeat(8)});
    let event = json!({"action": "create_tenant", "name": "t", "access_code": "\u{200B}", "master": master_of_another});
    let refused = product.invoke("tenant", &event).await.unwrap_err();
    assert!(refused.contains("access_code: ") && refused.contains("master.password: "), "{refused}");
    product.master().await;
    for code in ["0".to_owned(), "番".repeat(64), " 0987654321".to_owned()] {
        change(json!(code)).await.ok();
        product.log_in(&master.email, &master.password, &code, 1).await;
    }
    let login = json!({"email": master.email, "password": master.password, "access_code": 987_654_321});
    assert_eq!(master.post("/api/login", &login).await.invalid_fields(), named("access_code", "wrong_type"));
}
