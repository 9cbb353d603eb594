//! What was done is found out, although every answer of the table was lost.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_tests::intercepted::{Intercept, Request};
use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Product, new_schedule, new_schedule_at};
use serde_json::{Value, json};
use shared::app::App;
use shared::domain::ids::TenantId;
use shared::store::schedules;
use shared::table::Fault;

/// As often as the table attempts one decision.
const ATTEMPTS: usize = 8;

/// The table does what it is asked, and the answer is lost where somebody writes under a key of this kind.
#[derive(Clone, Default)]
struct Silence(Arc<Mutex<Option<(&'static str, usize)>>>);

impl Silence {
    async fn over(product: &Product) -> (Self, App) {
        let silence = Self::default();
        let table = product.intercepted_table(silence.clone()).await;
        (silence, App { table, ..product.server.app.clone() })
    }

    /// The answers to the next attempts to write under such a key are lost.
    fn loses(&self, kind: &'static str, answers: usize) {
        *self.0.lock().unwrap() = Some((kind, answers));
    }
}

impl Intercept for Silence {
    fn after(&self, request: Request<'_>) -> Result<(), Fault> {
        let writes = match request {
            Request::Write(write) => std::slice::from_ref(write),
            Request::Transact(writes) => writes,
            _ => &[],
        };
        match &mut *self.0.lock().unwrap() {
            Some((kind, answers)) if *answers > 0 && writes.iter().any(|write| write.key.pk.starts_with(*kind)) => {
                *answers -= 1;
                Err(Fault::Unknown("no answer".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// Sends a request into its function, over a table that may be silent, and answers its status and body.
async fn call(app: &App, actor: &Actor, method: &str, path: &str, body: &Value) -> (u64, Value) {
    let request = actor.event(method, path).json(body);
    let function = local::functions::named(local::functions::behind(&request.path)).expect("a function");
    let answer = local::functions::invoke(app, function, request.payload_2()).await.expect("an answer");
    let body = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    (answer["statusCode"].as_u64().expect("a status"), body)
}

async fn plans(app: &App, actor: &Actor) -> u64 {
    call(app, actor, "POST", "/api/schedule", &new_schedule(1)).await.0
}

#[tokio::test]
async fn a_schedule_that_came_to_be_unanswered_is_answered_and_keeps_its_channel() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let (silence, app) = Silence::over(&product).await;
    silence.loses("HLS#", ATTEMPTS);
    assert_eq!(plans(&app, &master).await, 200);
    assert_eq!((upstream.created(), upstream.channels().len()), (1, 1));
    let list = master.get("/api/schedule").await.ok();
    let id = list[0]["schedule_id"].as_str().unwrap();
    assert_eq!(master.get(&format!("/api/delivery?schedule_id={id}")).await.ok()["channel_id"], "channel-001");
}

#[tokio::test]
async fn a_reservation_that_was_made_unanswered_is_not_in_the_way_of_the_next_try() {
    let product = Product::start().await;
    let master = product.master().await;
    let (silence, app) = Silence::over(&product).await;
    silence.loses("TODO", ATTEMPTS);
    assert_eq!(plans(&app, &master).await, 503);
    assert_eq!(plans(&app, &master).await, 200, "at once, and not when a lease ends");
    assert_eq!(master.get("/api/schedule").await.ok().as_array().unwrap().len(), 1);
}

/// A schedule whose channel was retired and that was prolonged: who asks for its delivery makes another.
async fn without_a_channel() -> (Upstream, Product, Actor, String) {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let mut body = new_schedule_at(&product.datetime_in(60), &product.datetime_in(3_660));
    let id = master.post("/api/schedule", &body).await.ok()["schedule_id"].clone();
    product.advance(Duration::from_hours(26));
    for _ in 0..2 {
        product.invoke("sweeper", &json!({})).await.unwrap();
        product.advance(Duration::from_secs(5));
    }
    assert!(upstream.channels().is_empty());
    let master = master.with_token(&master.new_token().await);
    body["schedule_id"] = id.clone();
    body["end_datetime"] = json!(product.datetime_in(3_600));
    master.patch("/api/schedule", &body).await.ok();
    (upstream, product, master, id.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_channel_that_was_attached_unanswered_is_kept_and_told() {
    let (upstream, product, master, id) = without_a_channel().await;
    let (silence, app) = Silence::over(&product).await;
    let path = format!("/api/delivery?schedule_id={id}");
    silence.loses("HOOK#", ATTEMPTS);
    let (status, delivery) = call(&app, &master, "GET", &path, &Value::Null).await;
    assert_eq!((status, &delivery["channel_id"]), (200, &json!("channel-002")));
    assert_eq!(upstream.channels().into_iter().collect::<Vec<_>>(), ["channel-002"]);
    assert_eq!(master.get(&path).await.ok()["channel_id"], "channel-002");
}

#[tokio::test]
async fn a_claim_that_was_made_unanswered_is_not_in_the_way_of_the_next_try() {
    let (upstream, product, master, id) = without_a_channel().await;
    let (silence, app) = Silence::over(&product).await;
    let path = format!("/api/delivery?schedule_id={id}");
    silence.loses("SCHED#", ATTEMPTS);
    assert_eq!(call(&app, &master, "GET", &path, &Value::Null).await.0, 503);
    master.get(&path).await.ok();
    assert_eq!((upstream.created(), upstream.channels().len()), (2, 1));
}

#[tokio::test]
async fn a_claim_whose_maker_died_holds_for_its_lease_and_no_longer() {
    let (upstream, product, master, id) = without_a_channel().await;
    let path = format!("/api/delivery?schedule_id={id}");
    let app = &product.server.app;
    let tenant = TenantId::from(local::demo::TENANT);
    let now = app.clock.now().timestamp();
    let schedule = id.as_str().into();
    schedules::claim_channel(&app.table, &tenant, &schedule, "dead", now, now + 60).await.unwrap();
    assert!(!master.get(&path).await.header("retry-after").is_empty());
    product.advance(Duration::from_secs(61));
    master.get(&path).await.ok();
    assert_eq!(upstream.created(), 2);
}

#[tokio::test]
async fn a_useless_channel_that_cannot_be_deleted_now_is_deleted_later() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    upstream.is(Mood::MakesUseless);
    master.post("/api/schedule", &new_schedule(1)).await.refused(502, "imageflux_failed");
    assert_eq!(upstream.channels().len(), 1);
    upstream.is(Mood::Kind);
    product.advance(Duration::from_secs(2));
    product.invoke("sweeper", &json!({})).await.unwrap();
    assert!(upstream.channels().is_empty());
}
