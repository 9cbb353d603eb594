//! An attempt that seemed lost arrives after the next change was answered.

use std::sync::{Arc, Mutex};

use api_tests::{Actor, Product, new_schedule};
use serde_json::{Value, json};
use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::ids::TenantId;
use shared::domain::tenant::State;
use shared::domain::trail::{Author, Origin};
use shared::operations::{broadcasts, tenants};
use shared::table::dynamodb::DynamoDb;
use shared::table::{
    Backend, BackendFuture, Batch, Fault, Item, Key, Page, Query, Refusal, Table, Transacted, Write, Written,
};
use uuid::Uuid;

enum Held {
    Write(Write),
    Transaction(Vec<Write>, Uuid),
}

/// What becomes of the next attempt to write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    /// It arrives when it is delivered, after somebody gave up.
    Late,
    /// It is done, and its answer lost.
    Unanswered,
    /// As `Late`; its repetition is refused for what stood in the way by then, and it arrives when that has gone.
    Overtaken,
}

#[derive(Clone)]
struct Slow {
    table: Arc<DynamoDb>,
    next: Arc<Mutex<Fate>>,
    held: Arc<Mutex<Option<Held>>>,
    is_overtaken: Arc<Mutex<bool>>,
}

impl Slow {
    async fn of(product: &Product) -> (Self, App) {
        let app = &product.server.app;
        let table = Arc::new(product.engine().await);
        let next = Arc::new(Mutex::new(Fate::Answered));
        let slow = Self { table, next, held: Arc::default(), is_overtaken: Arc::default() };
        let app = App { table: Table::new(Arc::new(slow.clone()), app.random.clone()), ..app.clone() };
        (slow, app)
    }

    fn next_is(&self, fate: Fate) {
        *self.next.lock().unwrap() = fate;
    }

    fn fate(&self) -> Fate {
        std::mem::replace(&mut *self.next.lock().unwrap(), Fate::Answered)
    }

    /// What was on its way arrives.
    async fn deliver(&self) {
        let held = self.held.lock().unwrap().take().expect("an attempt that is late");
        match held {
            Held::Write(write) => drop(self.table.write(&write).await),
            Held::Transaction(writes, token) => drop(self.table.transact(&writes, token).await),
        }
    }

    async fn meet<T>(&self, held: Held, attempt: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let fate = self.fate();
        if matches!(fate, Fate::Late | Fate::Overtaken) {
            *self.held.lock().unwrap() = Some(held);
            *self.is_overtaken.lock().unwrap() = fate == Fate::Overtaken;
        } else {
            let answer = attempt.await;
            if fate == Fate::Answered {
                return answer;
            }
        }
        Err(Fault::Unknown("no answer".to_owned()))
    }
}

impl Backend for Slow {
    fn get<'a>(&'a self, key: &'a Key) -> BackendFuture<'a, Option<Item>> {
        self.table.get(key)
    }

    fn get_batch<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Batch> {
        self.table.get_batch(keys)
    }

    fn query<'a>(&'a self, query: &'a Query, from: Option<String>) -> BackendFuture<'a, Page> {
        self.table.query(query, from)
    }

    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written> {
        Box::pin(self.meet(Held::Write(write.clone()), self.table.write(write)))
    }

    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted> {
        let attempt = async move {
            if std::mem::take(&mut *self.is_overtaken.lock().unwrap()) {
                self.deliver().await;
                return Ok(Transacted::Refused(writes.iter().map(|_| Refusal::Passed).collect()));
            }
            self.table.transact(writes, token).await
        };
        Box::pin(self.meet(Held::Transaction(writes.to_vec(), token), attempt))
    }
}

/// Sends a request into its function, over the slow table, and answers its status.
async fn call(app: &App, actor: &Actor, method: &str, path: &str, body: &Value) -> u64 {
    let request = actor.event(method, path).json(body);
    let function = local::functions::named(local::functions::behind(path)).expect("a function");
    let answer = local::functions::invoke(app, function, request.payload_2()).await.expect("an answer");
    answer["statusCode"].as_u64().expect("a status")
}

#[tokio::test]
async fn a_permission_that_was_withdrawn_does_not_come_back() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.user_with(&[]).await;
    let (slow, app) = Slow::of(&product).await;
    let change = async |view: bool| {
        let body = json!({"user_id": viewer.user_id, "view": view});
        assert_eq!(call(&app, &master, "PATCH", "/api/user", &body).await, 200);
    };
    slow.next_is(Fate::Late);
    change(true).await;
    change(false).await;
    slow.deliver().await;
    let users = master.get("/api/user").await.ok();
    let user = users.as_array().unwrap().iter().find(|user| user["user_id"] == json!(viewer.user_id)).unwrap();
    assert_eq!(user["permissions"]["view"], 0);
}

#[tokio::test]
async fn an_access_code_that_was_changed_does_not_come_back() {
    let product = Product::start().await;
    let master = product.master().await;
    let (slow, app) = Slow::of(&product).await;
    slow.next_is(Fate::Late);
    for code in ["one", "two"] {
        assert_eq!(call(&app, &master, "PATCH", "/api/access-code", &json!({"access_code": code})).await, 200);
    }
    slow.deliver().await;
    let login =
        |code: &str| json!({"email": local::demo::EMAIL, "password": local::demo::PASSWORD, "access_code": code});
    let anonymous = Actor::at(&product.server.url());
    anonymous.post("/api/login", &login("two")).await.ok();
    anonymous.post("/api/login", &login("one")).await.refused(401, "login_failed");
}

#[tokio::test]
async fn a_change_that_was_made_by_an_attempt_given_up_is_not_made_again() {
    let product = Product::start().await;
    let master = product.master().await;
    master.post("/api/schedule", &new_schedule(1)).await.ok();
    let mut plan = master.get("/api/schedule").await.ok()[0].clone();
    plan["name"] = json!("another");
    let (slow, app) = Slow::of(&product).await;
    slow.next_is(Fate::Overtaken);
    assert_eq!(call(&app, &master, "PATCH", "/api/schedule", &plan).await, 200);
    let rows = master.get("/api/audit?action=update_schedule").await.ok();
    let changed: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["changed"]).collect();
    assert_eq!(changed, [&json!(["name"])]);
}

#[tokio::test]
async fn rules_that_were_set_by_an_attempt_given_up_are_not_set_again() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let (slow, app) = Slow::of(&product).await;
    let set = async |seconds: i64| {
        let body = json!({"schedule_id": id, "slow_seconds": seconds});
        assert_eq!(call(&app, &master, "PATCH", "/api/chat/settings", &body).await, 200);
    };
    slow.next_is(Fate::Overtaken);
    set(7).await;
    // This one is late in earnest: it must not undo the next.
    slow.next_is(Fate::Late);
    set(8).await;
    set(9).await;
    slow.deliver().await;
    let settings = master.get(&format!("/api/chat/settings?schedule_id={id}")).await.ok();
    assert_eq!(settings["slow_seconds"], 9);
    let rows = master.get("/api/audit?action=update_chat_settings").await.ok();
    assert_eq!(rows.as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_tenant_that_was_suspended_stays_so() {
    let product = Product::start().await;
    let master = product.master().await;
    let (slow, app) = Slow::of(&product).await;
    let tenant = TenantId::from(local::demo::TENANT);
    slow.next_is(Fate::Late);
    for state in [State::Active, State::Suspended] {
        assert!(tenants::set_state(&app, &Author::operator("test"), &tenant, state).await.unwrap());
    }
    slow.deliver().await;
    master.get("/api/schedule").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn who_claimed_a_channel_knows_its_own_claim() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.post("/api/schedule", &new_schedule(1)).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    product.advance(std::time::Duration::from_hours(24 * 365 * 100));
    product.invoke("sweeper", &json!({})).await.unwrap();
    let master = master.with_token(&master.new_token().await);
    let mut longer = master.get("/api/schedule").await.ok()[0].clone();
    longer["end_datetime"] = json!(product.datetime_in(3_600));
    master.patch("/api/schedule", &longer).await.ok();
    let (slow, app) = Slow::of(&product).await;
    let bearer = Bearer {
        tenant: TenantId::from(local::demo::TENANT),
        user: shared::domain::ids::UserId::MASTER,
        token: app.random.uuid().into(),
        token_version: 0,
        expires_at: app.clock.now() + chrono::TimeDelta::hours(1),
        origin: Origin::default(),
    };
    slow.next_is(Fate::Unanswered);
    let delivery = broadcasts::get_delivery(&app, &bearer, Ok(id.as_str().into())).await;
    assert!(!delivery.unwrap().channel.channel_id.is_empty());
}
