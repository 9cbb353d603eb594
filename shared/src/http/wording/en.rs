//! English.

use crate::domain::invalid::{FormError, Invalid, JsonType, OtherMedia};
use crate::http::refusal::Refusal;
use crate::operations::Error;

pub(super) fn title(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed => "Malformed request",
        Refusal::RouteNotFound => "No such API",
        Refusal::MethodNotAllowed(_) => "Method not allowed",
        Refusal::Moved(_) => "Moved",
        Refusal::Product(error) => match error {
            Error::Unauthenticated => "Not authenticated",
            Error::LoginFailed => "Login failed",
            Error::PermissionDenied => "Permission denied",
            Error::Muted(_) => "Muted",
            Error::ChatClosed => "Chat is closed",
            Error::Form(FormError::Malformed) => "Malformed request",
            Error::Form(FormError::BodyTooLarge) => "Body too large",
            Error::Form(FormError::UnsupportedMediaType(_)) => "Unsupported media type",
            Error::Form(FormError::Fields(_)) => "Invalid parameters",
            Error::ScheduleNotFound => "Schedule not found",
            Error::UserNotFound => "User not found",
            Error::MessageNotFound => "Message not found",
            Error::NotLive(_) => "Not live",
            Error::ScheduleOverlap(_) => "Schedule overlaps another",
            Error::ScheduleStarted => "Schedule has started",
            Error::ScheduleEnded => "Schedule has ended",
            Error::EmailTaken => "E-mail address already in use",
            Error::MasterProtected => "Master user is protected",
            Error::CannotBeMuted => "User cannot be muted",
            Error::IdempotencyInProgress => "Request in progress",
            Error::IdempotencyKeyReused => "Idempotency key reused",
            Error::ImageFluxRejected(_) => "Rejected by ImageFlux",
            Error::TooManyRequests(_) => "Too many requests",
            Error::Internal(_) => "Internal error",
            Error::ImageFluxFailed(_) => "ImageFlux failed",
            Error::Unavailable(_) => "Temporarily unavailable",
            Error::ImageFluxTimedOut => "ImageFlux timed out",
        },
    }
}

pub(super) fn detail(refusal: &Refusal) -> String {
    let text = match refusal {
        Refusal::Malformed => "The request could not be read.",
        Refusal::RouteNotFound => "Check the path.",
        Refusal::MethodNotAllowed(_) => "The Allow header lists the methods that this path supports.",
        Refusal::Moved(_) => "The Location header has the right address.",
        Refusal::Product(error) => match error {
            Error::Unauthenticated => {
                "Send a valid token in the Authorization header. If the token has expired or was revoked, log in again."
            }
            Error::LoginFailed => "The e-mail address, password or access code is incorrect.",
            Error::PermissionDenied => "You do not have permission to do this.",
            Error::Muted(_) => "You cannot post to this chat until the number of seconds in Retry-After has passed.",
            Error::ChatClosed => "The host has closed this chat. Its messages can still be read.",
            Error::Form(FormError::Malformed) => "The request body must be a JSON object in UTF-8.",
            Error::Form(FormError::BodyTooLarge) => "The request body must be at most 64 KiB.",
            Error::Form(FormError::UnsupportedMediaType(OtherMedia::Type)) => {
                "The Content-Type must be application/json."
            }
            Error::Form(FormError::UnsupportedMediaType(OtherMedia::Charset)) => {
                "The character encoding (charset) must be UTF-8."
            }
            Error::Form(FormError::UnsupportedMediaType(OtherMedia::Encoding)) => {
                "Send the request body uncompressed: no Content-Encoding other than identity is supported."
            }
            Error::Form(FormError::Fields(_)) => "Correct the fields listed in errors.",
            Error::ScheduleNotFound => "The schedule does not exist.",
            Error::UserNotFound => "The user does not exist.",
            Error::MessageNotFound => "The message does not exist in the chat of this schedule.",
            Error::NotLive(_) => "The broadcast is not live. Try again after the number of seconds in Retry-After.",
            Error::ScheduleOverlap(_) => "The schedule in conflicts_with already occupies this time.",
            Error::ScheduleStarted => {
                "Once its start time has passed, a schedule cannot be deleted. Once somebody has published, its start cannot be changed."
            }
            Error::ScheduleEnded => "The schedule ended too long ago to be published.",
            Error::EmailTaken => "A user with this e-mail address already exists.",
            Error::MasterProtected => {
                "The master user cannot be deleted or lose permissions, and only the master can edit it."
            }
            Error::CannotBeMuted => "Users with the permission delivery or schedule cannot be muted.",
            Error::IdempotencyInProgress => {
                "A request with the same Idempotency-Key is still being processed. Try again shortly."
            }
            Error::IdempotencyKeyReused => "This Idempotency-Key was already used with a different request.",
            Error::ImageFluxRejected(reason) => {
                let reason = if reason.is_empty() { "no reason given" } else { reason };
                return format!("ImageFlux does not take the imageflux_params of the schedule. It says: {reason}");
            }
            Error::TooManyRequests(_) => "Try again after the number of seconds in Retry-After.",
            Error::Internal(_) => "If the problem persists, contact us with the request_id.",
            Error::ImageFluxFailed(_) => "ImageFlux returned an error. Nothing was changed.",
            Error::Unavailable(_) => "Try again shortly.",
            Error::ImageFluxTimedOut => "ImageFlux did not respond in time. Nothing was changed.",
        },
    };
    text.to_owned()
}

pub(super) fn field(reason: &Invalid) -> String {
    let text = match reason {
        Invalid::Missing => "is required",
        Invalid::Null => "must not be null",
        Invalid::Duplicate => "is given more than once",
        Invalid::Contradictory => "differs between query and body",
        Invalid::NotUtf8 => "must be UTF-8, percent-encoded",
        Invalid::SecretInQuery => "must be sent in the body, not in the query",
        Invalid::WrongType(kind) => return format!("must be {}", json_type(*kind)),
        Invalid::TooShort(1) => "must have at least 1 character (or item)",
        Invalid::TooShort(least) => return format!("must have at least {least} characters (or items)"),
        Invalid::TooLong(most) => return format!("must have at most {most} characters (or items)"),
        Invalid::Blank => "must contain a visible character",
        Invalid::ControlCharacter => "must not contain control characters",
        Invalid::BidirectionalControl => "must not contain bidirectional overrides or isolates",
        Invalid::NotAnEmail => "must be an e-mail address",
        Invalid::NotADateTime => "must be an existing date and time in the format YYYY/MM/DD HH:MM:SS",
        Invalid::NotAfterStart => "must be later than the start",
        Invalid::OutOfRange(least, most) => return format!("must be between {least} and {most}"),
        Invalid::NotPositive => "must be greater than 0",
        Invalid::NotOneOf(words) => return format!("must be one of: {}", words.join(", ")),
        Invalid::NotYours => "must be one that the operator gave your company",
        Invalid::TooDeep(most) => return format!("must not be nested more than {most} levels deep"),
        Invalid::NoMedia => "must have video or audio",
        Invalid::NotJson => "must be valid JSON",
        Invalid::NotAnId => "must be an id",
        Invalid::NotTogetherWith(other) => return format!("must not be given together with {other}"),
        Invalid::NotAnIpAddress => "must be an IP address",
        Invalid::NotACursor => "must be a cursor returned by this API",
    };
    text.to_owned()
}

fn json_type(kind: JsonType) -> &'static str {
    match kind {
        JsonType::String => "a string",
        JsonType::Boolean => "a boolean (true, false, 1 or 0)",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::Array => "an array",
    }
}
