//! Who is refused costs little: nothing is read for them whose size is not bounded, and a dead token is read for once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_tests::intercepted::{Intercept, Intercepted, Request};
use api_tests::{Actor, Product};
use local::Options;
use serde_json::json;
use shared::app::App;
use shared::operations::{Error, admit};
use shared::platform::telemetry;
use shared::policy::Action;
use shared::table::{Fault, Query};

use crate::support::operations::{self, Target};
use crate::support::sessions::another_session;

/// More than any first read of a call that asks for so many.
const BOUND: usize = 1_001;

#[derive(Clone, Default)]
struct Queries(Arc<Mutex<Vec<Query>>>);

impl Queries {
    /// Since this was last asked.
    fn seen(&self) -> Vec<Query> {
        std::mem::take(&mut *self.0.lock().expect("nobody panicked"))
    }
}

impl Intercept for Queries {
    async fn before(&self, request: Request<'_>) -> Result<(), Fault> {
        if let Request::Query(query) = request {
            self.0.lock().expect("nobody panicked").push(query.clone());
        }
        Ok(())
    }
}

fn is_bounded(query: &Query) -> bool {
    query.limit.is_some_and(|limit| limit <= BOUND)
}

#[tokio::test]
async fn a_refused_call_starts_no_unbounded_read() {
    let queries = Queries::default();
    let intercept = queries.clone();
    let guard: local::apps::Guard =
        Arc::new(move |_, inner| Arc::new(Intercepted { inner, intercept: intercept.clone() }));
    let product = Product::start_with(Options { guard: Some(guard), ..Options::default() }).await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let posted = master.post("/api/chat", &json!({"schedule_id": schedule, "body": "x"})).await.ok();
    let message = posted["chat_id"].as_str().expect("an id").to_owned();
    let target = Target { schedule, user: product.viewer().await.user_id, message };
    let (powerless, dead) = (product.user_with(&[]).await, another_session(&master).await);
    dead.post("/api/logout", &json!({})).await.ok();
    let refused = async |actor: &Actor, operation: &operations::Operation, status: u16| {
        // Nothing is remembered of the last call.
        product.advance(Duration::from_secs(11));
        queries.seen();
        assert_eq!(operation.on(actor, &target).await.status, status, "{}", operation.id);
        let unbounded: Vec<Query> = queries.seen().into_iter().filter(|query| !is_bounded(query)).collect();
        assert!(unbounded.is_empty(), "{} for a {status}: {unbounded:?}", operation.id);
    };
    for operation in operations::all().iter().filter(|operation| operation.needs_token) {
        refused(&dead, operation, 401).await;
        if !operation.permissions().is_empty() {
            refused(&powerless, operation, 403).await;
        }
    }
    queries.seen();
    master.get(&format!("/api/chat?schedule_id={}", target.schedule)).await.ok();
    assert!(queries.seen().iter().any(|query| !is_bounded(query)), "a whole chat is such a read");
}

/// Whether a token is refused, and how many calls to the table that takes.
async fn refusal(app: &App, actor: &Actor) -> (bool, u32) {
    let token = actor.token.as_deref().expect("a token");
    let bearer = app.tokens.verify(token, app.clock.now()).expect("one of ours");
    let (admitted, record) = telemetry::observe(admit(app, &bearer, Action::GetView, async { Ok(()) })).await;
    (matches!(admitted, Err(Error::Unauthenticated)), record.table_calls)
}

#[tokio::test]
async fn a_dead_token_is_read_for_once_and_one_that_may_live_again_each_time() {
    let product = Product::start().await;
    let app = product.server.apps.of("delivery-view");
    let (master, viewer) = (product.master().await, product.viewer().await);
    let other = another_session(&viewer).await;
    viewer.post("/api/logout", &json!({})).await.ok();
    let (is_refused, calls) = refusal(&app, &viewer).await;
    assert!(is_refused && calls > 0);
    assert_eq!(refusal(&app, &viewer).await, (true, 0));
    product.advance(Duration::from_secs(10));
    assert!(refusal(&app, &viewer).await.1 > 0, "after a while it is looked at again");
    assert!(!refusal(&app, &other).await.0, "another of the same user works");

    master.patch("/api/user", &json!({"user_id": viewer.user_id, "password": "Password321"})).await.ok();
    assert!(refusal(&app, &other).await.0);
    assert_eq!(refusal(&app, &other).await, (true, 0));

    let gone = product.viewer().await;
    master.delete(&format!("/api/user?user_id={}", gone.user_id)).await.ok();
    assert!(refusal(&app, &gone).await.0);
    assert_eq!(refusal(&app, &gone).await, (true, 0));

    let tenant = json!(local::demo::TENANT);
    product.invoke("tenant", &json!({"action": "suspend_tenant", "tenant_id": tenant})).await.unwrap();
    assert!(refusal(&app, &master).await.0);
    assert!(refusal(&app, &master).await.1 > 0, "a suspension ends");
    product.invoke("tenant", &json!({"action": "resume_tenant", "tenant_id": tenant})).await.unwrap();
    assert!(!refusal(&app, &master).await.0);
}
