//! How a request reaches ImageFlux: one POST over HTTPS. A simulation is another way.

use std::pin::Pin;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::platform::https;

/// An answer as it came, cut at the size that was asked for.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Why there is no answer. The texts are for the log.
#[derive(Debug)]
pub enum Failure {
    /// Not a byte of the request was sent.
    NotSent(String),
    /// The connection broke in the middle: it may have been done.
    Broken(String),
    /// No answer in time: it may have been done.
    TimedOut,
}

pub type Promise<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;

pub trait Transport: Send + Sync {
    /// `at_most` is the number of bytes of the answer that are read.
    fn post<'a>(&'a self, target: &'a str, body: String, at_most: usize) -> Promise<'a>;

    /// Whether it goes over the network in the clear.
    fn is_plain(&self) -> bool {
        false
    }

    /// What we show to be let in, if anything.
    fn access_token(&self) -> Option<&SecretString> {
        None
    }
}

pub struct Https {
    client: reqwest::Client,
    endpoint: reqwest::Url,
    authorization: HeaderValue,
    access_token: SecretString,
}

/// More of an error than this is nobody's to read.
const MAX_ERROR: usize = 4 * 1024;
const CONNECT: Duration = Duration::from_secs(1);
/// Less than the idle time after which a frozen environment's sockets are dead.
const POOL_IDLE: Duration = Duration::from_secs(15);

impl Https {
    /// A console's copy of the token may start with `Bearer `; that is not part of it.
    ///
    /// # Errors
    /// When the endpoint is no URL or the token cannot be a header.
    pub fn new(endpoint: &str, access_token: &SecretString) -> Result<Self, String> {
        let client = https::client(CONNECT, POOL_IDLE)?;
        let token = access_token.expose_secret().trim();
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| "the ImageFlux access token cannot be sent in a header")?;
        authorization.set_sensitive(true);
        let endpoint = endpoint.parse().map_err(|_| format!("IMAGEFLUX_ENDPOINT is not a URL: {endpoint}"))?;
        Ok(Self { client, endpoint, authorization, access_token: token.into() })
    }

    async fn send(&self, target: &str, body: String, at_most: usize) -> Result<Answer, Failure> {
        let mut response = self
            .client
            .post(self.endpoint.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("X-Sora-Target", target)
            .header(AUTHORIZATION, self.authorization.clone())
            .body(body)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let at_most = if response.status().is_success() { at_most } else { at_most.min(MAX_ERROR) };
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() >= at_most {
                body.truncate(at_most);
                break;
            }
        }
        Ok(Answer { status, body })
    }
}

impl Transport for Https {
    fn post<'a>(&'a self, target: &'a str, body: String, at_most: usize) -> Promise<'a> {
        Box::pin(self.send(target, body, at_most))
    }

    fn is_plain(&self) -> bool {
        self.endpoint.scheme() == "http"
    }

    fn access_token(&self) -> Option<&SecretString> {
        Some(&self.access_token)
    }
}

fn failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() {
        Failure::NotSent("no connection to ImageFlux".to_owned())
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Broken("the connection to ImageFlux broke".to_owned())
    }
}
