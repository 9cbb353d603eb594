//! `GET /api/user`: by their number, whole or in pages.

use api_tests::{Product, new_user};
use serde_json::{Value, json};
use shared::domain::email::Email;
use shared::domain::ids::{TenantId, UserId};
use shared::domain::permission::Permissions;
use shared::domain::user::{User, UserName};
use shared::store::users;

use crate::support::pages::{next, pages};
use crate::support::write_all;

fn numbers(list: &[Value]) -> Vec<i64> {
    list.iter().map(|user| user["user_id"].as_i64().expect("a number")).collect()
}

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

#[tokio::test]
async fn users_are_listed_whole_and_page_by_page() {
    let product = Product::start().await;
    let master = product.master().await;
    for _ in 0..6 {
        master.post("/api/user", &new_user(&["view"])).await.ok();
    }
    let answer = master.get("/api/user").await;
    assert_eq!(answer.header("link"), "");
    let whole = answer.ok().as_array().unwrap().clone();
    assert_eq!(numbers(&whole), [1, 2, 3, 4, 5, 6, 7]);
    for limit in [1000, 7, 6, 2, 1] {
        let pages = pages(&master, &format!("/api/user?limit={limit}")).await;
        assert_eq!(pages.len(), 7_usize.div_ceil(limit), "pages of {limit}");
        assert!(pages[..pages.len() - 1].iter().all(|page| page.len() == limit));
        assert_eq!(pages.concat(), whole, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_ended_even_if_that_user_is_gone() {
    let product = Product::start().await;
    let master = product.master().await;
    for _ in 0..4 {
        master.post("/api/user", &new_user(&["view"])).await.ok();
    }
    let link = next(&master.get("/api/user?limit=2").await.header("link")).unwrap();
    master.delete("/api/user?user_id=2").await.ok();
    assert_eq!(numbers(master.get(&link).await.ok().as_array().unwrap()), [3, 4]);
}

#[tokio::test]
async fn what_is_no_cursor_of_the_users_is_refused() {
    let product = Product::start().await;
    let (master, stranger) = (product.master().await, product.stranger().await);
    master.post("/api/user", &new_user(&["view"])).await.ok();
    for hour in 0..2 {
        master.plan(hour).await;
    }
    let link = next(&master.get("/api/user?limit=1").await.header("link")).unwrap();
    assert_eq!(stranger.get(&link).await.invalid_fields()[0].0, "cursor");
    let of_schedules = next(&master.get("/api/schedule?limit=1").await.header("link")).unwrap();
    let cursor = of_schedules.split_once("cursor=").unwrap().1;
    for cursor in ["x", cursor] {
        let answer = master.get(&format!("/api/user?cursor={cursor}")).await;
        assert_eq!(answer.invalid_fields()[0].0, "cursor", "{cursor}");
    }
    for limit in ["0", "1001", "-1", "x"] {
        assert_eq!(master.get(&format!("/api/user?limit={limit}")).await.invalid_fields()[0].0, "limit", "{limit}");
    }
}

/// Puts users with the longest names and addresses into the table, from this number on.
async fn fill(product: &Product, first: i64, count: i64) {
    let tenant = TenantId::from(local::demo::TENANT);
    let user = |number: i64| User {
        id: UserId(number),
        name: UserName::parse(&"𠮟".repeat(30)).expect("a name"),
        email: Email::parse(&format!("{number:064}@{}example.jp", "a.".repeat(85))).expect("an address"),
        permissions: Permissions::ALL,
        is_master: false,
        created_at: product.server.app.clock.now_second(),
    };
    let writes = (first..first + count).flat_map(|number| users::create(&tenant, &user(number)).expect("items"));
    let writes: Vec<_> = writes.filter(|write| write.key.pk.starts_with("USER#")).collect();
    write_all(product, &writes).await;
}

#[tokio::test]
async fn a_list_that_no_answer_can_hold_goes_on_in_a_link() {
    const USERS: i64 = 10_000;
    let product = Product::start().await;
    let master = product.master().await;
    fill(&product, 2, USERS - 1).await;
    let mut path = Some("/api/user".to_owned());
    let mut listed = Vec::new();
    let mut answers = 0;
    while let Some(this) = path {
        let answer = master.get(&this).await;
        path = next(&answer.header("link"));
        // Lambda hands the body over as a string inside of JSON.
        assert!(answer.text.len() <= 5_000_000 && json!(answer.text).to_string().len() < 6_000_000);
        assert!(path.is_none() || answer.text.len() > 4_000_000, "an answer holds what it can");
        listed.extend(numbers(answer.ok().as_array().unwrap()));
        answers += 1;
    }
    assert!(answers > 1);
    assert!(listed.iter().copied().eq(1..=USERS), "each user once, by number");
}
