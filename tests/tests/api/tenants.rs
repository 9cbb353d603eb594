//! What the operator does with tenants.

use api_tests::{Product, new_schedule, unique_email};
use serde_json::{Value, json};
use shared::crypto::passwords::Recipe;
use shared::domain::ids::UserId;
use shared::store::credentials;

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
    let mut event = new_tenant();
    let first = create(&product, &event).await;
    event["tenant_id"] = json!("00000000-0000-4000-8000-000000000002");
    let second = create(&product, &event).await;
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
async fn the_list_of_tenants_comes_in_pages() {
    let product = Product::start().await;
    for number in 2..=5 {
        let mut event = new_tenant();
        event["tenant_id"] = json!(format!("00000000-0000-4000-8000-00000000000{number}"));
        create(&product, &event).await;
    }
    let whole = product.invoke("tenant", &json!({"action": "list_tenants"})).await.unwrap();
    assert!(whole.get("next_cursor").is_none(), "{whole}");
    let (mut pages, mut event) = (Vec::new(), json!({"action": "list_tenants", "limit": 2}));
    loop {
        let page = product.invoke("tenant", &event).await.unwrap();
        pages.push(page["tenants"].as_array().unwrap().clone());
        match page.get("next_cursor") {
            Some(cursor) => event["cursor"] = cursor.clone(),
            None => break,
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(json!(pages.concat()), whole["tenants"]);
    for (bad, named) in [
        (json!({"limit": 0}), "limit: "),
        (json!({"limit": 201}), "limit: "),
        (json!({"limit": "2"}), "limit: "),
        (json!({"cursor": "x"}), "cursor: "),
    ] {
        let mut event = bad.clone();
        event["action"] = json!("list_tenants");
        assert!(product.invoke("tenant", &event).await.unwrap_err().starts_with(named), "{bad}");
    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_creation_answers_the_first_tenant() {
    let product = Product::start().await;
    let event = new_tenant();
    let many = futures_util::future::join_all((0..6).map(|_| create(&product, &event))).await;
    assert!(many.iter().all(|id| *id == many[0]), "{many:?}");
    let mut again = event.clone();
    again["access_code"] = json!("another code");
    again["master"]["password"] = json!("Password-other");
    assert_eq!(create(&product, &again).await, many[0]);
    product.log_in(event["master"]["email"].as_str().unwrap(), "Password789", "first code", 1).await;

    let mut other = new_tenant();
    other["tenant_id"] = json!("00000000-0000-4000-8000-000000000003");
    for _ in 0..2 {
        assert_eq!(create(&product, &other).await, "00000000-0000-4000-8000-000000000003");
    }
    other["name"] = json!("another");
    let error = product.invoke("tenant", &other).await.unwrap_err();
    assert_eq!(error, "tenant_id: another tenant has it");
    other["tenant_id"] = json!("x");
    assert!(product.invoke("tenant", &other).await.unwrap_err().starts_with("tenant_id: "));
    let list = product.invoke("tenant", &json!({"action": "list_tenants"})).await.unwrap();
    assert_eq!(list["tenants"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn an_archive_goes_only_where_the_operator_said() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut body = new_schedule(1);
    body["imageflux_params"][0]["archive"] = json!({"archive_destination_id": "own"});
    let refused = async |body: &Value| {
        let fields = master.post("/api/schedule", body).await.invalid_fields();
        let field = "imageflux_params[0].archive.archive_destination_id".to_owned();
        assert_eq!(fields, [(field, "not_yours".to_owned())]);
    };
    let give = async |ids: Value| {
        let event = json!({"action": "set_archive_destinations", "tenant_id": local::demo::TENANT,
                           "archive_destination_ids": ids});
        product.invoke("tenant", &event).await
    };
    refused(&body).await;
    give(json!(["other", "own"])).await.unwrap();
    master.post("/api/schedule", &body).await.ok();
    body = new_schedule(3);
    body["imageflux_params"][0]["archive"] = json!({"archive_destination_id": "Own"});
    refused(&body).await;
    body["imageflux_params"][0]["archive"] = json!({"archive_destination_id": null});
    refused(&body).await;
    product.viewer().await.post("/api/schedule", &body).await.refused(403, "permission_denied");
    give(json!([])).await.unwrap();
    body["imageflux_params"][0]["archive"] = json!({"archive_destination_id": "own"});
    refused(&body).await;
    give((0..200).map(|number| json!(format!("{number:0>255}"))).collect()).await.unwrap();
    // ImageFlux compares an id to the letter: a decomposed letter would be stored as another one.
    for ids in [
        json!(null),
        json!("own"),
        json!([1]),
        json!([""]),
        json!([" own"]),
        json!(["e\u{301}"]),
        json!(vec!["own"; 201]),
    ] {
        assert!(give(ids).await.unwrap_err().starts_with("archive_destination_ids: "));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_of_one_address_made_at_the_same_moment_share_their_salt() {
    let product = Product::start().await;
    let email = unique_email();
    let events = (0..6).map(|number| {
        let mut event = new_tenant();
        event["name"] = json!(format!("tenant {number}"));
        event["master"]["email"] = json!(email);
        event
    });
    let events: Vec<Value> = events.collect();
    let ids = futures_util::future::join_all(events.iter().map(|event| create(&product, event))).await;
    let mut salts = std::collections::BTreeSet::new();
    for id in &ids {
        let table = &product.server.app.table;
        let credential = credentials::find(table, &id.as_str().into(), UserId::MASTER).await.unwrap().unwrap();
        salts.insert(Recipe::of(&credential.phc).salt().to_owned());
    }
    assert_eq!((ids.len(), salts.len()), (6, 1));
}
