//! What ends a token, a permission or a tenant's work holds at the very next request, or within two seconds.

use std::sync::Arc;
use std::time::Duration;

use api_tests::{Actor, Product};
use local::Options;
use serde_json::json;
use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::ids::{TenantId, UserId};
use shared::domain::tenant::State;
use shared::domain::trail::{Author, Origin};
use shared::operations::tenants;
use shared::platform::clock::Clock;

use crate::support::sessions::{another_session, lives};

/// A product whose clock stands still, a broadcast in it, and a viewer who looks at it all the time.
async fn a_viewer_who_polls() -> (Product, Actor, Actor, String) {
    let noon = chrono::DateTime::from_timestamp(1_900_000_000, 0).unwrap();
    let product = Product::start_with(Options { clock: Clock::stopped_at(noon), ..Options::default() }).await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let id = master.plan(1).await;
    viewer.get(&format!("/api/chat?schedule_id={id}")).await.ok();
    (product, master, viewer, format!("/api/chat?schedule_id={id}"))
}

#[tokio::test]
async fn a_log_out_is_refused_at_the_next_request_and_the_other_tokens_work() {
    let (_product, _, viewer, chat) = a_viewer_who_polls().await;
    let other = another_session(&viewer).await;
    viewer.post("/api/logout", &json!({})).await.ok();
    viewer.get(&chat).await.refused(401, "unauthenticated");
    other.get(&chat).await.ok();
}

#[tokio::test]
async fn a_deletion_is_refused_at_the_next_request() {
    let (_product, master, viewer, chat) = a_viewer_who_polls().await;
    master.delete(&format!("/api/user?user_id={}", viewer.user_id)).await.ok();
    viewer.get(&chat).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_demotion_is_refused_at_the_next_request() {
    let (_product, master, viewer, chat) = a_viewer_who_polls().await;
    master.patch("/api/user", &json!({"user_id": viewer.user_id, "view": false})).await.ok();
    viewer.get(&chat).await.refused(403, "permission_denied");
    master.patch("/api/user", &json!({"user_id": viewer.user_id, "delivery": true})).await.ok();
    viewer.get(&chat).await.ok();
}

#[tokio::test]
async fn a_new_password_is_known_at_the_next_request() {
    let (_product, master, viewer, chat) = a_viewer_who_polls().await;
    let other = another_session(&viewer).await;
    viewer.patch("/api/password", &json!({"password": "Password789"})).await.ok();
    other.get(&chat).await.refused(401, "unauthenticated");
    viewer.get(&chat).await.ok();
    master.patch("/api/user", &json!({"user_id": viewer.user_id, "password": "Password321"})).await.ok();
    viewer.get(&chat).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_suspension_elsewhere_holds_within_two_seconds() {
    let (product, _, viewer, chat) = a_viewer_who_polls().await;
    let elsewhere = App { caches: Arc::default(), ..product.server.app.clone() };
    product.advance(Duration::from_secs(2));
    viewer.get(&chat).await.ok();
    let tenant = TenantId::from(local::demo::TENANT);
    assert!(tenants::set_state(&elsewhere, &Author::operator("test"), &tenant, State::Suspended).await.unwrap());
    product.advance(Duration::from_millis(1_999));
    viewer.get(&chat).await.ok();
    product.advance(Duration::from_millis(1));
    viewer.get(&chat).await.refused(401, "unauthenticated");
    assert!(tenants::set_state(&elsewhere, &Author::operator("test"), &tenant, State::Active).await.unwrap());
    product.advance(Duration::from_secs(2));
    viewer.get(&chat).await.ok();
}

#[tokio::test]
async fn hundreds_of_log_outs_stay_refused() {
    let (product, _, viewer, _) = a_viewer_who_polls().await;
    let app = &product.server.app;
    let session = || {
        product.advance(Duration::from_secs(1));
        let now = app.clock.now();
        let bearer = Bearer {
            tenant: local::demo::TENANT.into(),
            user: UserId(viewer.user_id),
            token: app.random.uuid().into(),
            token_version: 0,
            expires_at: now + app.token_lifetime,
            origin: Origin::default(),
        };
        viewer.with_token(&app.tokens.issue(&bearer, now).unwrap())
    };
    let sessions: Vec<Actor> = (0..103).map(|_| session()).collect();
    let last = session();
    for session in &sessions {
        session.post("/api/logout", &json!({})).await.ok();
    }
    for session in &sessions {
        assert!(!lives(session).await);
    }
    assert!(!lives(&viewer).await, "its token is older than those that were forgotten");
    assert!(lives(&last).await);
}
