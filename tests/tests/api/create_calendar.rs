//! `POST /api/calendar` gives an address for one's own calendar program.

use api_tests::Product;
use local::Options;
use serde_json::json;

use crate::support::feed;

#[tokio::test]
async fn anybody_signed_in_gets_an_address_that_needs_no_token() {
    let product = Product::start().await;
    let nobody_special = product.user_with(&[]).await;
    let answer = nobody_special.post("/api/calendar", &json!({})).await.ok();
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    let url = answer["calendar_url"].as_str().unwrap();
    assert!(
        url.starts_with(&format!("{}/calendar/", product.server.url()))
            && url.rsplit_once('.').is_some_and(|(_, kind)| kind == "ics"),
        "{url}"
    );
    assert!(feed::lives(&nobody_special, &url[product.server.url().len()..]).await);
}

#[tokio::test]
async fn a_new_address_replaces_the_old_one_and_touches_nobody_elses() {
    let product = Product::start().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let (old, other) = (feed::new_feed(&master).await, feed::new_feed(&viewer).await);
    let new = feed::new_feed(&master).await;
    assert!(!feed::lives(&master, &old).await);
    assert!(feed::lives(&master, &new).await && feed::lives(&viewer, &other).await);
}

#[tokio::test]
async fn the_address_is_the_one_that_is_configured() {
    let mut options = Options::default();
    options.config.api_url = Some("https://opt.example/".to_owned());
    let product = Product::start_with(options).await;
    let answer = product.master().await.post("/api/calendar", &json!({})).await.ok();
    assert!(answer["calendar_url"].as_str().unwrap().starts_with("https://opt.example/calendar/"), "{answer}");
}

/// Of the key the table keeps nothing from which it could be made again.
#[tokio::test]
async fn the_table_never_holds_the_key() {
    let product = Product::start().await;
    let master = product.master().await;
    let path = feed::new_feed(&master).await;
    let key = path.trim_start_matches("/calendar/").trim_end_matches(".ics");
    let tenant = shared::domain::ids::TenantId::from(local::demo::TENANT);
    let user = shared::domain::ids::UserId(1);
    let kept = shared::store::feeds::find(&product.server.app.table, &tenant, user).await.unwrap().unwrap();
    assert!(!key.contains(&kept) && !kept.contains(&key[key.len() - 20..]), "{kept} {key}");
}
