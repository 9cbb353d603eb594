//! Refusals: why a request got no answer of its kind, and the one mapping from reasons to status and code.
//!
//! They are rendered as problems of RFC 9457.

use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::datetime;
use super::wording::Language;
use crate::domain::invalid::FormError;
use crate::operations::{Conflict, Error};

/// Why a request was not answered: a reason of HTTP's, or one of the product's.
#[derive(Debug)]
pub enum Refusal {
    /// The event of the gateway holds no request that can be read.
    Malformed,
    RouteNotFound,
    /// The methods that the path has.
    MethodNotAllowed(String),
    /// The address with the slashes it should have.
    Moved(String),
    Product(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Product(error)
    }
}

/// What all refusals of one kind have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub status: StatusCode,
    /// The stable word for clients.
    pub code: &'static str,
}

macro_rules! kinds {
    ($($name:ident: $status:ident, $code:literal;)+) => {
        $(const $name: Kind = Kind { status: StatusCode::$status, code: $code };)+

        /// Every kind there is.
        pub const KINDS: &[Kind] = &[$($name),+];
    };
}

kinds! {
    MALFORMED_REQUEST: BAD_REQUEST, "malformed_request";
    UNAUTHENTICATED: UNAUTHORIZED, "unauthenticated";
    LOGIN_FAILED: UNAUTHORIZED, "login_failed";
    PERMISSION_DENIED: FORBIDDEN, "permission_denied";
    MUTED: FORBIDDEN, "muted";
    CHAT_CLOSED: FORBIDDEN, "chat_closed";
    ROUTE_NOT_FOUND: NOT_FOUND, "route_not_found";
    SCHEDULE_NOT_FOUND: NOT_FOUND, "schedule_not_found";
    USER_NOT_FOUND: NOT_FOUND, "user_not_found";
    MESSAGE_NOT_FOUND: NOT_FOUND, "message_not_found";
    NOT_LIVE: NOT_FOUND, "not_live";
    METHOD_NOT_ALLOWED: METHOD_NOT_ALLOWED, "method_not_allowed";
    SCHEDULE_OVERLAP: CONFLICT, "schedule_overlap";
    SCHEDULE_STARTED: CONFLICT, "schedule_started";
    SCHEDULE_ENDED: CONFLICT, "schedule_ended";
    EMAIL_TAKEN: CONFLICT, "email_taken";
    MASTER_PROTECTED: CONFLICT, "master_protected";
    CANNOT_BE_MUTED: CONFLICT, "cannot_be_muted";
    IDEMPOTENCY_IN_PROGRESS: CONFLICT, "idempotency_in_progress";
    BODY_TOO_LARGE: PAYLOAD_TOO_LARGE, "body_too_large";
    UNSUPPORTED_MEDIA_TYPE: UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type";
    INVALID_PARAMETERS: UNPROCESSABLE_ENTITY, "invalid_parameters";
    IDEMPOTENCY_KEY_REUSED: UNPROCESSABLE_ENTITY, "idempotency_key_reused";
    IMAGEFLUX_REJECTED: UNPROCESSABLE_ENTITY, "imageflux_rejected";
    TOO_MANY_REQUESTS: TOO_MANY_REQUESTS, "too_many_requests";
    INTERNAL: INTERNAL_SERVER_ERROR, "internal";
    IMAGEFLUX_FAILED: BAD_GATEWAY, "imageflux_failed";
    UNAVAILABLE: SERVICE_UNAVAILABLE, "unavailable";
    IMAGEFLUX_TIMEOUT: GATEWAY_TIMEOUT, "imageflux_timeout";
}

/// The kind of an answer that has a `Location` and no problem.
const MOVED: Kind = Kind { status: StatusCode::PERMANENT_REDIRECT, code: "moved" };

/// A refusal as HTTP tells it.
pub struct Described {
    pub kind: Kind,
    /// Seconds after which the request may be repeated.
    pub pause: Option<u64>,
}

/// Seconds after which a request that met a busy or absent dependency may be repeated.
const ASK_AGAIN: u64 = 2;
/// How many failing fields an answer names, so that no small request has a huge answer.
const MAX_ERRORS: usize = 50;

impl Refusal {
    #[must_use]
    pub fn describe(&self) -> Described {
        let (kind, pause) = match self {
            Self::Malformed => (MALFORMED_REQUEST, None),
            Self::RouteNotFound => (ROUTE_NOT_FOUND, None),
            Self::MethodNotAllowed(_) => (METHOD_NOT_ALLOWED, None),
            Self::Moved(_) => (MOVED, None),
            Self::Product(error) => describe(error),
        };
        Described { kind, pause }
    }

    /// Headers that the reason calls for.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let Described { kind, pause } = self.describe();
        let mut headers = Vec::new();
        if kind.status == StatusCode::UNAUTHORIZED {
            headers.push(("www-authenticate", "Bearer".to_owned()));
        }
        match self {
            Self::MethodNotAllowed(allowed) => headers.push(("allow", allowed.clone())),
            Self::Moved(location) => headers.push(("location", location.clone())),
            _ => {}
        }
        headers.extend(pause.map(|seconds| ("retry-after", seconds.to_string())));
        headers
    }

    /// What the log keeps and the client never reads.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Product(Error::Internal(cause) | Error::ImageFluxFailed(cause) | Error::Unavailable(cause)) => {
                Some(cause)
            }
            _ => None,
        }
    }

    /// The problem, in the language of the client; nothing where a header says it all.
    #[must_use]
    pub fn body(&self, request_id: &str, language: Language) -> String {
        if let Self::Moved(_) = self {
            return String::new();
        }
        let Kind { status, code } = self.describe().kind;
        let problem = Problem {
            kind: format!("urn:imageflux-live-streaming-api-option:{code}"),
            title: language.title(self),
            status: status.as_u16(),
            detail: language.detail(self),
            ok: false,
            code,
            request_id,
            more: self.more(language),
        };
        serde_json::to_string(&problem).unwrap_or_default()
    }

    /// Members that problems of this kind alone have.
    fn more(&self, language: Language) -> Map<String, Value> {
        let mut more = Map::new();
        match self {
            Self::Product(Error::Form(FormError::Fields(fields))) => {
                let fields = fields.iter().take(MAX_ERRORS).map(|error| {
                    let message = language.field(&error.reason);
                    json!({"field": error.field, "code": error.reason.code(), "message": message})
                });
                more.insert("errors".to_owned(), fields.collect());
            }
            Self::Product(Error::ScheduleOverlap(conflict)) => {
                more.insert("conflicts_with".to_owned(), conflicts_with(conflict));
            }
            Self::Product(Error::NotLive(not_live)) => {
                more.insert("broadcast_status".to_owned(), json!(not_live.status.as_str()));
                more.extend(not_live.watch_url.iter().map(|url| ("watch_url".to_owned(), json!(url))));
            }
            _ => {}
        }
        more
    }
}

fn describe(error: &Error) -> (Kind, Option<u64>) {
    match error {
        Error::Unauthenticated => (UNAUTHENTICATED, None),
        Error::LoginFailed => (LOGIN_FAILED, None),
        Error::PermissionDenied => (PERMISSION_DENIED, None),
        Error::Muted(seconds) => (MUTED, Some(*seconds)),
        Error::ChatClosed => (CHAT_CLOSED, None),
        Error::Form(FormError::Malformed) => (MALFORMED_REQUEST, None),
        Error::Form(FormError::BodyTooLarge) => (BODY_TOO_LARGE, None),
        Error::Form(FormError::UnsupportedMediaType(_)) => (UNSUPPORTED_MEDIA_TYPE, None),
        Error::Form(FormError::Fields(_)) => (INVALID_PARAMETERS, None),
        Error::ScheduleNotFound => (SCHEDULE_NOT_FOUND, None),
        Error::UserNotFound => (USER_NOT_FOUND, None),
        Error::MessageNotFound => (MESSAGE_NOT_FOUND, None),
        Error::NotLive(not_live) => (NOT_LIVE, Some(not_live.ask_again)),
        Error::ScheduleOverlap(_) => (SCHEDULE_OVERLAP, None),
        Error::ScheduleStarted => (SCHEDULE_STARTED, None),
        Error::ScheduleEnded => (SCHEDULE_ENDED, None),
        Error::EmailTaken => (EMAIL_TAKEN, None),
        Error::MasterProtected => (MASTER_PROTECTED, None),
        Error::CannotBeMuted => (CANNOT_BE_MUTED, None),
        Error::IdempotencyInProgress => (IDEMPOTENCY_IN_PROGRESS, None),
        Error::IdempotencyKeyReused => (IDEMPOTENCY_KEY_REUSED, None),
        Error::ImageFluxRejected(_) => (IMAGEFLUX_REJECTED, None),
        Error::TooManyRequests(seconds) => (TOO_MANY_REQUESTS, Some(*seconds)),
        Error::Internal(_) => (INTERNAL, None),
        Error::ImageFluxFailed(_) => (IMAGEFLUX_FAILED, None),
        Error::Unavailable(_) => (UNAVAILABLE, Some(ASK_AGAIN)),
        Error::ImageFluxTimedOut => (IMAGEFLUX_TIMEOUT, Some(ASK_AGAIN)),
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

fn conflicts_with(Conflict { schedule, name, interval }: &Conflict) -> Value {
    json!({
        "schedule_id": schedule.to_string(),
        "name": name.as_str(),
        "start_datetime": datetime::with_t(interval.start()),
        "end_datetime": datetime::with_t(interval.end()),
    })
}
