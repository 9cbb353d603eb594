//! `GET /api/user`.

use api_tests::Product;
use serde_json::json;

#[tokio::test]
async fn the_list_prints_the_members_of_the_document_and_no_others() {
    let product = Product::start().await;
    let master = product.master().await;
    let list = master.get("/api/user").await.ok();
    let names: Vec<_> = list[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["created_datetime", "email", "is_master", "name", "permissions", "user_id"]);
    let created = list[0]["created_datetime"].as_str().unwrap();
    assert_eq!((created.len(), &created[4..5], &created[10..11]), (19, "-", " "));
    assert_eq!(list[0]["permissions"], json!({"delivery": 1, "view": 1, "schedule": 1, "user": 1}));
}
