//! `PATCH /api/schedule` moves and renames in place.

use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Answer, Product, at_hour, new_schedule_at};
use serde_json::{Value, json};
use shared::app::App;
use shared::platform::clock::Clock;

use crate::support::broadcast::connection;
use crate::support::calendar::{assert_is_consistent, plan, since_start};
use crate::support::evening::{Evening, LIST};

async fn change(actor: &Actor, id: &str, start: u32, end: u32) -> Answer {
    let change = json!({"schedule_id": id, "name": "変更後",
                        "start_datetime": at_hour(start), "end_datetime": at_hour(end)});
    actor.patch("/api/schedule", &change).await
}

async fn delivery(actor: &Actor, id: &str) -> Value {
    actor.get(&format!("/api/delivery?schedule_id={id}")).await.ok()
}

/// Three schedules with gaps between them: 10 to 12, 20 to 22, 30 to 32.
async fn three(master: &Actor) -> [String; 3] {
    [plan(master, 10, 12).await, plan(master, 20, 22).await, plan(master, 30, 32).await]
}

#[tokio::test]
async fn wherever_there_is_room_a_schedule_moves_and_keeps_its_channel() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let [_, id, _] = three(&master).await;
    let channel = delivery(&master, &id).await["channel_id"].clone();
    let moves = [
        (20, 25, "longer"),
        (20, 21, "shorter"),
        (20, 30, "longer, up to the next"),
        (12, 30, "over the whole gap"),
        (20, 22, "into the middle of itself"),
        (21, 23, "over its own end"),
        (20, 22, "over its own start"),
        (22, 24, "behind itself, where it ended"),
        (20, 22, "before itself, where it started"),
        (13, 14, "within its gap, to the front"),
        (28, 30, "within its gap, to the back"),
        (12, 20, "next to the one before"),
        (0, 10, "into the gap before the first"),
        (40, 44, "into the gap after the last"),
        (32, 40, "next to the last"),
        (12, 13, "into the gap between the others"),
        (12, 13, "nowhere"),
    ];
    for (start, end, how) in moves {
        let answer = change(&master, &id, start, end).await;
        assert_eq!(answer.json(), json!({"ok": true}), "{how}");
        let list = master.get("/api/schedule").await.ok();
        let row = list.as_array().unwrap().iter().find(|schedule| schedule["schedule_id"] == *id).unwrap();
        let in_list = |hour| json!(at_hour(hour).replace('/', "-").replace(' ', "T"));
        assert_eq!(row["name"], "変更後");
        assert_eq!(row["start_datetime"], in_list(start), "{how}");
        assert_eq!(row["end_datetime"], in_list(end), "{how}");
        assert_is_consistent(&product, &master).await;
        assert_eq!(delivery(&master, &id).await["channel_id"], channel, "{how}");
    }
    assert_eq!(upstream.created(), 3);
    assert_eq!(upstream.channels().len(), 3);
}

#[tokio::test]
async fn a_refused_change_names_who_is_in_the_way_and_changes_nothing() {
    let product = Product::start().await;
    let master = product.master().await;
    let [first, id, last] = three(&master).await;
    let before = master.get("/api/schedule").await.ok();
    let cases = [
        (20, 31, &last, "too long"),
        (11, 22, &first, "its start in another"),
        (9, 13, &first, "around the first"),
        (10, 12, &first, "onto the first"),
        (30, 32, &last, "onto the last"),
        (25, 31, &last, "into the last from the same gap"),
        (11, 20, &first, "into the first from the same gap"),
        (31, 40, &last, "out of the last into another gap"),
        (5, 11, &first, "into the first from another gap"),
        (21, 33, &last, "from itself over the last"),
    ];
    for (start, end, in_the_way, how) in cases {
        let problem = change(&master, &id, start, end).await.refused(409, "schedule_overlap");
        assert_eq!(problem["conflicts_with"]["schedule_id"], **in_the_way, "{how}");
        assert_eq!(problem["conflicts_with"].as_object().unwrap().len(), 4);
        assert_eq!(master.get("/api/schedule").await.ok(), before, "{how}");
    }
    let everything = change(&master, &id, 0, 100).await.refused(409, "schedule_overlap");
    assert_ne!(everything["conflicts_with"]["schedule_id"], *id, "its own old interval never counts");
    assert_eq!(master.get("/api/schedule").await.ok(), before);
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn what_a_move_leaves_is_free_and_what_it_takes_is_not() {
    let product = Product::start().await;
    let master = product.master().await;
    let [_, id, _] = three(&master).await;
    change(&master, &id, 40, 42).await.ok();
    plan(&master, 12, 30).await;
    change(&master, &id, 12, 13).await.refused(409, "schedule_overlap");
    change(&master, &id, 40, 41).await.ok();
    plan(&master, 41, 42).await;
    change(&master, &id, 40, 42).await.refused(409, "schedule_overlap");
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn a_schedule_that_has_not_started_may_be_moved_into_the_past() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let past = json!({"schedule_id": id, "name": "過去", "start_datetime": "2021/10/30 12:00:00",
                      "end_datetime": "2021/10/30 15:00:00"});
    master.patch("/api/schedule", &past).await.ok();
    change(&master, &id, 1, 2).await.ok();
    assert_is_consistent(&product, &master).await;
}

#[tokio::test]
async fn once_somebody_has_published_a_start_that_has_come_stays_but_name_and_end_change() {
    let evening = Evening::begins().await;
    let (product, master) = (&evening.product, &evening.master);
    let schedule = master.get("/api/schedule").await.ok()[0].clone();
    evening.tell(&[evening.created("A")]).await;
    evening.passes(60);
    for start in [product.datetime_in(-3600), product.datetime_in(60)] {
        let mut moved = schedule.clone();
        moved["start_datetime"] = json!(start);
        master.patch("/api/schedule", &moved).await.refused(409, "schedule_started");
    }
    let mut longer = schedule.clone();
    longer["end_datetime"] = json!(product.datetime_in(7200));
    longer["name"] = json!("延長");
    master.patch("/api/schedule", &longer).await.ok();
    let list = master.get("/api/schedule").await.ok();
    assert_eq!(list[0]["name"], "延長");
    let as_listed = |member: &str| longer[member].as_str().unwrap().replace('/', "-").replace(' ', "T");
    assert_eq!(list[0]["start_datetime"], as_listed("start_datetime"));
    assert_eq!(list[0]["end_datetime"], as_listed("end_datetime"));
    assert_is_consistent(product, master).await;
}

#[tokio::test]
async fn a_late_presenter_may_be_moved_while_nobody_has_published() {
    for seconds in [0, 1] {
        let (product, master, schedule) = since_start(seconds).await;
        for start in [product.datetime_in(60), product.datetime_in(-3600)] {
            let mut moved = schedule.clone();
            moved["start_datetime"] = json!(start);
            master.patch("/api/schedule", &moved).await.ok();
            assert_is_consistent(&product, &master).await;
        }
    }
}

/// A deployment whose function has no `HOOKS_URL`, and a broadcast that it planned, from a minute on for an hour.
struct WithoutHooks {
    upstream: Upstream,
    product: Product,
    master: Actor,
    schedule: Value,
}

impl WithoutHooks {
    async fn plans() -> Self {
        let upstream = Upstream::start().await;
        let noon = shared::http::datetime::parse("2029/01/01 12:00:00").unwrap();
        let options = local::Options { clock: Clock::stopped_at(noon), ..upstream.options() };
        let product = Product::start_with(options).await;
        let master = product.master().await;
        let schedule = new_schedule_at(&product.datetime_in(60), &product.datetime_in(3_660));
        let mut planned = Self { upstream, product, master, schedule };
        planned.plan().await;
        planned
    }

    async fn call(&self, method: &str, body: &Value) -> (u64, Value) {
        let app = App { hooks_url: None, ..self.product.server.apps.of("schedule") };
        let event = self.master.event(method, "/api/schedule").json(body).payload_2();
        let function = local::functions::named("schedule").unwrap();
        let answer = local::functions::invoke(&app, function, event).await.unwrap();
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        (answer["statusCode"].as_u64().unwrap(), body)
    }

    async fn plan(&mut self) {
        let (status, answer) = self.call("POST", &self.schedule).await;
        assert_eq!(status, 200, "{answer}");
        self.schedule["schedule_id"] = answer["schedule_id"].clone();
    }

    /// What a later start is answered: the status, and the code of a problem.
    async fn moved_by(&self, seconds: i64) -> (u64, Value) {
        let mut moved = self.schedule.clone();
        moved["start_datetime"] = json!(self.product.datetime_in(seconds));
        moved["end_datetime"] = json!(self.product.datetime_in(seconds + 60));
        let (status, answer) = self.call("PATCH", &moved).await;
        (status, answer["code"].clone())
    }

    fn questions(&self) -> usize {
        self.upstream.requests().iter().filter(|(target, _)| target == LIST).count()
    }
}

#[tokio::test]
async fn without_events_imageflux_is_asked_whether_a_late_presenter_may_be_moved() {
    let late = WithoutHooks::plans().await;
    late.product.advance(Duration::from_secs(70));
    assert_eq!(late.moved_by(300).await, (200, Value::Null), "nobody publishes");
    assert_eq!(late.questions(), 1);
    late.product.advance(Duration::from_secs(310));
    late.upstream.plays(json!([connection("A")]));
    let started = (409, json!("schedule_started"));
    assert_eq!(late.moved_by(300).await, started);
    late.upstream.plays(json!([]));
    assert_eq!(late.moved_by(300).await, started, "somebody did");
    assert_eq!(late.questions(), 2, "which is known");
}

#[tokio::test]
async fn while_imageflux_does_not_tell_nobody_is_moved_late_and_whoever_waits_gets_a_turn() {
    let late = WithoutHooks::plans().await;
    late.product.advance(Duration::from_secs(70));
    late.upstream.is(Mood::Answers(500, String::new()));
    assert_eq!(late.moved_by(300).await, (503, json!("unavailable")));
    late.upstream.is(Mood::Kind);
    // The one before has the lease still.
    assert_eq!(late.moved_by(300).await, (200, Value::Null));
    assert_eq!(late.questions(), 2);
}

#[tokio::test]
async fn without_events_a_broadcast_of_the_past_keeps_its_start_and_one_planned_for_the_past_does_not() {
    let mut late = WithoutHooks::plans().await;
    late.product.advance(Duration::from_mins(61));
    assert_eq!(late.moved_by(300).await, (409, json!("schedule_started")), "nobody knows who published");
    assert_eq!(late.questions(), 0);
    late.schedule = new_schedule_at("2021/10/30 12:00:00", "2021/10/30 15:00:00");
    late.plan().await;
    assert_eq!(late.moved_by(300).await, (200, Value::Null));
}

#[tokio::test]
async fn without_events_a_broadcast_planned_for_the_past_is_moved_also_when_its_channel_is_gone() {
    let mut late = WithoutHooks::plans().await;
    late.schedule = new_schedule_at("2021/10/30 12:00:00", "2021/10/30 15:00:00");
    late.plan().await;
    late.product.advance(Duration::from_hours(25));
    for _ in 0..2 {
        late.product.invoke("sweeper", &json!({})).await.expect("a sweep");
        late.product.advance(Duration::from_secs(5));
    }
    assert_eq!(late.upstream.channels().len(), 1, "of the other, which ended an hour later");
    late.master = late.master.with_token(&late.master.new_token().await);
    assert_eq!(late.moved_by(300).await, (200, Value::Null));
    assert_eq!(late.questions(), 0, "there is nothing to ask for");
}
