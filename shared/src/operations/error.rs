//! Why a request was not done, in the product's language.

use std::fmt;

use crate::domain::ids::ScheduleId;
use crate::domain::interval::Interval;
use crate::domain::invalid::FormError;
use crate::domain::live::Status;
use crate::domain::schedule::{Plan, ScheduleName};
use crate::imageflux::ImageFluxError;
use crate::table::TableError;

/// Why a request was not done. Texts inside are for the log, never for the client.
#[derive(Debug)]
pub enum Error {
    Unauthenticated,
    LoginFailed,
    PermissionDenied,
    /// In this chat, for so many seconds.
    Muted(u64),
    ChatClosed,
    /// What is asked for cannot be read, or breaks a rule.
    Form(FormError),
    ScheduleNotFound,
    UserNotFound,
    MessageNotFound,
    NotLive(Box<NotLive>),
    ScheduleOverlap(Box<Conflict>),
    ScheduleStarted,
    /// Its end is too long ago.
    ScheduleEnded,
    EmailTaken,
    MasterProtected,
    /// Hosts cannot.
    CannotBeMuted,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    /// ImageFlux refused the parameters; the reason is for the client.
    ImageFluxRejected(String),
    ImageFluxFailed(String),
    ImageFluxTimedOut,
    /// A dependency is busy or away; ask again soon.
    Unavailable(String),
    /// Too eager; ask again after so many seconds.
    TooManyRequests(u64),
    Internal(String),
}

/// Nobody publishes.
#[derive(Clone, Debug, PartialEq)]
pub struct NotLive {
    /// Ask again after so many seconds.
    pub ask_again: u64,
    pub status: Status,
    /// What plays by itself once somebody publishes.
    pub watch_url: Option<String>,
}

/// The schedule whose interval stands in the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub schedule: ScheduleId,
    pub name: ScheduleName,
    pub interval: Interval,
}

impl From<Plan> for Conflict {
    fn from(plan: Plan) -> Self {
        Self { schedule: plan.id, name: plan.name, interval: plan.interval }
    }
}

impl From<FormError> for Error {
    fn from(error: FormError) -> Self {
        Self::Form(error)
    }
}

/// For operators: one line, without anything that a client sent.
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImageFluxRejected(reason) => write!(formatter, "ImageFlux refused: {reason}"),
            Self::ImageFluxFailed(cause) => write!(formatter, "failed at ImageFlux: {cause}"),
            Self::ImageFluxTimedOut => formatter.write_str("ImageFlux did not answer in time"),
            Self::Unavailable(cause) => write!(formatter, "unavailable: {cause}"),
            Self::Internal(cause) => write!(formatter, "internal: {cause}"),
            Self::NotLive(not_live) => write!(formatter, "nobody publishes; ask again in {} s", not_live.ask_again),
            Self::TooManyRequests(seconds) => write!(formatter, "too many requests; ask again in {seconds} s"),
            Self::Muted(seconds) => write!(formatter, "muted for {seconds} s"),
            Self::ScheduleOverlap(conflict) => write!(formatter, "schedule {} is in the way", conflict.schedule),
            Self::Form(FormError::Fields(fields)) => {
                let fields: Vec<&str> = fields.iter().map(|error| error.field.as_str()).collect();
                write!(formatter, "invalid: {}", fields.join(", "))
            }
            // The others say all in their names.
            other => write!(formatter, "{other:?}"),
        }
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Unavailable(cause) => Self::Unavailable(format!("table: {cause}")),
            TableError::Broken(cause) => Self::Internal(format!("table: {cause}")),
        }
    }
}

impl From<ImageFluxError> for Error {
    fn from(error: ImageFluxError) -> Self {
        match error {
            ImageFluxError::Rejected(reason) => Self::ImageFluxRejected(reason),
            ImageFluxError::Failed(cause) => Self::ImageFluxFailed(format!("imageflux: {cause}")),
            ImageFluxError::Unavailable(cause) => Self::Unavailable(format!("imageflux: {cause}")),
            ImageFluxError::TimedOut => Self::ImageFluxTimedOut,
        }
    }
}
