//! Each function does its work with what its role in `docs/iam-matrix.txt` may do, and nothing else.
//!
//! `.ci/check_template.py` holds the template against the same matrix.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Product, at_hour, hls, new_schedule, new_user};
use local::{engine, functions};
use serde_json::{Value, json};
use shared::app::App;
use shared::table::dynamodb::DynamoDb;
use shared::table::{Backend, BackendFuture, Effect, Fault, Item, Key, Page, Query, Table, Transacted, Write, Written};
use uuid::Uuid;

/// The table as one role sees it: what the role may not do is refused, as IAM refuses it.
struct Guarded {
    inner: Arc<DynamoDb>,
    role: &'static str,
    granted: Arc<Vec<Grant>>,
    used: Arc<Mutex<BTreeSet<Grant>>>,
}

/// Function, key pattern, action.
type Grant = (String, String, String);

impl Guarded {
    fn check<'k>(&self, action: &str, keys: impl IntoIterator<Item = &'k str>) -> Result<(), Fault> {
        for key in keys {
            let grant = self
                .granted
                .iter()
                .find(|(role, pattern, granted)| role == self.role && granted == action && matches(pattern, key));
            let Some(grant) = grant else {
                return Err(Fault::Broken(format!("AccessDenied: {} may not {action} {key}", self.role)));
            };
            self.used.lock().unwrap().insert(grant.clone());
        }
        Ok(())
    }
}

fn matches(pattern: &str, key: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == key, |prefix| key.starts_with(prefix))
}

fn action_of(write: &Write) -> &'static str {
    match write.effect {
        Effect::Put(_) => "PutItem",
        Effect::Update(_) => "UpdateItem",
        Effect::Delete => "DeleteItem",
        Effect::Check => "ConditionCheckItem",
    }
}

impl Backend for Guarded {
    fn get<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Vec<Option<Item>>> {
        Box::pin(async move {
            let action = if keys.len() == 1 { "GetItem" } else { "BatchGetItem" };
            self.check(action, keys.iter().map(|key| key.pk.as_str()))?;
            self.inner.get(keys).await
        })
    }

    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page> {
        Box::pin(async move {
            self.check("Query", [query.pk.as_str()])?;
            self.inner.query(query, after).await
        })
    }

    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written> {
        Box::pin(async move {
            self.check(action_of(write), [write.key.pk.as_str()])?;
            self.inner.write(write).await
        })
    }

    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted> {
        Box::pin(async move {
            for write in writes {
                self.check(action_of(write), [write.key.pk.as_str()])?;
            }
            self.inner.transact(writes, token).await
        })
    }
}

/// The deployment in small: every function with a table of its own role.
struct Deployment {
    product: Product,
    inner: Arc<DynamoDb>,
    granted: Arc<Vec<Grant>>,
    used: Arc<Mutex<BTreeSet<Grant>>>,
}

impl Deployment {
    async fn start(upstream: &Upstream) -> Self {
        let product = Product::start_with(upstream.options()).await;
        let inner = engine::open(&product.server.table_url, "imageflux-option").await.unwrap();
        let matrix = include_str!("../../docs/iam-matrix.txt");
        let granted = matrix.lines().filter(|line| !line.starts_with('#')).flat_map(grants_in).collect();
        Self { product, inner: Arc::new(inner), granted: Arc::new(granted), used: Arc::default() }
    }

    async fn invoke(&self, role: &'static str, event: Value) -> Value {
        let guarded =
            Guarded { inner: self.inner.clone(), role, granted: self.granted.clone(), used: self.used.clone() };
        let app = &self.product.server.app;
        let table = Table::new(Arc::new(guarded), app.random.clone());
        let app = App { table, deletes_orphans: true, ..app.clone() };
        functions::invoke(&app, functions::named(role).unwrap(), event).await.unwrap()
    }

    /// One request; `status` is what it must be answered.
    async fn call(&self, token: &str, request: &str, headers: &Value, body: Value, status: u64) -> Value {
        let (method, target) = request.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = headers.clone();
        headers["authorization"] = json!(format!("Bearer {token}"));
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
            "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.1"}, "requestId": "r",
                               "stage": "$default"},
            "body": if body.is_null() { body } else { json!(body.to_string()) }, "isBase64Encoded": false,
        });
        let answer = self.invoke(functions::behind(path), event).await;
        assert_eq!(answer["statusCode"], status, "{request}: {answer}");
        serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
    }
}

/// The second part of the matrix, about other services, names its actions with a colon.
fn grants_in(line: &str) -> Vec<Grant> {
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(role), Some(pattern)) = (words.next(), words.next()) else { return Vec::new() };
    let actions = words.filter(|word| word.ends_with("Item") || word == "Query");
    actions.map(|action| (role.clone(), pattern.clone(), action)).collect()
}

#[tokio::test]
#[allow(
    clippy::too_many_lines,
    reason = "one day in the life of a deployment, from the first tenant to the last sweep"
)]
async fn every_function_does_all_its_work_within_its_role() {
    let upstream = Upstream::start().await;
    let all = Deployment::start(&upstream).await;
    let none = json!({});

    let master = json!({"name": "m", "email": "master@example.jp", "password": "Password123"});
    let event = json!({"action": "create_tenant", "name": "t", "access_code": "code", "master": master});
    let tenant = all.invoke("tenant", event).await["tenant_id"].clone();
    for event in [
        json!({"action": "list_tenants"}),
        json!({"action": "suspend_tenant", "tenant_id": tenant}),
        json!({"action": "resume_tenant", "tenant_id": tenant}),
        json!({"action": "reset_master", "tenant_id": tenant, "password": "Password123"}),
    ] {
        all.invoke("tenant", event).await;
    }

    let login = json!({"email": "master@example.jp", "password": "Password123", "access_code": "code"});
    let wrong = json!({"email": "master@example.jp", "password": "Password124", "access_code": "code"});
    all.call("", "POST /api/login", &none, wrong, 401).await;
    let token = all.call("", "POST /api/login", &none, login, 200).await["token"].as_str().unwrap().to_owned();
    let token = token.as_str();
    all.call("", "GET /api/health", &none, Value::Null, 200).await;
    all.call(token, "PATCH /api/password", &none, json!({"password": "Password123"}), 200).await;
    all.call(token, "PATCH /api/access-code", &none, json!({"access_code": "code"}), 200).await;

    let key = |key: &str| json!({"idempotency-key": key});
    let user = new_user(&["view"]);
    let id = all.call(token, "POST /api/user", &key("u"), user.clone(), 200).await["user_id"].clone();
    all.call(token, "POST /api/user", &key("u"), user.clone(), 200).await;
    all.call(token, "POST /api/user", &key("v"), user, 409).await;
    all.call(token, "GET /api/user", &none, Value::Null, 200).await;
    all.call(token, "PATCH /api/user", &none, json!({"user_id": id, "name": "n"}), 200).await;
    all.call(token, "PATCH /api/user", &none, json!({"user_id": id, "password": "Password125"}), 200).await;
    all.call(token, &format!("DELETE /api/user?user_id={id}"), &none, Value::Null, 200).await;

    let first = all.call(token, "POST /api/schedule", &key("s"), new_schedule(1), 200).await["schedule_id"].clone();
    all.call(token, "POST /api/schedule", &key("s"), new_schedule(1), 200).await;
    all.call(token, "POST /api/schedule", &key("t"), new_schedule(1), 409).await;
    upstream.is(Mood::Answers(500, String::new()));
    all.call(token, "POST /api/schedule", &none, new_schedule(5), 502).await;
    upstream.is(Mood::Kind);
    all.call(token, "GET /api/schedule", &none, Value::Null, 200).await;
    for (from, to) in [(1, 3), (20, 21), (20, 22)] {
        let change =
            json!({"schedule_id": first, "name": "n", "start_datetime": at_hour(from), "end_datetime": at_hour(to)});
        all.call(token, "PATCH /api/schedule", &none, change, 200).await;
    }
    let (first, message) = (first.as_str().unwrap(), json!({"schedule_id": first, "body": "b"}));
    all.call(token, "POST /api/chat", &key("c"), message.clone(), 200).await;
    all.call(token, "POST /api/chat", &key("c"), message, 200).await;
    all.call(token, &format!("GET /api/chat?schedule_id={first}"), &none, Value::Null, 200).await;
    all.call(token, &format!("GET /api/delivery?schedule_id={first}"), &none, Value::Null, 200).await;
    upstream.plays(json!([{"connection_id": "C", "playlist_url": "https://p.example/a.m3u8"}]));
    all.call(token, &format!("GET /api/view?schedule_id={first}"), &none, Value::Null, 200).await;
    all.call(token, &format!("DELETE /api/schedule?schedule_id={first}"), &none, Value::Null, 200).await;

    // A broadcast of the past: its channel is retired after a day, and made anew for whoever asks.
    let past = json!({"name": "past", "start_datetime": "2021/10/30 12:00:00", "end_datetime": "2021/10/30 15:00:00",
                      "imageflux_params": hls()});
    let past = all.call(token, "POST /api/schedule", &none, past, 200).await["schedule_id"].clone();
    all.product.advance(Duration::from_hours(25));
    for _ in 0..2 {
        all.invoke("sweeper", none.clone()).await;
        all.product.advance(Duration::from_mins(1));
    }
    let login = json!({"email": "master@example.jp", "password": "Password123", "access_code": "code"});
    let token = all.call("", "POST /api/login", &none, login, 200).await["token"].as_str().unwrap().to_owned();
    let delivery = format!("GET /api/delivery?schedule_id={}", past.as_str().unwrap());
    upstream.is(Mood::Answers(500, String::new()));
    all.call(&token, &delivery, &none, Value::Null, 502).await;
    upstream.is(Mood::Kind);
    all.call(&token, &delivery, &none, Value::Null, 200).await;

    // A channel that an answer was lost of: seen twice, then deleted.
    upstream.is(Mood::DropsAfterwards);
    all.call(&token, "POST /api/schedule", &none, new_schedule(50), 502).await;
    upstream.is(Mood::Kind);
    for _ in 0..2 {
        all.invoke("sweeper", json!({"action": "reconcile"})).await;
        all.product.advance(Duration::from_mins(16));
    }
    all.call(&token, "POST /api/logout", &none, Value::Null, 200).await;
    all.call(&token, "GET /api/user", &none, Value::Null, 401).await;

    let exercised = all.used.lock().unwrap();
    let idle: Vec<String> = all
        .granted
        .iter()
        .filter(|grant| !exercised.contains(*grant))
        .map(|(role, pattern, action)| format!("{role} {pattern} {action}"))
        .collect();
    assert_eq!(idle, NEEDED_ON_OTHER_DAYS, "granted, and not used on this day");
}

/// What this day does not need: reads that only open a connection, and what is left when a request dies.
const NEEDED_ON_OTHER_DAYS: [&str; 15] = [
    "schedule CAL#* GetItem",
    "schedule CAL#* ConditionCheckItem",
    "schedule SCHED#* ConditionCheckItem",
    "schedule TEN#health GetItem",
    "delivery-view TEN#health GetItem",
    "delivery-view TODO DeleteItem",
    "user TEN#health GetItem",
    "chat IDEM#* DeleteItem",
    "chat TEN#health GetItem",
    "sweeper CAL#* GetItem",
    "sweeper CAL#* Query",
    "sweeper CAL#* UpdateItem",
    "sweeper CAL#* DeleteItem",
    "sweeper CAL#* ConditionCheckItem",
    "sweeper TEN#health GetItem",
];
