//! What a request says, however the gateway wrapped it.

use std::time::Duration;

use lambda_http::aws_lambda_events::encodings::Body;
use lambda_http::http::{HeaderMap, HeaderValue, Method, header};
use lambda_http::request::RequestContext;
use lambda_http::{RequestExt, http};

use super::routes::{self, PathParameters, Route};
use super::wording::Language;
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::invalid::{FieldError, FormError, Invalid, OtherMedia};
use crate::operations::Error;
use crate::operations::idempotency::IdempotencyKey;

const MAX_BODY: usize = 64 * 1024;
const MAX_IDEMPOTENCY_KEY: usize = 255;

pub struct Request {
    pub method: Method,
    /// What stood before the path: a stage, e.g. `/prod`, or nothing.
    pub stage: String,
    /// Without the stage, e.g. `/api/login`.
    pub path: String,
    pub headers: HeaderMap,
    /// Decoded, in the order they were sent, repetitions included.
    pub query: Vec<(String, String)>,
    pub id: String,
    /// Lambda's own id of this invocation, which its `REPORT` line has.
    pub invocation: String,
    /// The client's address as the gateway saw it.
    pub source: String,
    /// How long the function has left to answer.
    pub time_left: Option<Duration>,
    /// What stands in the path where its route has parameters.
    parameters: PathParameters,
    body: Body,
}

impl Request {
    /// `now_millis` is the machine's time, in which Lambda gives its deadline.
    #[must_use]
    pub fn new(event: http::Request<Body>, fallback_id: String, now_millis: i64) -> Self {
        let (gateway_id, source, stage) = match event.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                (context.request_id.clone(), context.http.source_ip.clone(), context.stage.clone())
            }
            Some(RequestContext::ApiGatewayV1(context)) => {
                (context.request_id.clone(), context.identity.source_ip.clone(), context.stage.clone())
            }
            _ => (None, None, None),
        };
        let invocation = event.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default();
        let deadline = event.lambda_context_ref().map(|context| context.deadline);
        let time_left = deadline
            .filter(|deadline| *deadline > 0)
            .map(|deadline| Duration::from_millis(deadline.saturating_sub(u64::try_from(now_millis).unwrap_or(0))));
        let query = event
            .query_string_parameters_ref()
            .map(|query| query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
            .unwrap_or_default();
        let (parts, body) = event.into_parts();
        let (stage, path) = split_stage(parts.uri.path(), stage.as_deref());
        Self {
            stage: stage.to_owned(),
            path: path.to_owned(),
            method: parts.method,
            headers: parts.headers,
            query,
            invocation,
            id: gateway_id.filter(|id| !id.is_empty()).unwrap_or(fallback_id),
            source: source.unwrap_or_default(),
            time_left,
            parameters: Vec::new(),
            body,
        }
    }

    /// The routes of the path, in a table. Their parameters are known from now on.
    pub fn find(&mut self, table: &'static [Route]) -> Vec<&'static Route> {
        match routes::find(table, &self.path) {
            None => Vec::new(),
            Some(found) => {
                self.parameters = found.parameters;
                found.routes
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
        app.tokens.verify(token, app.clock.now()).ok_or(Error::Unauthenticated)
    }

    /// The body as text, if there is one.
    ///
    /// # Errors
    /// When it is too large, declared as something else than JSON in UTF-8, or not UTF-8.
    pub fn text(&self) -> Result<Option<&str>, FormError> {
        let bytes = self.bytes();
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

    fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
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
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, FieldError> {
        let refused = |reason| FieldError::new("Idempotency-Key", reason);
        let mut headers = self.headers.get_all("idempotency-key").iter();
        let Some(header) = headers.next() else { return Ok(None) };
        if headers.next().is_some() {
            return Err(refused(Invalid::Duplicate));
        }
        let key = std::str::from_utf8(header.as_bytes()).map_err(|_| refused(Invalid::ControlCharacter))?.trim();
        match key.chars().count() {
            0 => Err(refused(Invalid::TooShort(1))),
            1..=MAX_IDEMPOTENCY_KEY => Ok(Some(IdempotencyKey::new(key, self.bytes()))),
            _ => Err(refused(Invalid::TooLong(MAX_IDEMPOTENCY_KEY))),
        }
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

/// A stage other than `$default` stands before the path, in some payloads.
fn split_stage<'a>(path: &'a str, stage: Option<&str>) -> (&'a str, &'a str) {
    let inner = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    match inner {
        Some(inner) if inner.starts_with("/api/") => path.split_at(path.len() - inner.len()),
        _ => ("", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_before_the_path_is_not_part_of_it() {
        assert_eq!(split_stage("/prod/api/schedule", Some("prod")), ("/prod", "/api/schedule"));
        assert_eq!(split_stage("/api/schedule", Some("prod")), ("", "/api/schedule"));
        assert_eq!(split_stage("/api/schedule", Some("$default")), ("", "/api/schedule"));
        assert_eq!(split_stage("/api/api/schedule", Some("api")), ("/api", "/api/schedule"));
        assert_eq!(split_stage("/other/api/schedule", Some("prod")), ("", "/other/api/schedule"));
    }
}
