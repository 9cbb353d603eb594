//! How long a token lives, and what ends it sooner.

use std::time::Duration;

use api_tests::Product;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use local::demo;
use serde_json::{Value, json};
use shared::crypto::tokens::Bearer;
use shared::domain::ids::UserId;
use shared::domain::trail::Origin;

use crate::support::sessions::{another_session, lives};

/// The claims inside of a token.
fn claims(token: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_token_lives_until_the_very_second_that_was_promised() {
    let product = Product::start().await;
    let master = product.master().await;
    let clock = &product.server.app.clock;
    let expires_at =
        DateTime::from_timestamp(claims(master.token.as_ref().unwrap())["exp"].as_i64().unwrap(), 0).unwrap();
    let until = |instant: DateTime<Utc>| (instant - clock.now()).to_std().unwrap();
    let lifetime = until(expires_at);
    assert!(lifetime <= Duration::from_hours(12) && lifetime > Duration::from_hours(12) - Duration::from_mins(1));
    product.advance(until(expires_at - TimeDelta::seconds(5)));
    assert!(lives(&master).await);
    product.advance(until(expires_at));
    assert!(!lives(&master).await);
    assert!(lives(&another_session(&master).await).await);
}

#[tokio::test]
async fn a_change_of_anything_else_ends_no_token() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    master.patch("/api/user", &json!({"user_id": viewer.user_id, "name": "x", "view": false})).await.ok();
    master.patch("/api/access-code", &json!({"access_code": "another code"})).await.ok();
    assert!(lives(&viewer).await && lives(&master).await);
    let old_code = json!({"email": viewer.email, "password": viewer.password, "access_code": viewer.access_code});
    viewer.post("/api/login", &old_code).await.refused(401, "login_failed");
    product.log_in(&viewer.email, &viewer.password, "another code", viewer.user_id).await;
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let product = Product::start().await;
    let master = product.master().await;
    let token = master.token.clone().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut claims = claims(&token);
    claims["exp"] = json!(4_102_444_800_i64);
    let longer = encode(&claims);
    let header = |alg: &str| encode(&json!({"alg": alg, "typ": "JWT", "kid": "local"}));
    let public_key = demo::PUBLIC_KEYS.split_once('=').unwrap().1;
    let last = parts[2].as_bytes()[parts[2].len() - 1];
    let flipped = format!("{}{}", &parts[2][..parts[2].len() - 1], if last == b'A' { 'Q' } else { 'A' });
    for forged in [
        format!("{}.{longer}.{}", parts[0], parts[2]),
        format!("{}.{longer}.", header("none")),
        format!("{}.{}.", header("none"), parts[1]),
        format!("{}.{}.{}", header("HS256"), parts[1], parts[2]),
        format!("{}.{longer}.{public_key}", header("HS256")),
        format!("{}.{}.{flipped}", parts[0], parts[1]),
        format!("{}.{}.{}=", parts[0], parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.{}", parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        "..".to_owned(),
    ] {
        assert!(!lives(&master.with_token(&forged)).await, "{forged}");
    }
    assert!(lives(&master).await);
}

#[tokio::test]
async fn a_well_signed_token_of_nobody_opens_nothing() {
    let product = Product::start().await;
    let master = product.master().await;
    let (app, now) = (&product.server.app, product.server.app.clock.now());
    let genuine = Bearer {
        tenant: demo::TENANT.into(),
        user: UserId::MASTER,
        token: "t".into(),
        token_version: 0,
        expires_at: now + TimeDelta::hours(1),
        origin: Origin::default(),
    };
    let forged = |bearer: Bearer| master.with_token(&app.tokens.issue(&bearer, now).unwrap());
    assert!(lives(&forged(genuine.clone())).await);
    let unknown = "00000000-0000-4000-8000-00000000dead";
    assert!(!lives(&forged(Bearer { tenant: unknown.into(), ..genuine.clone() })).await);
    assert!(!lives(&forged(Bearer { tenant: "x#y".into(), ..genuine.clone() })).await);
    for user in [0, 2, -1, i64::MAX] {
        assert!(!lives(&forged(Bearer { user: UserId(user), ..genuine.clone() })).await, "{user}");
    }
    for token_version in [-1, 1, i64::MAX] {
        assert!(!lives(&forged(Bearer { token_version, ..genuine.clone() })).await, "{token_version}");
    }
    let expired = Bearer { expires_at: now - TimeDelta::seconds(1), ..genuine };
    assert!(!lives(&master.with_token(&app.tokens.issue(&expired, now - TimeDelta::hours(1)).unwrap())).await);
}
