//! Who may do what, and what strangers learn.

use api_tests::{Actor, Product, new_schedule};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::operations::{self, Operation, Target};

const PERMISSIONS: [&str; 4] = ["delivery", "view", "schedule", "user"];

fn with_token() -> impl Iterator<Item = Operation> {
    operations::all().into_iter().filter(|operation| operation.needs_token)
}

/// A broadcast with a message, and a user whose number no small tenant has: all that another could reach for.
async fn victim(product: &Product, master: &Actor) -> Target {
    let schedule = master.plan(1).await;
    let said = master.post("/api/chat", &json!({"schedule_id": schedule, "body": "secret message"})).await.ok();
    let message = said["chat_id"].as_str().expect("an id").to_owned();
    product.presenter().await;
    Target { schedule, user: product.viewer().await.user_id, message }
}

async fn everything(master: &Actor, target: &Target) -> Vec<Value> {
    vec![
        master.get("/api/user").await.ok(),
        master.get("/api/schedule").await.ok(),
        master.get(&format!("/api/chat?schedule_id={}", target.schedule)).await.ok()["chats"].clone(),
        master.get(&format!("/api/delivery?schedule_id={}", target.schedule)).await.ok(),
    ]
}

#[tokio::test]
async fn each_of_the_sixteen_sets_of_permissions_opens_its_calls_from_the_next_request_on() {
    let product = Product::start().await;
    let master = product.master().await;
    let user = product.user_with(&[]).await;
    for bits in 0..16_usize {
        let held: Vec<&str> = (0..4).filter(|bit| bits >> bit & 1 == 1).map(|bit| PERMISSIONS[bit]).collect();
        let mut change = json!({"user_id": user.user_id});
        for permission in PERMISSIONS {
            change[permission] = json!(held.contains(&permission));
        }
        master.patch("/api/user", &change).await.ok();
        for operation in with_token() {
            let sufficient = operation.permissions();
            let may = sufficient.is_empty() || sufficient.iter().any(|permission| held.contains(permission));
            let answer = operation.without_form(&user).await;
            if may {
                answer.refused(400, "malformed_request")
            } else {
                answer.refused(403, "permission_denied")
            };
        }
    }
}

#[tokio::test]
async fn whoever_may_can_and_whoever_may_not_is_told_before_anything_else() {
    let product = Product::start().await;
    let master = product.master().await;
    let target = victim(&product, &master).await;
    let missing = Target::missing();
    let holders = [
        product.user_with(&["delivery"]).await,
        product.user_with(&["view"]).await,
        product.user_with(&["schedule"]).await,
        product.user_with(&["user"]).await,
    ];
    for operation in with_token().filter(|operation| operation.id != "logout") {
        for (holder, permission) in holders.iter().zip(PERMISSIONS) {
            if operation.permissions().is_empty() || operation.permissions().contains(&permission) {
                let answer = operation.on(holder, &missing).await;
                assert_ne!(answer.status, 403, "{} by {permission}", operation.id);
            } else {
                operation.on(holder, &target).await.refused(403, "permission_denied");
                operation.on(holder, &missing).await.refused(403, "permission_denied");
            }
        }
    }
}

#[tokio::test]
async fn what_belongs_to_another_tenant_answers_exactly_as_what_does_not_exist() {
    let product = Product::start().await;
    let master = product.master().await;
    let target = victim(&product, &master).await;
    let before = everything(&master, &target).await;
    let stranger = product.stranger().await;
    for operation in with_token().filter(|operation| operation.id != "logout") {
        let answer = operation.on(&stranger, &target).await;
        let Some(code) = operation.not_found() else {
            assert!(!answer.ok().to_string().contains(&target.schedule), "{}", operation.id);
            continue;
        };
        let missing = operation.on(&stranger, &Target::missing()).await;
        let (mut answer, mut missing) = (answer.refused(404, code), missing.refused(404, code));
        answer["request_id"].take();
        missing["request_id"].take();
        assert_eq!(answer, missing, "{}", operation.id);
    }
    assert_eq!(everything(&master, &target).await, before);
    let theirs = [stranger.get("/api/user").await.text, stranger.get("/api/schedule").await.text].concat();
    for ours in [master.email.as_str(), &target.schedule, "secret message"] {
        assert!(!theirs.contains(ours), "{ours}");
    }
    // The other tenant's slot is free here, although it is taken there.
    stranger.post("/api/schedule", &new_schedule(1)).await.ok();
    operation("logout").on(&stranger, &target).await.ok();
    master.get("/api/user").await.ok();
}

fn operation(id: &str) -> Operation {
    operations::all().into_iter().find(|operation| operation.id == id).expect("an operation")
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_or_with_something_like_one() {
    let product = Product::start().await;
    let master = product.master().await;
    let target = victim(&product, &master).await;
    let before = everything(&master, &target).await;
    let token = master.token.clone().unwrap();
    let nobody = product.anonymous();
    for operation in with_token() {
        let answer = operation.on(&nobody, &target).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        answer.refused(401, "unauthenticated");
        operation.without_form(&nobody).await.refused(401, "unauthenticated");
        operation.on(&nobody.with_token("x.y.z"), &target).await.refused(401, "unauthenticated");
        operation.on(&nobody.with_token(&token[..token.len() - 1]), &target).await.refused(401, "unauthenticated");
    }
    assert_eq!(everything(&master, &target).await, before);
    for authorization in [
        format!("Basic {token}"),
        token.clone(),
        format!("Bearer{token}"),
        format!("Bearer {token} x"),
        format!("Bearer {token},Bearer {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {}", token.to_uppercase()),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "API_KEY".to_owned(),
        format!("Bearer {}", "x".repeat(8_000)),
    ] {
        let answer = nobody.send(Method::GET, "/api/user", &[("authorization", &authorization)], None).await;
        answer.refused(401, "unauthenticated");
    }
    for scheme in ["bearer", "BEARER", "BeArEr"] {
        let authorization = format!("{scheme} {token}");
        nobody.send(Method::GET, "/api/user", &[("authorization", &authorization)], None).await.ok();
    }
}

#[tokio::test]
async fn the_calls_that_need_no_token_take_no_notice_of_one() {
    let product = Product::start().await;
    let master = product.master().await;
    for operation in operations::all().into_iter().filter(|operation| !operation.needs_token) {
        for actor in [product.anonymous(), product.anonymous().with_token("x"), master.clone()] {
            let answer = operation.on(&actor, &Target::missing()).await;
            match operation.id.as_str() {
                "login" => drop(answer.refused(401, "login_failed")),
                "get_calendar" | "watch" => assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, "")),
                _ => drop(answer.ok()),
            }
        }
    }
}

#[tokio::test]
async fn nobody_deletes_the_master_or_takes_from_it_and_only_the_master_edits_itself() {
    let product = Product::start().await;
    let master = product.master().await;
    let manager = product.user_with(&["user"]).await;
    let before = master.get("/api/user").await.ok()[0].clone();
    for change in [
        json!({"user_id": 1}),
        json!({"user_id": 1, "name": "taken over"}),
        json!({"user_id": 1, "password": "Password999"}),
        json!({"user_id": 1, "view": true}),
        json!({"user_id": 1, "view": false}),
    ] {
        manager.patch("/api/user", &change).await.refused(409, "master_protected");
    }
    for actor in [&manager, &master] {
        actor.delete("/api/user?user_id=1").await.refused(409, "master_protected");
        let body = json!({"user_id": 1}).to_string();
        actor.send(Method::DELETE, "/api/user", &[], Some(body.into())).await.refused(409, "master_protected");
    }
    for permission in PERMISSIONS {
        for no in [json!(false), json!(0)] {
            let mut change = json!({"user_id": 1, "name": "half done"});
            change[permission] = no;
            master.patch("/api/user", &change).await.refused(409, "master_protected");
        }
    }
    assert_eq!(master.get("/api/user").await.ok()[0], before);
    manager.patch("/api/user", &json!({"user_id": 1, "name": ""})).await.refused(422, "invalid_parameters");
    product.viewer().await.patch("/api/user", &json!({"user_id": 1})).await.refused(403, "permission_denied");
    let itself = json!({"user_id": 1, "name": "主", "delivery": true, "view": 1, "schedule": 1, "user": true});
    master.patch("/api/user", &itself).await.ok();
    let after = master.get("/api/user").await.ok()[0].clone();
    assert_eq!(after["name"], "主");
    assert_eq!((&after["is_master"], &after["permissions"]), (&before["is_master"], &before["permissions"]));
    product.master().await;
}

#[tokio::test]
async fn a_manager_of_users_can_give_itself_up() {
    let product = Product::start().await;
    let manager = product.user_with(&["user"]).await;
    manager.patch("/api/user", &json!({"user_id": manager.user_id, "user": false})).await.ok();
    manager.get("/api/user").await.refused(403, "permission_denied");
    manager.get("/api/schedule").await.ok();
    let other = product.user_with(&["user"]).await;
    other.delete(&format!("/api/user?user_id={}", other.user_id)).await.ok();
    other.get("/api/schedule").await.refused(401, "unauthenticated");
}
