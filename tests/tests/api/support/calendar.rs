//! The calendar as the table keeps it, walked from its head to its end.

use api_tests::{Actor, Product, at_hour, new_schedule_at};
use serde_json::Value;
use shared::domain::ids::TenantId;
use shared::domain::interval::Interval;
use shared::domain::moment::Moment;
use shared::domain::schedule::{Plan, ScheduleName};
use shared::store::calendar::{self, Node};

use super::write_all;

/// Plans a broadcast from one hour of 2030 to another and answers its id.
pub async fn plan(actor: &Actor, start: u32, end: u32) -> String {
    let answer = actor.post("/api/schedule", &new_schedule_at(&at_hour(start), &at_hour(end))).await.ok();
    answer["schedule_id"].as_str().expect("an id").to_owned()
}

/// The nodes of the demo tenant's calendar by their start, the head first.
pub async fn nodes(product: &Product) -> Vec<Node> {
    let tenant = TenantId::from(local::demo::TENANT);
    let table = &product.server.app.table;
    let mut nodes = calendar::before(table, &tenant, Moment::End, 100_000).await.expect("the table answers");
    nodes.reverse();
    nodes
}

/// Puts so many broadcasts of an hour, one every two hours from 2040 on, behind all others into the calendar.
pub async fn fill(product: &Product, count: u32) {
    let random = &product.server.app.random;
    let tenant = TenantId::from(local::demo::TENANT);
    let mut owner = self::nodes(product).await.pop().expect("a head");
    let (mut nodes, mut owners) = (Vec::new(), Vec::new());
    for hour in 0..count {
        let start = shared::http::datetime::parse("2040/01/01 00:00:00").expect("a date-time")
            + chrono::TimeDelta::hours((2 * hour).into());
        let interval = Interval::new(start, start + chrono::TimeDelta::hours(1)).expect("an interval");
        let name = ScheduleName::parse("テスト配信").expect("a name");
        let id = random.uuid().into();
        let created_by = "ユーザー名".to_owned();
        let plan = Plan { id, name, interval, created_at: start, created_by, revision: 0, changed_at: start };
        let [shorter, node] = calendar::take(&tenant, &owner, &plan, None).expect("items");
        nodes.push(node);
        owners.push(shorter);
        owner = Node { start: interval.start().into(), ends: interval.end().into(), schedule: Some(id), ..owner };
    }
    write_all(product, &nodes).await;
    write_all(product, &owners).await;
}

/// The calendar is one unbroken list of disjoint intervals, and they are those of the schedules.
pub async fn assert_is_consistent(product: &Product, reader: &Actor) {
    let nodes = nodes(product).await;
    assert!(nodes[0].schedule.is_none(), "the head is nobody's");
    for (node, next) in nodes.iter().zip(&nodes[1..]) {
        assert_eq!(node.nxt, next.start, "every node knows its successor");
        assert!(node.ends <= next.start, "{node:?} runs into {next:?}");
    }
    assert_eq!(nodes.last().expect("a head").nxt, Moment::End);
    let mut calendar: Vec<String> = nodes[1..]
        .iter()
        .map(|node| format!("{} {:?} {:?}", node.schedule.expect("an owner"), node.start, node.ends))
        .collect();
    let list = reader.get("/api/schedule").await.ok();
    let mut listed: Vec<String> = list.as_array().expect("an array").iter().map(in_utc).collect();
    calendar.sort();
    listed.sort();
    assert_eq!(calendar, listed);
}

/// A listed schedule as its calendar node reads.
fn in_utc(schedule: &Value) -> String {
    let utc = |member: &str| {
        let japan = schedule[member].as_str().expect("text");
        let instant = shared::http::datetime::parse(japan).expect("a date-time");
        Moment::from(instant)
    };
    let id = schedule["schedule_id"].as_str().expect("an id");
    format!("{id} {:?} {:?}", utc("start_datetime"), utc("end_datetime"))
}

/// A product and a schedule of one hour in it, whose start has come so many seconds ago, or comes in so many.
pub async fn since_start(seconds: i64) -> (Product, Actor, Value) {
    let product = Product::start().await;
    let master = product.master().await;
    let (start, end) = (product.datetime_in(1000), product.datetime_in(4600));
    let mut schedule = new_schedule_at(&start, &end);
    let id = master.post("/api/schedule", &schedule).await.ok()["schedule_id"].clone();
    schedule["schedule_id"] = id;
    let now = product.server.app.clock.now();
    let starts_at = shared::http::datetime::parse(&start).unwrap();
    let wait = starts_at + chrono::TimeDelta::seconds(seconds) - now;
    product.advance(wait.to_std().expect("later than now"));
    (product, master, schedule)
}
