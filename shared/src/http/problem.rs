//! Refusals as RFC 9457 problems: the one mapping from the product's reasons to status and code.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::datetime;
use super::messages::{self, Language};
use crate::operations::{Conflict, Error};

/// Status and stable code of every reason.
#[must_use]
pub fn status_and_code(error: &Error) -> (u16, &'static str) {
    match error {
        Error::Malformed => (400, "malformed_request"),
        Error::Unauthenticated => (401, "unauthenticated"),
        Error::LoginFailed => (401, "login_failed"),
        Error::PermissionDenied => (403, "permission_denied"),
        Error::RouteNotFound => (404, "route_not_found"),
        Error::ScheduleNotFound => (404, "schedule_not_found"),
        Error::UserNotFound => (404, "user_not_found"),
        Error::NotLive(_) => (404, "not_live"),
        Error::MethodNotAllowed(_) => (405, "method_not_allowed"),
        Error::ScheduleOverlap(_) => (409, "schedule_overlap"),
        Error::ScheduleStarted => (409, "schedule_started"),
        Error::EmailTaken => (409, "email_taken"),
        Error::MasterProtected => (409, "master_protected"),
        Error::IdempotencyInProgress => (409, "idempotency_in_progress"),
        Error::BodyTooLarge => (413, "body_too_large"),
        Error::UnsupportedMediaType => (415, "unsupported_media_type"),
        Error::Invalid(_) => (422, "invalid_parameters"),
        Error::IdempotencyKeyReused => (422, "idempotency_key_reused"),
        Error::ImageFluxRejected(_) => (422, "imageflux_rejected"),
        Error::TooManyRequests(_) => (429, "too_many_requests"),
        Error::Internal(_) => (500, "internal"),
        Error::ImageFluxFailed(_) => (502, "imageflux_failed"),
        Error::Unavailable(_) => (503, "unavailable"),
        Error::ImageFluxTimedOut => (504, "imageflux_timeout"),
    }
}

/// Seconds after which a request that met a busy or absent dependency may be repeated.
const ASK_AGAIN: u64 = 2;

/// Headers that a reason calls for.
#[must_use]
pub fn headers(error: &Error) -> Vec<(&'static str, String)> {
    match error {
        Error::Unauthenticated | Error::LoginFailed => vec![("www-authenticate", "Bearer".to_owned())],
        Error::MethodNotAllowed(allowed) => vec![("allow", (*allowed).to_owned())],
        Error::NotLive(seconds) | Error::TooManyRequests(seconds) => vec![("retry-after", seconds.to_string())],
        Error::Unavailable(_) | Error::ImageFluxTimedOut => vec![("retry-after", ASK_AGAIN.to_string())],
        _ => Vec::new(),
    }
}

/// What the log keeps and the client never reads.
#[must_use]
pub fn cause(error: &Error) -> Option<&str> {
    match error {
        Error::Internal(cause) | Error::ImageFluxFailed(cause) | Error::Unavailable(cause) => Some(cause),
        _ => None,
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    ok: bool,
    code: &'static str,
    request_id: &'a str,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// The body, in the language of the client.
#[must_use]
pub fn body(error: &Error, request_id: &str, language: Language) -> String {
    let (status, code) = status_and_code(error);
    let problem = Problem {
        kind: format!("urn:imageflux-live-streaming-api-option:{code}"),
        title: messages::title(error, language),
        status,
        detail: messages::detail(error, language),
        ok: false,
        code,
        request_id,
        more: more(error, language),
    };
    serde_json::to_string(&problem).unwrap_or_default()
}

fn more(error: &Error, language: Language) -> Map<String, Value> {
    let mut more = Map::new();
    match error {
        Error::Invalid(fields) => {
            let fields = fields.iter().map(|error| {
                let message = messages::field(&error.reason, language);
                json!({"field": error.field, "code": error.reason.code(), "message": message})
            });
            more.insert("errors".to_owned(), fields.collect());
        }
        Error::ScheduleOverlap(conflict) => {
            let Conflict { schedule, name, interval } = conflict.as_ref();
            let conflict = json!({
                "schedule_id": schedule.as_str(),
                "name": name.as_str(),
                "start_datetime": datetime::with_t(interval.start()),
                "end_datetime": datetime::with_t(interval.end()),
            });
            more.insert("conflicts_with".to_owned(), conflict);
        }
        _ => {}
    }
    more
}
