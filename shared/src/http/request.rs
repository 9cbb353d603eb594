//! What a request says, however the gateway wrapped it.

use std::time::Duration;

use lambda_http::http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Map, Value};

use super::address::{self, Address};
use super::compression;
use super::event::{Event, Invocation, NotBase64};
use super::json;
use super::public_address;
use super::refusal::Refusal;
use super::routes::{PathParameters, Route};
use super::wording::Language;
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::invalid::{FieldError, FormError, Invalid, OtherMedia};
use crate::domain::trail::Origin;
use crate::operations::Error;

const MAX_BODY: usize = 64 * 1024;
const MAX_IDEMPOTENCY_KEY: usize = 255;

pub struct Request {
    pub method: Method,
    /// The host name of the gateway, as it says itself.
    pub gateway: Option<String>,
    /// What stood before the path: a stage, e.g. `/prod`, or nothing.
    pub stage: String,
    /// Without the stage, e.g. `/api/login`.
    pub path: String,
    pub headers: HeaderMap,
    /// Decoded, in the order they were sent, repetitions included.
    pub query: Vec<(String, Option<String>)>,
    pub id: String,
    /// Lambda's own id of this invocation, which its `platform.report` line has.
    pub invocation: String,
    /// The client's address as the gateway saw it.
    pub source: String,
    /// Whether the answer may be gzip.
    pub takes_gzip: bool,
    /// How long the function has left to answer.
    pub time_left: Option<Duration>,
    /// What stands in the path where its route has parameters.
    parameters: PathParameters,
    /// Whether there are a method and a path at all.
    is_readable: bool,
    body: Result<Vec<u8>, NotBase64>,
}

impl Request {
    /// `now_millis` is the machine's time, in which Lambda gives its deadline.
    #[must_use]
    pub fn new(event: &Event, invocation: &Invocation, fallback_id: String, now_millis: i64) -> Self {
        let (method, path) = (event.method(), event.path());
        let headers = event.headers();
        let now = u64::try_from(now_millis).unwrap_or(0);
        Self {
            is_readable: method.is_some() && path.is_some(),
            method: method.unwrap_or_default(),
            gateway: event.gateway().filter(|name| public_address::is_host(name)).map(str::to_owned),
            stage: event.hidden_stage(),
            path: path.unwrap_or_default().to_owned(),
            takes_gzip: event.takes_bytes() && compression::is_accepted(&headers),
            headers,
            query: event.query(),
            id: event.request_id().map_or(fallback_id, str::to_owned),
            invocation: invocation.id.clone(),
            source: event.source().to_owned(),
            time_left: (invocation.deadline > 0)
                .then(|| Duration::from_millis(invocation.deadline.saturating_sub(now))),
            parameters: Vec::new(),
            body: event.body(),
        }
    }

    /// The routes of the path, in a table. Stage, path and parameters are told apart from now on.
    pub fn find(&mut self, table: &'static [Route], event: &Event) -> Result<Vec<&'static Route>, Refusal> {
        if !self.is_readable {
            return Err(Refusal::Malformed);
        }
        match address::of(table, &self.path, event.stage()) {
            Address::Nowhere => Err(Refusal::RouteNotFound),
            Address::Moved(path) => {
                let query = event.query_text();
                let query = if query.is_empty() { query } else { format!("?{query}") };
                Err(Refusal::Moved(format!("{}{path}{query}", self.stage)))
            }
            Address::Here { stage, path, routes, parameters } => {
                self.stage.push_str(&stage);
                (self.path, self.parameters) = (path, parameters);
                Ok(routes)
            }
        }
    }

    /// A parameter of the path, as it was sent; empty if the route has none of this name.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(given, _)| *given == name).map_or("", |(_, value)| value)
    }

    /// The token that the request carries, if it is one of ours and has not expired.
    ///
    /// # Errors
    /// `Unauthenticated` for anything else.
    pub fn bearer(&self, app: &App) -> Result<Bearer, Error> {
        let mut headers = self.headers.get_all(header::AUTHORIZATION).iter();
        let (Some(header), None) = (headers.next(), headers.next()) else { return Err(Error::Unauthenticated) };
        let (scheme, token) =
            header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Error::Unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::Unauthenticated);
        }
        let bearer = app.tokens.verify(token.trim_start_matches(' '), app.clock.now()).ok_or(Error::Unauthenticated)?;
        let origin = Origin { source: self.source.clone(), request_id: self.id.clone() };
        Ok(Bearer { origin, ..bearer })
    }

    /// The body as text, if there is one.
    ///
    /// # Errors
    /// When it is too large, declared as something else than JSON in UTF-8, or not UTF-8.
    pub fn text(&self) -> Result<Option<&str>, FormError> {
        let bytes = self.body.as_deref().map_err(|_| FormError::Malformed)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() > MAX_BODY {
            return Err(FormError::BodyTooLarge);
        }
        if let Some(other) = self.other_media() {
            return Err(FormError::UnsupportedMediaType(other));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| FormError::Malformed)?;
        Ok(Some(text.strip_prefix('\u{FEFF}').unwrap_or(text)))
    }

    /// The body as a JSON object, whatever it is declared as. A member that holds what no text or number of ours can is
    /// left out.
    pub fn object(&self) -> Result<Map<String, Value>, Error> {
        let bytes = self.body.as_deref().map_err(|_| FormError::Malformed)?;
        if bytes.len() > MAX_BODY {
            return Err(FormError::BodyTooLarge.into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| FormError::Malformed)?;
        let members = json::members(text.strip_prefix('\u{FEFF}').unwrap_or(text))?;
        Ok(members
            .into_iter()
            .filter_map(|(name, value)| Some((name, serde_json::from_str(value.get()).ok()?)))
            .collect())
    }

    /// What keeps the body from being read. An absent type is as good as `application/json`; its parameters and
    /// case do not matter, but the charset is UTF-8.
    fn other_media(&self) -> Option<OtherMedia> {
        let is_encoded = |value: &HeaderValue| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
        if self.headers.get_all(header::CONTENT_ENCODING).iter().any(is_encoded) {
            return Some(OtherMedia::Encoding);
        }
        let value = self.headers.get(header::CONTENT_TYPE)?;
        let Ok(value) = value.to_str() else { return Some(OtherMedia::Type) };
        let mut parts = value.split(';').map(str::trim);
        if !parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
            return Some(OtherMedia::Type);
        }
        let mut charsets = parts
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value.trim().trim_matches('"').to_ascii_lowercase());
        charsets.any(|charset| charset != "utf-8" && charset != "utf8").then_some(OtherMedia::Charset)
    }

    /// The `Idempotency-Key` header, if there is one.
    ///
    /// # Errors
    /// When it is not 1 to 255 characters long, or is there twice.
    pub fn idempotency_key(&self) -> Result<Option<String>, FieldError> {
        let refused = |reason| FieldError::new("Idempotency-Key", reason);
        let mut headers = self.headers.get_all("idempotency-key").iter();
        let Some(header) = headers.next() else { return Ok(None) };
        if headers.next().is_some() {
            return Err(refused(Invalid::Duplicate));
        }
        let key = std::str::from_utf8(header.as_bytes()).map_err(|_| refused(Invalid::ControlCharacter))?.trim();
        match key.chars().count() {
            0 => Err(refused(Invalid::TooShort(1))),
            1..=MAX_IDEMPOTENCY_KEY => Ok(Some(key.to_owned())),
            _ => Err(refused(Invalid::TooLong(MAX_IDEMPOTENCY_KEY))),
        }
    }

    /// Whether the client has what this entity tag stands for (`If-None-Match`, compared weakly: RFC 9110, section 13.1.2).
    #[must_use]
    pub fn has(&self, tag: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let given = self.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        given.flat_map(|value| value.split(',')).any(|given| given.trim() == "*" || opaque(given) == opaque(tag))
    }

    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.headers.get(header::ORIGIN)?.to_str().ok()
    }

    #[must_use]
    pub fn language(&self) -> Language {
        let accepted = self.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        accepted.map_or(Language::Japanese, Language::preferred)
    }
}
