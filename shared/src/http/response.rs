//! Answers of the kind that was asked for. Their statuses are chosen here, by name; handlers write none.

use lambda_http::http::StatusCode;
use serde::Serialize;

use super::ApiResult;
use super::request::Request;
use crate::operations::Error;

/// An answer, but for the headers that all of them carry.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    /// What the log calls it.
    pub code: &'static str,
    /// Empty where there is no body.
    pub content_type: &'static str,
    pub body: String,
    /// `Cache-Control` is `no-store` unless it stands here.
    pub headers: Vec<(&'static str, String)>,
}

/// `{"ok": true}`
pub fn ok() -> ApiResult {
    Ok(json_text(r#"{"ok":true}"#.to_owned()))
}

pub fn json(value: &impl Serialize) -> ApiResult {
    let body = serde_json::to_string(value).map_err(|_| Error::Internal("an answer is no JSON".to_owned()))?;
    Ok(json_text(body))
}

/// A body that is JSON already.
pub(super) fn json_text(body: String) -> Reply {
    Reply::new(StatusCode::OK, "application/json", body)
}

/// A body of another type than JSON.
#[must_use]
pub fn text(content_type: &'static str, body: String) -> Reply {
    Reply::new(StatusCode::OK, content_type, body)
}

/// 302: what is asked for is elsewhere for now.
#[must_use]
pub fn elsewhere(location: String) -> Reply {
    Reply::empty(StatusCode::FOUND).with("location", location)
}

/// 304: what the client has is still right.
#[must_use]
pub fn unchanged() -> Reply {
    Reply::empty(StatusCode::NOT_MODIFIED)
}

/// 503 without a problem, for players: nothing to see yet; ask again after so many seconds.
#[must_use]
pub fn not_yet(seconds: u64) -> Reply {
    let waiting = Reply { code: "waiting", ..Reply::empty(StatusCode::SERVICE_UNAVAILABLE) };
    waiting.with("retry-after", seconds.to_string())
}

/// 404 without a problem: nothing is here, whatever the reason.
#[must_use]
pub fn nothing() -> Reply {
    Reply { code: "not_found", ..Reply::empty(StatusCode::NOT_FOUND) }
}

/// A `Link` to the next page: the same call with these parameters, wherever the request had them.
#[must_use]
pub fn link_to_next(request: &Request, parameters: &[(&str, String)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("<{}{}?{query}>; rel=\"next\"", request.stage, request.path)
}

impl Reply {
    pub(super) fn new(status: StatusCode, content_type: &'static str, body: String) -> Self {
        Self { status, code: "ok", content_type, body, headers: Vec::new() }
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self::new(status, "", String::new())
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}
