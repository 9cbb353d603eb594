//! How often ImageFlux is asked who publishes, by environments whose clocks differ.

use std::sync::Mutex;
use std::time::Duration;

use api_tests::intercepted::{Intercept, Request};
use shared::app::App;
use shared::platform::clock::Clock;
use shared::table::Fault;

use crate::support::evening::Evening;

/// The first write about who is live takes long, by the clocks of the test.
struct Sluggish {
    clocks: [Clock; 2],
    first_takes: Mutex<Duration>,
}

impl Intercept for Sluggish {
    async fn before(&self, request: Request<'_>) -> Result<(), Fault> {
        if let Request::Write(write) = request
            && write.key.pk.starts_with("LIVE#")
        {
            let takes = std::mem::take(&mut *self.first_takes.lock().unwrap());
            self.clocks.iter().for_each(|clock| clock.advance(takes));
        }
        Ok(())
    }
}

async fn look(evening: &Evening, app: &App) {
    let event = evening.master.event("GET", &format!("/api/view?schedule_id={}", evening.id)).payload_2();
    let function = local::functions::named("delivery-view").unwrap();
    let answer = local::functions::invoke(app, function, event).await.unwrap();
    assert_eq!(answer["statusCode"], 404, "{answer}");
}

#[tokio::test]
async fn two_whose_clocks_are_two_seconds_apart_do_not_ask_within_two_seconds() {
    let evening = Evening::stands_still().await;
    evening.passes(70);
    assert_eq!(evening.shown().await, "waiting");
    let ahead = Clock::stopped_at(evening.product.server.app.clock.now());
    ahead.advance(Duration::from_secs(2));
    let ahead = App { clock: ahead, ..evening.elsewhere() };
    for _ in 0..19 {
        ahead.clock.advance(Duration::from_millis(100));
        look(&evening, &ahead).await;
    }
    assert_eq!(evening.questions(), 1, "in 1.9 seconds");
    for _ in 0..12 {
        ahead.clock.advance(Duration::from_millis(100));
        look(&evening, &ahead).await;
    }
    assert_eq!(evening.questions(), 2, "in 3.1 seconds");
}

#[tokio::test]
async fn whoever_is_given_the_lease_late_renews_it_before_asking() {
    let evening = Evening::stands_still().await;
    evening.passes(70);
    let clock = evening.product.server.app.clock.clone();
    let ahead = Clock::stopped_at(clock.now());
    ahead.advance(Duration::from_secs(2));
    let first_takes = Mutex::new(Duration::from_secs(2));
    let clocks = [clock, ahead.clone()];
    let table = evening.product.intercepted_table(Sluggish { clocks, first_takes }).await;
    look(&evening, &App { table, ..evening.elsewhere() }).await;
    assert_eq!(evening.questions(), 1);
    let ahead = App { clock: ahead, ..evening.elsewhere() };
    for _ in 0..19 {
        ahead.clock.advance(Duration::from_millis(100));
        look(&evening, &ahead).await;
    }
    assert_eq!(evening.questions(), 1, "in 1.9 seconds after the first question");
}
