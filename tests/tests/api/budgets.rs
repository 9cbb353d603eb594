//! What each call costs the table, compared with `docs/budgets.md`, number by number.

use std::time::Duration;

use api_tests::{Actor, Product, at_hour, new_schedule, new_schedule_at, new_user};
use local::Options;
use local::simulator::Publication;
use serde_json::{Value, json};
use shared::domain::ids::{TenantId, UserId};
use shared::domain::message::{Message, MessageBody};
use shared::http::event::Invocation;
use shared::http::request::Request;
use shared::platform::clock::Clock;
use shared::platform::telemetry::{self, Record};
use shared::store::calendar::{self, Starts};
use shared::store::messages;
use shared::table::Transacted;

use crate::support::calendar::{fill, plan};
use crate::support::operations::{self, Operation};

const BUDGETS: &str = include_str!("../../../docs/budgets.md");

/// Long enough for all that an environment read to be too old.
const WHILE: Duration = Duration::from_secs(11);

/// The clock stands still, so that what is read for all is read when the test says so.
async fn product() -> Product {
    let noon = shared::http::datetime::parse("2029/01/01 12:00:00").expect("a date-time");
    let mut options = Options { clock: Clock::stopped_at(noon), ..Options::default() };
    options.config.publish_without_token = Some("always".to_owned());
    Product::start_with(options).await
}

/// A call to an environment that remembers nothing.
async fn call(product: &Product, actor: &Actor, call: &str, key: &str, body: &Value) -> (Value, Record) {
    product.advance(WHILE);
    call_soon(product, actor, call, key, body).await
}

/// Sends a request into its function, as the gateway does, and answers its body and what it cost.
async fn call_soon(product: &Product, actor: &Actor, call: &str, key: &str, body: &Value) -> (Value, Record) {
    let (method, target) = call.split_once(' ').expect("a method and a path");
    let mut event = actor.event(method, target);
    if !key.is_empty() {
        event = event.header("idempotency-key", key);
    }
    if !body.is_null() {
        event = event.json(body);
    }
    let path = event.path.clone();
    let name = local::functions::behind(&path);
    let payload = event.payload_2().into();
    let mut request = Request::new(&payload, &Invocation::default(), "budget".to_owned(), 0);
    let local::functions::Function::Http(routes) = local::functions::named(name).expect("a function") else {
        panic!("{name} is behind no API");
    };
    let at_path = request.find(routes, &payload).expect("a path");
    let route = at_path.into_iter().find(|route| route.method == method).expect("a route");
    let (reply, record) = telemetry::observe((route.handler)(&product.server.apps.of(name), &request)).await;
    let body = reply.map(|reply| serde_json::from_str(&reply.body).unwrap_or_default());
    (body.unwrap_or_else(|error| json!(format!("{error:?}"))), record)
}

fn row(name: &str, record: &Record) -> String {
    let Record { table_calls, table_depth, table_read_units, table_write_units, imageflux_calls, .. } = record;
    assert_eq!(record.table_attempts, *table_calls, "{name} was not alone");
    format!("| {name} | {table_calls} | {table_depth} | {table_read_units} | {table_write_units} | {imageflux_calls} |")
}

/// One call after another, each in a state in which it succeeds.
struct Meter {
    product: Product,
    rows: Vec<String>,
}

impl Meter {
    async fn measure(&mut self, name: &str, actor: &Actor, request: &str, key: &str, body: Value) -> Value {
        self.product.advance(WHILE);
        self.measure_soon(name, actor, request, key, body).await
    }

    /// While the environment still knows what it read for the call before.
    async fn measure_soon(&mut self, name: &str, actor: &Actor, request: &str, key: &str, body: Value) -> Value {
        let (answer, record) = call_soon(&self.product, actor, request, key, &body).await;
        assert!(!answer.is_string(), "{name}: {answer}");
        self.rows.push(row(name, &record));
        answer
    }
}

#[tokio::test]
async fn every_call_costs_what_is_written_down() {
    let product = product().await;
    let master = product.master().await;
    let user = product.viewer().await;
    let (first, second) = (plan(&master, 10, 12).await, plan(&master, 20, 22).await);
    let mut meter = Meter { product, rows: Vec::new() };
    let none = Value::Null;

    let login = json!({"email": user.email, "password": user.password, "access_code": user.access_code});
    meter.measure("POST /api/login", &user.anonymous(), "POST /api/login", "", login).await;
    meter.measure("GET /api/health", &user.anonymous(), "GET /api/health", "", none.clone()).await;
    let password = json!({"password": "Password789"});
    meter.measure("PATCH /api/password", &user, "PATCH /api/password", "", password).await;
    meter.measure("POST /api/logout", &user, "POST /api/logout", "", none.clone()).await;
    let code = json!({"access_code": local::demo::ACCESS_CODE});
    meter.measure("PATCH /api/access-code", &master, "PATCH /api/access-code", "", code).await;

    meter.measure("GET /api/schedule", &master, "GET /api/schedule", "", none.clone()).await;
    measure_planning(&mut meter, &master, &first).await;
    measure_broadcast(&mut meter, &master, &second).await;
    measure_hooks(&mut meter).await;

    let calendar = meter.measure("POST /api/calendar", &master, "POST /api/calendar", "", none.clone()).await;
    let (_, file) = calendar["calendar_url"].as_str().expect("an address").rsplit_once('/').expect("a path");
    let get = format!("GET /calendar/{file}");
    meter.measure("GET /calendar/{key}.ics", &user.anonymous(), &get, "", none.clone()).await;
    meter.measure("DELETE /api/calendar", &master, "DELETE /api/calendar", "", none.clone()).await;

    meter.measure("GET /api/user", &master, "GET /api/user", "", none.clone()).await;
    let made = meter.measure("POST /api/user", &master, "POST /api/user", "", new_user(&["view"])).await;
    let name = json!({"user_id": made["user_id"], "name": "x", "view": false});
    meter.measure("PATCH /api/user", &master, "PATCH /api/user", "", name).await;
    let password = json!({"user_id": made["user_id"], "password": "Password789"});
    meter.measure("PATCH /api/user, a password", &master, "PATCH /api/user", "", password).await;
    let delete = format!("DELETE /api/user?user_id={}", made["user_id"]);
    meter.measure("DELETE /api/user", &master, &delete, "", none.clone()).await;
    meter.measure("GET /api/audit", &master, "GET /api/audit?limit=10", "", none).await;

    let budgets: Vec<&str> = BUDGETS.lines().filter(|line| line.contains(" /") && line.starts_with("| ")).collect();
    assert_eq!(meter.rows, budgets, "measured:\n{}\n", meter.rows.join("\n"));
}

#[test]
fn every_call_has_a_budget() {
    for Operation { method, path, .. } in operations::all() {
        let call = format!("| {method} {path}");
        let is_of_call = |line: &str| line.strip_prefix(&call).is_some_and(|rest| rest.starts_with([' ', ',']));
        assert!(BUDGETS.lines().any(is_of_call), "docs/budgets.md has no row for {method} {path}");
    }
}

async fn measure_planning(meter: &mut Meter, master: &Actor, id: &str) {
    let made = meter.measure("POST /api/schedule", master, "POST /api/schedule", "", new_schedule(1)).await;
    let with_key = "POST /api/schedule, with a key";
    meter.measure(with_key, master, "POST /api/schedule", "k", new_schedule(3)).await;
    let again = "POST /api/schedule, with a key that was used";
    meter.measure(again, master, "POST /api/schedule", "k", new_schedule(3)).await;
    for (how, start, end) in [
        ("another name", 10, 12),
        ("longer", 10, 14),
        ("moved within its gap", 9, 13),
        ("moved into another gap", 30, 31),
    ] {
        let mut change = new_schedule_at(&at_hour(start), &at_hour(end));
        change["schedule_id"] = json!(id);
        change["name"] = json!(how);
        meter.measure(&format!("PATCH /api/schedule, {how}"), master, "PATCH /api/schedule", "", change).await;
    }
    let delete = format!("DELETE /api/schedule?schedule_id={}", made["schedule_id"].as_str().expect("an id"));
    meter.measure("DELETE /api/schedule", master, &delete, "", Value::Null).await;
}

/// What ImageFlux calls about a channel whose key the test made up.
async fn measure_hooks(meter: &mut Meter) {
    let app = &meter.product.server.app;
    let tenant = TenantId::from(local::demo::TENANT);
    let nodes = calendar::starting(&app.table, &tenant, Starts::default(), 1).await.expect("the table answers");
    let hook = shared::store::hooks::Hook {
        tenant: local::demo::TENANT.into(),
        schedule: nodes[0].schedule.expect("an owner"),
        channel_id: "channel".to_owned(),
    };
    let write = shared::store::hooks::create(&shared::crypto::hook_key::digest("key"), &hook).expect("a write");
    app.table.write(&write).await.expect("written");
    let nobody = meter.product.anonymous();
    let event = json!({"type": "connection.created", "role": "sendonly", "channel_id": "channel", "connection_id": "X",
                       "timestamp": "2021-10-30T03:00:00Z"});
    let (name, path) = ("POST /hooks/imageflux/{key}/event", "POST /hooks/imageflux/key/event");
    meter.measure(name, &nobody, path, "", event.clone()).await;
    meter.measure(&format!("{name}, again"), &nobody, path, "", event.clone()).await;
    let name = "POST /hooks/imageflux/{key}/auth";
    meter.measure(name, &nobody, "POST /hooks/imageflux/key/auth", "", event).await;
}

async fn measure_broadcast(meter: &mut Meter, master: &Actor, id: &str) {
    let get = |path: &str| format!("GET /api/{path}?schedule_id={id}");
    let delivery = meter.measure("GET /api/delivery", master, &get("delivery"), "", Value::Null).await;
    let channel = delivery["channel_id"].as_str().expect("a channel");
    meter.product.server.simulator.publish(channel, Publication::default()).await.expect("the channel is there");
    let reset = json!({"schedule_id": id});
    meter.measure("POST /api/delivery/reset", master, "POST /api/delivery/reset", "", reset).await;
    let view = meter.measure("GET /api/view", master, &get("view"), "", Value::Null).await;
    let again = "GET /api/view, another viewer within the second";
    meter.measure_soon(again, master, &get("view"), "", Value::Null).await;
    let watch =
        view["watch_url"].as_str().and_then(|url| url.strip_prefix(&meter.product.server.url())).expect("an address");
    let watch = format!("GET {watch}");
    meter.measure("GET /watch/{key}.m3u8", master, &watch, "", Value::Null).await;
    let again = "GET /watch/{key}.m3u8, another viewer within the second";
    meter.measure_soon(again, master, &watch, "", Value::Null).await;
    let body = json!({"schedule_id": id, "body": "x"});
    meter.measure("POST /api/chat", master, "POST /api/chat", "", body.clone()).await;
    let said = meter.measure("POST /api/chat, with a key", master, "POST /api/chat", "k", body).await;
    let delete = format!("DELETE /api/chat?schedule_id={id}&chat_id={}", said["chat_id"].as_str().expect("an id"));
    meter.measure("DELETE /api/chat", master, &delete, "", Value::Null).await;
    meter.measure("DELETE /api/chat, again", master, &delete, "", Value::Null).await;
    let export = format!("{}&format=json", get("chat/export"));
    meter.measure("GET /api/chat/export", master, &export, "", Value::Null).await;
    let chat = meter.measure("GET /api/chat", master, &get("chat"), "", Value::Null).await;
    let after = format!("{}&after={}", get("chat"), chat["next_cursor"].as_str().expect("a cursor"));
    meter.measure("GET /api/chat, nothing new", master, &after, "", Value::Null).await;
    let again = "GET /api/chat, nothing new, another reader within the second";
    meter.measure_soon(again, master, &after, "", Value::Null).await;
    let tail = format!("{}&tail=50", get("chat"));
    meter.measure("GET /api/chat, a first look", master, &tail, "", Value::Null).await;
    let guest = master.post("/api/user", &new_user(&["view"])).await.ok()["user_id"].clone();
    let mute = json!({"schedule_id": id, "user_id": guest});
    meter.measure("POST /api/chat/mute", master, "POST /api/chat/mute", "", mute).await;
    let unmute = format!("DELETE /api/chat/mute?schedule_id={id}&user_id={guest}");
    meter.measure("DELETE /api/chat/mute", master, &unmute, "", Value::Null).await;
    let rules = json!({"schedule_id": id, "slow_seconds": 10});
    meter.measure("PATCH /api/chat/settings", master, "PATCH /api/chat/settings", "", rules).await;
    meter.measure("GET /api/chat/settings", master, &get("chat/settings"), "", Value::Null).await;
}

#[tokio::test]
async fn a_made_up_key_to_watch_costs_one_read_and_nothing_of_its_tenant() {
    let product = product().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let (tenant, secret) = (local::demo::TENANT.into(), shared::crypto::watch_key::secret([7; 16]));
    let key = shared::crypto::watch_key::write(&tenant, &id.as_str().into(), &secret).expect("a key");
    let (_, cost) = call(&product, &master, &format!("GET /watch/{key}.m3u8"), "", &Value::Null).await;
    assert_eq!((cost.table_calls, cost.imageflux_calls), (1, 0), "{cost:?}");
}

#[tokio::test]
async fn a_plan_costs_the_same_among_ten_and_among_ten_thousand() {
    let product = product().await;
    let master = product.master().await;
    for hour in 0..10 {
        plan(&master, 10 * hour, 10 * hour + 2).await;
    }
    let create = async |hour: u32| {
        let body = new_schedule_at(&at_hour(hour), &at_hour(hour + 1));
        let (answer, record) = call(&product, &master, "POST /api/schedule", "", &body).await;
        assert!(answer["schedule_id"].is_string(), "{answer}");
        row("POST /api/schedule", &record)
    };
    let among_ten = [create(5).await, create(500).await];
    fill(&product, 10_000).await;
    let between = 10 * 365 * 24 + 10_001;
    let among_ten_thousand = [create(15).await, create(600).await, create(between + 1_000_000).await];
    for cost in among_ten.iter().chain(&among_ten_thousand) {
        assert_eq!(*cost, among_ten[0]);
    }
    assert!(BUDGETS.contains(&among_ten[0]), "{}", among_ten[0]);
}

#[tokio::test]
async fn a_part_of_the_list_costs_what_it_shows() {
    let product = product().await;
    let master = product.master().await;
    fill(&product, 10_000).await;
    let first = "GET /api/schedule?limit=20";
    let week = "GET /api/schedule?from=2040/12/01+00:00:00&to=2040/12/02+16:00:00";
    for part in [first.to_owned(), week.to_owned(), format!("{week}&limit=20")] {
        let (answer, cost) = call(&product, &master, &part, "", &Value::Null).await;
        assert_eq!(answer.as_array().map(Vec::len), Some(20), "{answer}");
        assert!(cost.table_read_units <= 20.0, "{part}: {cost:?}");
    }
    let (_, whole) = call(&product, &master, "GET /api/schedule", "", &Value::Null).await;
    assert!(whole.table_read_units > 400.0, "10,000 schedules cannot be had for less: {whole:?}");
}

#[tokio::test]
async fn a_plan_reads_one_unit_more_than_its_caller_and_reserves_for_six() {
    let upstream = api_tests::upstream::Upstream::start().await;
    let noon = Options { clock: Clock::stopped_at(chrono::DateTime::UNIX_EPOCH), ..upstream.options() };
    let product = Product::start_with(noon).await;
    let master = product.master().await;
    let (_, caller) = call(&product, &master, "POST /api/schedule", "", &json!({})).await;
    assert_eq!((caller.table_calls, caller.table_write_units), (2, 0.0), "who asks is read though the form is bad");
    let (_, made) = call(&product, &master, "POST /api/schedule", "", &new_schedule(1)).await;
    assert!((made.table_read_units - caller.table_read_units - 1.0).abs() < 0.1, "{made:?}");
    upstream.is(api_tests::upstream::Mood::Answers(400, String::new()));
    let (answer, _) = call(&product, &master, "POST /api/schedule", "", &new_schedule(1)).await;
    assert!(answer.as_str().is_some_and(|error| error.starts_with("ScheduleOverlap")), "{answer}");
    let (_, refused) = call(&product, &master, "POST /api/schedule", "", &new_schedule(2)).await;
    assert!((refused.table_write_units - 12.0).abs() < 0.1, "six to reserve, six to release: {refused:?}");
}

#[tokio::test]
async fn a_hundred_polls_a_second_cost_little_more_than_a_unit_each() {
    let product = product().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let tail = format!("GET /api/chat?schedule_id={id}&tail=50");
    let (mut cursor, mut units) = (String::new(), 0.0);
    let (looked, _) = call(&product, &master, &tail, "", &Value::Null).await;
    cursor.push_str(looked["next_cursor"].as_str().expect("a cursor"));
    for _ in 0..1_000 {
        product.advance(Duration::from_millis(10));
        let after = format!("GET /api/chat?schedule_id={id}&after={cursor}");
        let (answer, record) = call_soon(&product, &master, &after, "", &Value::Null).await;
        answer["next_cursor"].as_str().expect("a cursor").clone_into(&mut cursor);
        assert!(record.table_calls >= 1, "who asks is read for each poll");
        units += record.table_read_units;
    }
    assert!(units / 1_000.0 <= 1.1, "{units} units for 1,000 polls");
}

#[tokio::test]
async fn a_first_look_at_a_long_chat_costs_what_it_shows() {
    let product = product().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let app = &product.server.app;
    let tenant = TenantId::from(local::demo::TENANT);
    let id = schedule.as_str().into();
    for number in 0..120 {
        let writes: Vec<_> = (0..100)
            .map(|_| {
                let message = Message {
                    id: app.random.uuid_at(app.clock.now_millis() - 3_600_000 + number).into(),
                    user_id: UserId(1),
                    user_name: "ユーザー名".to_owned(),
                    body: MessageBody::parse(&"あ".repeat(50)).expect("a body"),
                    deletion: None,
                };
                messages::create(&tenant, &id, &message).expect("an item")
            })
            .collect();
        assert!(matches!(app.table.transact(&writes).await.expect("the table answers"), Transacted::Done));
    }
    let tail = format!("GET /api/chat?schedule_id={schedule}&tail=50");
    let (answer, record) = call(&product, &master, &tail, "", &Value::Null).await;
    assert_eq!(answer["chats"].as_array().expect("chats").len(), 50);
    assert!(record.table_read_units <= 10.0, "{record:?}");
}
