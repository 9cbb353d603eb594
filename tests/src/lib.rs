//! The people who use the product, for tests that read as sentences.
//!
//! Each test has a product of its own, in memory, and speaks to it over HTTP as its users do.

#![expect(clippy::missing_panics_doc, reason = "whatever is not as expected here is a panic")]

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use local::event::GatewayRequest;
use local::{Options, Server, demo};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub mod openapi;
pub mod roles;
pub mod upstream;

use roles::Roles;

/// A running product and a client for it. Each function has its own role of `docs/iam-matrix.txt`; the sweeper
/// runs only when a test invokes it.
pub struct Product {
    pub server: Server,
    pub roles: Roles,
    http: reqwest::Client,
}

/// Somebody with a token, or without.
#[derive(Clone)]
pub struct Actor {
    url: String,
    http: reqwest::Client,
    pub token: Option<String>,
    pub user_id: i64,
    pub email: String,
    pub password: String,
    pub access_code: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Product {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// Whoever has the channel may publish, whatever the time.
    pub async fn open_to_all() -> Self {
        let mut options = Options::default();
        options.config.publish_without_token = Some("always".to_owned());
        Self::start_with(options).await
    }

    pub async fn start_with(options: Options) -> Self {
        let roles = Roles::default();
        let options = Options { guard: Some(roles.guard()), sweeps: false, ..options };
        let server = Server::start(options).await.expect("the product starts");
        Self { server, roles, http: client() }
    }

    /// Lets time pass for the product.
    pub fn advance(&self, by: Duration) {
        self.server.app.clock.advance(by);
    }

    /// From now on, whatever needs the table fails.
    pub async fn lose_the_table(&self) {
        let request = self.http.post(&self.server.table_url).header("x-amz-target", "DynamoDB_20120810.DeleteTable");
        let request = request.header("content-type", "application/x-amz-json-1.0");
        let credential = "Credential=local/20300101/ap-northeast-1/dynamodb/aws4_request";
        let signature = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host;x-amz-date, Signature=0");
        let request = request.header("x-amz-date", "20300101T000000Z").header("authorization", signature);
        let request = request.body(json!({"TableName": Options::default().table_name}).to_string());
        let answer = answer_to(request).await.expect("an answer");
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }

    /// Now, and some seconds later, as the API writes it.
    #[must_use]
    pub fn datetime_in(&self, seconds: i64) -> String {
        shared::http::datetime::with_slashes(self.server.app.clock.now() + chrono::TimeDelta::seconds(seconds))
    }

    /// Nobody: no token.
    #[must_use]
    pub fn anonymous(&self) -> Actor {
        Actor { http: self.http.clone(), ..Actor::at(&self.server.url()) }
    }

    /// The master of the demo tenant.
    pub async fn master(&self) -> Actor {
        self.log_in(demo::EMAIL, demo::PASSWORD, demo::ACCESS_CODE, 1).await
    }

    /// A user of the demo tenant with just these permissions, among `delivery`, `view`, `schedule`, `user`.
    pub async fn user_with(&self, permissions: &[&str]) -> Actor {
        let master = self.master().await;
        let user = new_user(permissions);
        let id = master.post("/api/user", &user).await.ok()["user_id"].as_i64().expect("a number");
        let text = |name: &str| user[name].as_str().expect("text").to_owned();
        self.log_in(&text("email"), &text("password"), demo::ACCESS_CODE, id).await
    }

    pub async fn presenter(&self) -> Actor {
        self.user_with(&["delivery"]).await
    }

    pub async fn viewer(&self) -> Actor {
        self.user_with(&["view"]).await
    }

    /// The master of another tenant.
    pub async fn stranger(&self) -> Actor {
        let email = unique_email();
        let event = json!({
            "action": "create_tenant", "name": "other", "access_code": "another code",
            "master": {"name": "stranger", "email": email, "password": "Password456"},
        });
        self.invoke("tenant", &event).await.expect("a tenant");
        self.log_in(&email, "Password456", "another code", 1).await
    }

    pub async fn log_in(&self, email: &str, password: &str, access_code: &str, user_id: i64) -> Actor {
        let mut actor = Actor {
            user_id,
            email: email.to_owned(),
            password: password.to_owned(),
            access_code: access_code.to_owned(),
            ..self.anonymous()
        };
        actor.token = Some(actor.new_token().await);
        actor
    }

    /// Invokes a function as `aws lambda invoke` does.
    ///
    /// # Errors
    /// What the function says is wrong.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.server.url());
        let response = self.http.post(url).body(event.to_string()).send().await.expect("an answer");
        let failed = response.headers().contains_key("x-amz-function-error");
        let answer: Value = serde_json::from_str(&response.text().await.expect("text")).expect("JSON");
        if failed { Err(answer["errorMessage"].as_str().unwrap_or_default().to_owned()) } else { Ok(answer) }
    }
}

/// No test passes in which a function did what its role may not, even if its caller was told nothing.
impl Drop for Product {
    fn drop(&mut self) {
        let refused = self.roles.refused();
        assert!(refused.is_empty() || std::thread::panicking(), "docs/iam-matrix.txt: {}", refused.join("; "));
    }
}

impl Actor {
    /// Nobody, at a product that runs elsewhere.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            http: client(),
            token: None,
            user_id: 0,
            email: String::new(),
            password: String::new(),
            access_code: String::new(),
        }
    }

    pub async fn new_token(&self) -> String {
        let form = json!({"email": self.email, "password": self.password, "access_code": self.access_code});
        let answer = self.anonymous().post("/api/login", &form).await.ok();
        answer["token"].as_str().expect("a token").to_owned()
    }

    /// The same client without a token.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same user with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request of this actor as the gateway hands it to a function.
    #[must_use]
    pub fn event(&self, method: &str, target: &str) -> GatewayRequest {
        let request = GatewayRequest::new(method, target);
        match &self.token {
            Some(token) => request.header("authorization", &format!("Bearer {token}")),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body.to_string().into())).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, &[], Some(body.to_string().into())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// POST under an `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[("idempotency-key", key)], Some(body.to_string().into())).await
    }

    /// Anything. A body is declared as JSON unless the headers say otherwise.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Answer {
        self.try_send(method, path, headers, body).await.expect("an answer")
    }

    /// As `send`, to a product that may be gone in the middle.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer_to(request.body(body.unwrap_or_default())).await
    }

    /// A body without a `Content-Type`.
    pub async fn undeclared(&self, method: Method, path: &str, body: String) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.url)).body(body);
        answer_to(request.bearer_auth(self.token.as_deref().unwrap_or_default())).await.expect("an answer")
    }

    /// Plans a broadcast of one hour that starts so many hours after 2030-01-01 and answers its id.
    pub async fn plan(&self, hour: u32) -> String {
        let answer = self.post("/api/schedule", &new_schedule(hour)).await.ok();
        answer["schedule_id"].as_str().expect("an id").to_owned()
    }
}

impl Answer {
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("JSON, not {:?}", self.text))
    }

    /// The body of a success.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        self.json()
    }

    /// The problem, once its form, status and code are as expected.
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["ok"], false);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {problem}");
        }
        problem
    }

    /// The fields that a refusal names, each with the code of its rule.
    #[must_use]
    pub fn invalid_fields(self) -> Vec<(String, String)> {
        let problem = self.refused(422, "invalid_parameters");
        let errors = problem["errors"].as_array().expect("errors");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        assert!(errors.iter().all(|error| !text(&error["message"]).is_empty()), "{problem}");
        errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
    }

    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII").to_owned()).unwrap_or_default()
    }
}

async fn answer_to(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await?;
    let text = match headers.get("content-encoding") {
        Some(coding) => {
            assert_eq!(coding, "gzip");
            unpacked(&bytes)
        }
        None => String::from_utf8(bytes.into()).expect("UTF-8"),
    };
    Ok(Answer { status, headers, text })
}

/// What was packed by gzip.
#[must_use]
pub fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).expect("text, packed by gzip");
    text
}

/// A client that speaks HTTP on this machine and nothing else.
fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().tls_backend_preconfigured(no_tls()).no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// A client's TLS that trusts nobody; nothing here needs it.
#[must_use]
pub fn no_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("the provider has protocol versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

#[must_use]
pub fn unique_email() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("user{}@example.jp", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The body for a new user with just these permissions.
#[must_use]
pub fn new_user(permissions: &[&str]) -> Value {
    let mut user = json!({"name": "ユーザー名", "email": unique_email(), "password": "Password123"});
    for permission in ["delivery", "view", "schedule", "user"] {
        user[permission] = json!(permissions.contains(&permission));
    }
    user
}

/// The document's own rendition.
#[must_use]
pub fn hls() -> Value {
    json!([{
        "durationSeconds": 1, "startTimeOffset": -2,
        "video": {"width": 640, "height": 480, "fps": 12, "bps": 2_465_792}, "audio": {"bps": 64000}
    }])
}

/// The body for a broadcast of one hour that starts so many hours after 2030-01-01.
#[must_use]
pub fn new_schedule(hour: u32) -> Value {
    new_schedule_at(&at_hour(hour), &at_hour(hour + 1))
}

#[must_use]
pub fn new_schedule_at(start: &str, end: &str) -> Value {
    json!({"name": "テスト配信", "start_datetime": start, "end_datetime": end, "imageflux_params": hls()})
}

/// So many hours after 2030-01-01 00:00:00, as the API reads it.
#[must_use]
pub fn at_hour(hour: u32) -> String {
    let midnight = chrono::DateTime::from_timestamp(1_893_423_600, 0).unwrap_or_default();
    shared::http::datetime::with_slashes(midnight + chrono::TimeDelta::hours(hour.into()))
}
