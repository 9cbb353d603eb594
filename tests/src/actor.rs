//! Somebody who speaks to the product over HTTP.

use local::event::GatewayRequest;
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::samples::new_schedule;

/// Somebody with a token, or without.
#[derive(Clone)]
pub struct Actor {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    pub token: Option<String>,
    pub user_id: i64,
    pub email: String,
    pub password: String,
    pub access_code: String,
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
        answer::of(request.body(body.unwrap_or_default())).await
    }

    /// A body without a `Content-Type`.
    pub async fn undeclared(&self, method: Method, path: &str, body: String) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.url)).body(body);
        answer::of(request.bearer_auth(self.token.as_deref().unwrap_or_default())).await.expect("an answer")
    }

    /// Plans a broadcast of one hour that starts so many hours after 2030-01-01 and answers its id.
    pub async fn plan(&self, hour: u32) -> String {
        let answer = self.post("/api/schedule", &new_schedule(hour)).await.ok();
        answer["schedule_id"].as_str().expect("an id").to_owned()
    }
}

/// A client that speaks HTTP on this machine and nothing else.
pub(crate) fn client() -> reqwest::Client {
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
