//! How long clients are told to wait: longer, as the polls of one schedule come near what the deployment is set to bear.

use std::sync::Arc;
use std::time::Duration;

use api_tests::intercepted::{Intercept, Intercepted, Request};
use api_tests::{Actor, Product};
use local::Options;
use serde_json::json;
use shared::platform::clock::Clock;
use shared::store::keys;
use shared::table::{Fault, Value, Write};

/// It bears so many polls of one schedule. The clock stands until the test moves it.
async fn product(polls_per_second: i64) -> Product {
    let noon = shared::http::datetime::parse("2029/01/01 12:00:00").expect("a date-time");
    let mut options = Options { clock: Clock::stopped_at(noon), ..Options::default() };
    options.config.polls_per_second = polls_per_second;
    Product::start_with(options).await
}

/// Polls the chat, and answers how long to wait.
async fn poll(actor: &Actor, id: &str) -> i64 {
    let answer = actor.get(&format!("/api/chat?schedule_id={id}&tail=1")).await.ok();
    answer["poll_after_ms"].as_i64().expect("a number")
}

/// So many readers poll as they are told, from one moment on, for a minute; what they were told in its last half.
async fn obeyed(product: &Product, actor: &Actor, id: &str, pollers: usize) -> Vec<i64> {
    let begin = product.server.app.clock.now();
    let mut due = vec![0; pollers];
    let mut told = Vec::new();
    loop {
        let (next, at) = due.iter().copied().enumerate().min_by_key(|(_, at)| *at).expect("a poller");
        if at > 60_000 {
            return told;
        }
        let now = (product.server.app.clock.now() - begin).num_milliseconds();
        product.advance(Duration::from_millis(u64::try_from(at - now).unwrap_or_default()));
        let pause = poll(actor, id).await;
        due[next] = at + pause;
        if at > 30_000 {
            told.push(pause);
        }
    }
}

#[tokio::test]
async fn pauses_are_spread_though_nobody_else_polls() {
    let product = product(4).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let mut told = Vec::new();
    for _ in 0..20 {
        told.push(poll(&master, &id).await);
    }
    assert!(told.iter().all(|pause| (2_000..=2_400).contains(pause)), "{told:?}");
    told.sort_unstable();
    told.dedup();
    assert!(told.len() > 5, "{told:?}");
}

#[tokio::test]
async fn at_half_the_load_nobody_waits_longer() {
    let product = product(4).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let told = obeyed(&product, &master, &id, 4).await;
    assert!(told.iter().all(|pause| (2_000..=2_400).contains(pause)), "{told:?}");
}

#[tokio::test]
async fn at_double_load_pauses_grow_until_the_load_is_borne() {
    let product = product(4).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let told = obeyed(&product, &master, &id, 16).await;
    // Without pacing they would poll seven times a second. An exchange that a busy machine loses counts for one slot.
    let polls_per_second = i64::try_from(told.len()).unwrap() / 30;
    assert!(polls_per_second <= 5, "{polls_per_second}");
    let mean = told.iter().sum::<i64>() / i64::try_from(told.len()).unwrap();
    assert!((2_800..=7_000).contains(&mean), "{told:?}");
}

#[tokio::test]
async fn who_does_not_wait_makes_all_wait_the_longest_and_no_other_schedule() {
    let product = product(1).await;
    let master = product.master().await;
    let (id, other) = (master.plan(1).await, master.plan(2).await);
    for _ in 0..150 {
        poll(&master, &id).await;
        product.advance(Duration::from_millis(200));
    }
    let now = product.server.app.clock.now().timestamp();
    let key = keys::load(&local::demo::TENANT.into(), &id.parse::<uuid::Uuid>().unwrap().into(), now / 10 - 1);
    let Some(Value::N(expires_at)) = product.server.app.table.get(&key).await.unwrap().unwrap().remove("expires_at")
    else {
        panic!("what is counted is forgotten some day")
    };
    assert!((30..=70).contains(&(expires_at.parse::<i64>().unwrap() - now)), "{expires_at} at {now}");
    let view = master.get(&format!("/api/view?schedule_id={id}")).await;
    let seconds: u64 = view.header("retry-after").parse().expect("seconds");
    assert!((8..=10).contains(&seconds), "chat and view share what they count: {seconds}");
    let problem = view.refused(404, "not_live");
    let watch =
        problem["watch_url"].as_str().and_then(|url| url.strip_prefix(&product.server.url())).expect("an address");
    let seconds: u64 = product.anonymous().get(watch).await.header("retry-after").parse().expect("seconds");
    assert!((8..=10).contains(&seconds), "{seconds}");
    assert!((8_000..=10_000).contains(&poll(&master, &id).await));
    assert!((2_000..=2_400).contains(&poll(&master, &other).await));

    product.advance(Duration::from_secs(30));
    poll(&master, &id).await;
    product.advance(Duration::from_secs(20));
    assert!((2_000..=2_400).contains(&poll(&master, &id).await), "when they have gone, it is over");
}

#[tokio::test]
async fn refused_polls_do_not_count() {
    let product = product(1).await;
    let (master, presenter) = (product.master().await, product.presenter().await);
    let id = master.plan(1).await;
    let nobody = product.anonymous();
    for _ in 0..100 {
        nobody.get(&format!("/api/view?schedule_id={id}")).await.refused(401, "unauthenticated");
        presenter.get(&format!("/api/view?schedule_id={id}")).await.refused(403, "permission_denied");
        product.advance(Duration::from_millis(200));
    }
    assert!((2_000..=2_400).contains(&poll(&master, &id).await));
}

/// Whatever counts polls fails at once, or is never answered.
struct Uncountable {
    hangs: bool,
}

impl Intercept for Uncountable {
    async fn before(&self, request: Request<'_>) -> Result<(), Fault> {
        let (Request::Get(key) | Request::Write(Write { key, .. })) = request else { return Ok(()) };
        match (key.pk.starts_with("LOAD"), self.hangs) {
            (false, _) => Ok(()),
            (true, false) => Err(Fault::Busy("too many".to_owned())),
            (true, true) => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn a_poll_is_answered_while_nothing_can_be_counted() {
    for hangs in [false, true] {
        let guard: local::apps::Guard =
            Arc::new(move |_, inner| Arc::new(Intercepted { inner, intercept: Uncountable { hangs } }));
        let product = Product::start_with(Options { guard: Some(guard), ..Options::default() }).await;
        let master = product.master().await;
        let id = master.plan(1).await;
        for _ in 0..2 {
            let begin = shared::platform::telemetry::now();
            assert!((2_000..=2_400).contains(&poll(&master, &id).await));
            master.get(&format!("/api/view?schedule_id={id}")).await.refused(404, "not_live");
            assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
            master.post("/api/chat", &json!({"schedule_id": id, "body": "x"})).await.ok();
            product.advance(Duration::from_secs(11));
        }
    }
}
