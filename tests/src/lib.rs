//! The people who use the product, for tests that read as sentences.
//!
//! Each test has a product of its own, in memory, and speaks to it over HTTP as its users do.

#![expect(clippy::missing_panics_doc, reason = "whatever is not as expected here is a panic")]

use std::time::Duration;

use local::{Options, Server, demo};
use reqwest::StatusCode;
use serde_json::{Value, json};

mod actor;
mod answer;
mod samples;
pub mod intercepted;
pub mod openapi;
pub mod roles;
pub mod upstream;

pub use actor::{Actor, no_tls};
pub use answer::{Answer, unpacked};
use roles::Roles;
pub use samples::{at_hour, hls, new_schedule, new_schedule_at, new_user, unique_email};

/// A running product and a client for it. Each function has its own role of `docs/iam-matrix.txt`, unless a test has
/// another guard; the sweeper runs only when a test invokes it.
pub struct Product {
    pub server: Server,
    pub roles: Roles,
    http: reqwest::Client,
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
        let guard = options.guard.or_else(|| Some(roles.guard()));
        let options = Options { guard, sweeps: false, ..options };
        let server = Server::start(options).await.expect("the product starts");
        Self { server, roles, http: actor::client() }
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
        let answer = answer::of(request).await.expect("an answer");
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
