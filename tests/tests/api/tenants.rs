//! What the operator does with tenants.

use api_tests::{Product, new_schedule, unique_email};
use serde_json::{Value, json};

fn new_tenant() -> Value {
    json!({"action": "create_tenant", "name": "株式会社テスト", "access_code": "first code",
           "master": {"name": "主", "email": unique_email(), "password": "Password789"}})
}

async fn create(product: &Product, event: &Value) -> String {
    product.invoke("tenant", event).await.unwrap()["tenant_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_tenant_has_a_master_with_all_permissions_and_nothing_else() {
    let product = Product::start().await;
    let event = new_tenant();
    create(&product, &event).await;
    let email = event["master"]["email"].as_str().unwrap();
    let master = product.log_in(email, "Password789", "first code", 1).await;
    let list = master.get("/api/user").await.ok();
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    assert_eq!((&list[0]["user_id"], &list[0]["is_master"], &list[0]["name"]), (&json!(1), &json!(true), &json!("主")));
    assert_eq!(list[0]["permissions"], json!({"delivery": 1, "view": 1, "schedule": 1, "user": 1}));
    assert_eq!(master.get("/api/schedule").await.ok(), json!([]));
    master.post("/api/schedule", &new_schedule(1)).await.ok();
    assert_eq!(product.master().await.get("/api/schedule").await.ok(), json!([]));
}

#[tokio::test]
async fn tenants_may_share_everything_but_their_id() {
    let product = Product::start().await;
    let event = new_tenant();
    let (first, second) = (create(&product, &event).await, create(&product, &event).await);
    assert_ne!(first, second);
    let list = product.invoke("tenant", &json!({"action": "list_tenants"})).await.unwrap();
    let tenants = list["tenants"].as_array().unwrap();
    for id in [&first, &second] {
        let tenant = tenants.iter().find(|tenant| tenant["tenant_id"] == **id).expect("a tenant");
        assert_eq!(tenant["name"], "株式会社テスト");
    }
    assert_eq!(tenants.len(), 3);
    assert!(!list.to_string().contains("first code") && !list.to_string().contains("Password"));
}

#[tokio::test]
async fn a_bad_event_names_each_failing_field_and_does_nothing() {
    let product = Product::start().await;
    let bad = json!({"action": "create_tenant", "name": " ", "access_code": 5,
                     "master": {"name": "x".repeat(31), "email": "nobody", "password": "short"}});
    let error = product.invoke("tenant", &bad).await.unwrap_err();
    for field in ["name: ", "access_code: ", "master.name: ", "master.email: ", "master.password: "] {
        assert!(error.contains(field), "{field} in {error}");
    }
    assert!(!error.contains("short"), "{error}");
    let none = product.invoke("tenant", &json!({"action": "create_tenant", "master": 1})).await.unwrap_err();
    assert_eq!(none.matches("is required").count(), 5, "{none}");
    for action in ["suspend_tenant", "resume_tenant", "reset_master"] {
        for id in [json!(null), json!(1), json!("x"), json!("TEN#x")] {
            let event = json!({"action": action, "tenant_id": id, "password": "Password789"});
            assert!(product.invoke("tenant", &event).await.unwrap_err().starts_with("tenant_id: "));
        }
        let event =
            json!({"action": action, "tenant_id": "00000000-0000-4000-8000-00000000dead", "password": "Password789"});
        let error = product.invoke("tenant", &event).await.unwrap_err();
        assert_eq!(error, "tenant_id: there is no such tenant");
    }
    let both = product.invoke("tenant", &json!({"action": "reset_master", "password": "1234567"})).await.unwrap_err();
    assert!(both.contains("tenant_id: ") && both.contains("password: "), "{both}");
    for event in [json!({}), json!({"action": "drop_tenant"}), json!([]), json!("create_tenant"), json!(null)] {
        assert!(product.invoke("tenant", &event).await.unwrap_err().starts_with("action: "), "{event}");
    }
    let list = product.invoke("tenant", &json!({"action": "list_tenants"})).await.unwrap();
    assert_eq!(list["tenants"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_suspended_tenant_is_shut_out_and_comes_back_as_it_was() {
    let product = Product::start().await;
    let event = new_tenant();
    let id = create(&product, &event).await;
    let email = event["master"]["email"].as_str().unwrap();
    let master = product.log_in(email, "Password789", "first code", 1).await;
    let schedule = master.plan(1).await;
    let set = async |action: &str| product.invoke("tenant", &json!({"action": action, "tenant_id": id})).await.unwrap();
    for _ in 0..2 {
        set("suspend_tenant").await;
        master.get("/api/schedule").await.refused(401, "unauthenticated");
        master.post("/api/schedule", &new_schedule(5)).await.refused(401, "unauthenticated");
        let login = json!({"email": email, "password": "Password789", "access_code": "first code"});
        master.post("/api/login", &login).await.refused(401, "login_failed");
        product.master().await.get("/api/schedule").await.ok();
    }
    for _ in 0..2 {
        set("resume_tenant").await;
        assert_eq!(master.get("/api/schedule").await.ok()[0]["schedule_id"], json!(schedule));
        master.new_token().await;
    }
}

#[tokio::test]
async fn a_reset_gives_the_master_a_new_password_and_ends_its_tokens_alone() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let event = json!({"action": "reset_master", "tenant_id": local::demo::TENANT, "password": "Password-reset"});
    product.invoke("tenant", &event).await.unwrap();
    master.get("/api/schedule").await.refused(401, "unauthenticated");
    viewer.get("/api/schedule").await.ok();
    let login = json!({"email": master.email, "password": master.password, "access_code": master.access_code});
    master.post("/api/login", &login).await.refused(401, "login_failed");
    let master = product.log_in(&master.email, "Password-reset", &master.access_code, 1).await;
    assert_eq!(master.get("/api/user").await.ok()[0]["is_master"], true);
}

#[tokio::test]
async fn no_path_of_the_api_reaches_the_operators_function() {
    let product = Product::start().await;
    let master = product.master().await;
    for path in ["/api/tenant", "/tenant", "/api/sweeper", "/api/user/../tenant", "/api/tenants", "/"] {
        assert_eq!(master.post(path, &new_tenant()).await.status, 404, "{path}");
    }
}
