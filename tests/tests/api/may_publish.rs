//! `POST /hooks/imageflux/{key}/auth`: who may publish. `may_publish.txt` is the whole rule as a table.

use std::fmt::Write as _;
use std::time::Duration;

use api_tests::upstream::Upstream;
use api_tests::{Product, new_schedule_at};
use serde_json::{Value, json};

use crate::support::evening::{Evening, Hooks};

async fn token(actor: &api_tests::Actor, id: &str) -> Value {
    actor.get(&format!("/api/delivery?schedule_id={id}")).await.ok()["publish_token"].clone()
}

/// One deployment with a broadcast from two hours on, for an hour; and what six presenters show.
async fn presenters(mode: &str) -> (Product, Hooks, Vec<(&'static str, Value)>) {
    let upstream = Upstream::start().await;
    let mut options = upstream.options();
    options.config.publish_without_token = Some(mode.to_owned());
    let product = Product::start_with(options).await;
    let master = product.master().await;
    let later = new_schedule_at(&product.datetime_in(30_000), &product.datetime_in(33_000));
    let foreign = master.post("/api/schedule", &later).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    let body = new_schedule_at(&product.datetime_in(7_200), &product.datetime_in(10_800));
    let id = master.post("/api/schedule", &body).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    let mut hooks = Hooks::of(&product, &upstream);
    hooks.is_about("channel-002");
    let before_the_reset = token(&master, &id).await;
    master.post("/api/delivery/reset", &json!({"schedule_id": id})).await.ok();
    let (deleted, degraded) = (product.presenter().await, product.presenter().await);
    let shown = vec![
        ("no token", Value::Null),
        ("right", token(&master, &id).await),
        ("foreign", token(&master, &foreign).await),
        ("reset", before_the_reset),
        ("of a deleted user", token(&deleted, &id).await),
        ("of one who lost delivery", token(&degraded, &id).await),
    ];
    master.delete(&format!("/api/user?user_id={}", deleted.user_id)).await.ok();
    master.patch("/api/user", &json!({"user_id": degraded.user_id, "delivery": false})).await.ok();
    (product, hooks, shown)
}

#[tokio::test]
async fn of_several_tokens_one_whose_user_may_publish_is_enough() {
    let (product, hooks, shown) = presenters("never").await;
    product.advance(Duration::from_secs(5_500));
    let of = |name: &str| shown.iter().find(|(shown, _)| *shown == name).unwrap().1.clone();
    let (right, degraded, foreign) = (of("right"), of("of one who lost delivery"), of("foreign"));
    for metadata in [json!([degraded, foreign, right]), json!([right, degraded]), json!({"a": degraded, "b": [right]})]
    {
        let answer = hooks.ask("sendonly", &metadata).await;
        assert_eq!((&answer["allowed"], &answer["client_id"]), (&json!(true), &json!("u1")), "{metadata}");
    }
    let answer = hooks.ask("sendonly", &json!([degraded, foreign])).await;
    assert_eq!(answer["allowed"], false, "{answer}");
}

#[tokio::test]
async fn who_may_publish_is_as_the_table_says() {
    let mut table = String::from(
        "# token, PUBLISH_WITHOUT_TOKEN, role: before the lead, in the lead, on air, in the overrun, after it\n",
    );
    for mode in ["window", "never", "always"] {
        let (product, hooks, shown) = presenters(mode).await;
        let mut rows: Vec<(String, Vec<String>)> = Vec::new();
        // Seconds from now: the start is at 7,200 and the end at 10,800.
        let mut now = 0;
        for moment in [5_300, 5_500, 9_000, 14_300, 14_500] {
            product.advance(Duration::from_secs(moment - now));
            now = moment;
            let mut row = 0;
            for (name, token) in &shown {
                for role in ["sendonly", "sendrecv", "recvonly"] {
                    let metadata = if token.is_null() { Value::Null } else { json!({"access_token": token}) };
                    let answer = hooks.ask(role, &metadata).await;
                    let word = match answer["allowed"].as_bool() {
                        Some(true) => "allowed",
                        _ => answer["reason"].as_str().expect("a reason"),
                    };
                    if rows.len() <= row {
                        rows.push((format!("{name}, {mode}, {role}"), Vec::new()));
                    }
                    rows[row].1.push(word.to_owned());
                    row += 1;
                }
            }
        }
        for (name, words) in rows {
            writeln!(table, "{name}: {}", words.join(", ")).unwrap();
        }
    }
    assert_eq!(table, include_str!("may_publish.txt"), "is:\n{table}");
}

#[tokio::test]
async fn who_shows_a_token_is_named_and_found_wherever_a_client_puts_it() {
    let evening = Evening::begins().await;
    let token = token(&evening.master, &evening.id).await;
    let token = token.as_str().unwrap();
    let named = json!({"allowed": true, "client_id": "u1", "event_metadata": {"user_id": 1}});
    for metadata in [
        json!({"access_token": token, "other": 1}),
        json!(token),
        json!(format!("Bearer {token}")),
        json!({"authorization": {"header": [format!("bearer {token}")]}}),
        // That of another broadcast, or of before a reset, beside it.
        json!({"a": &token.replacen(&token[40..44], "2222", 1), "access_token": token, "z": "ifop_"}),
    ] {
        assert_eq!(evening.hooks.ask("sendonly", &metadata).await, named, "{metadata}");
    }
    for place in ["auth_metadata", "authn_metadata", "whip"] {
        let mut question = json!({"channel_id": "channel-001", "metadata": ""});
        question[place] = json!({"token": token});
        let answer = evening.product.anonymous().post(evening.hooks.auth_path(), &question).await.ok();
        assert_eq!(answer, named, "{place}");
    }
    assert_eq!(evening.hooks.ask("sendonly", &json!("")).await, json!({"allowed": true}));
    let broken = evening.hooks.ask("sendonly", &json!({"access_token": &token[..44]})).await;
    assert_eq!(broken, json!({"allowed": false, "reason": "TOKEN_UNKNOWN"}));
}

#[tokio::test]
async fn without_a_table_a_presenter_is_asked_to_try_again_soon() {
    let evening = Evening::begins().await;
    evening.product.lose_the_table().await;
    let nobody = json!("");
    let asked = tokio::time::timeout(Duration::from_secs(2), evening.hooks.ask("sendonly", &nobody));
    assert_eq!(asked.await.expect("an answer in time"), json!({"allowed": false, "reason": "TRY_AGAIN"}));
}

#[tokio::test]
async fn a_token_for_the_end_of_time_ends_with_it() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut body = api_tests::new_schedule(1);
    body["start_datetime"] = json!("9999/12/31 23:00:00");
    body["end_datetime"] = json!("9999/12/31 23:59:59");
    let id = master.post("/api/schedule", &body).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    let delivery = master.get(&format!("/api/delivery?schedule_id={id}")).await.ok();
    assert_eq!(delivery["publish_token_expires_at"], "9999/12/31 23:59:59");
}

#[tokio::test]
async fn nobody_publishes_elsewhere_or_for_a_suspended_tenant() {
    let evening = Evening::begins().await;
    let no = json!({"allowed": false, "reason": "NOT_ALLOWED"});
    let caller = evening.product.anonymous();
    let other = json!({"channel_id": "channel-002", "role": "sendonly"});
    assert_eq!(caller.post(evening.hooks.auth_path(), &other).await.ok(), no);
    let unknown = evening.hooks.auth_path().replace("/auth", "x/auth");
    let answer = caller.post(&unknown, &other).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, ""));
    caller
        .send(reqwest::Method::POST, evening.hooks.auth_path(), &[], Some(b"[]".to_vec()))
        .await
        .refused(400, "malformed_request");
    let suspend = json!({"action": "suspend_tenant", "tenant_id": local::demo::TENANT});
    evening.product.invoke("tenant", &suspend).await.unwrap();
    assert_eq!(evening.hooks.ask("sendonly", &Value::Null).await, no);
}
