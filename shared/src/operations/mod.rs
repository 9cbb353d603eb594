//! What the product does: allow, load, decide, store. The reasons why it does not are its own, not HTTP's.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::credentials::tokens::Bearer;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::interval::Interval;
use crate::domain::invalid::FieldError;
use crate::domain::schedule::{Plan, ScheduleName};
use crate::domain::user::User;
use crate::imageflux::ImageFluxError;
use crate::policy::{self, Action};
use crate::store::users::Standing;
use crate::table::TableError;
use crate::telemetry;

pub mod idempotency;
pub mod sessions;
pub mod schedules;
mod reservations;
mod slots;
mod channels;
pub mod broadcasts;
pub mod users;
pub mod chat;
pub mod tenants;
pub mod sweeping;
pub mod reconciling;

/// Why a request was not done. Texts inside are for the log, never for the client.
#[derive(Debug)]
pub enum Error {
    Unauthenticated,
    LoginFailed,
    PermissionDenied,
    /// The request has no readable form at all.
    Malformed,
    BodyTooLarge,
    UnsupportedMediaType,
    Invalid(Vec<FieldError>),
    RouteNotFound,
    MethodNotAllowed(&'static str),
    ScheduleNotFound,
    UserNotFound,
    /// Nobody publishes; ask again after so many seconds.
    NotLive(u64),
    ScheduleOverlap(Box<Conflict>),
    ScheduleStarted,
    EmailTaken,
    MasterProtected,
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

/// Who asks, once everything that could stop them was looked at.
#[derive(Clone, Debug)]
pub struct Caller {
    pub tenant: TenantId,
    pub user: User,
    pub bearer: Bearer,
}

/// Lets a request in, in the contract's order: 401, then 403, then its form, then what it loads.
///
/// `load` is the request's form and the first reads it needs. They run beside the reads that decide
/// who asks, so letting somebody in costs no round trip of its own.
///
/// # Errors
/// The first of these that stops the request.
pub async fn admit<T>(
    app: &App,
    bearer: &Bearer,
    action: Action,
    load: Result<impl Future<Output = Result<T, Error>>, Error>,
) -> Result<(Caller, T), Error> {
    match load {
        Ok(load) => {
            let (caller, loaded) = tokio::join!(authenticate(app, bearer), load);
            let caller = allowed(caller?, action)?;
            Ok((caller, loaded?))
        }
        Err(form_error) => {
            allowed(authenticate(app, bearer).await?, action)?;
            Err(form_error)
        }
    }
}

async fn authenticate(app: &App, bearer: &Bearer) -> Result<Caller, Error> {
    let standing = crate::store::users::standing(&app.table, &bearer.tenant, bearer.user, &bearer.token).await?;
    match standing {
        Standing { user: Some(user), tenant_is_active: true, token_is_dead: false } if is_current(&user, bearer) => {
            telemetry::note("tenant", app.tenant_mark(&bearer.tenant));
            telemetry::note("user", bearer.user.0);
            Ok(Caller { tenant: bearer.tenant.clone(), user, bearer: bearer.clone() })
        }
        _ => Err(Error::Unauthenticated),
    }
}

/// A token lives with the password it was issued under, or because it was the one that changed it.
fn is_current(user: &User, bearer: &Bearer) -> bool {
    bearer.token_version == user.token_version || user.kept_token.as_ref() == Some(&bearer.token)
}

fn allowed(caller: Caller, action: Action) -> Result<Caller, Error> {
    if policy::allows(caller.user.permissions, action) { Ok(caller) } else { Err(Error::PermissionDenied) }
}

/// How often an operation decides again when somebody else was faster. Each time somebody got something done, and
/// split a gap of the calendar among the rest, so that of many at once nobody needs as many as there are.
const MAX_DECISIONS: usize = 32;

fn contended() -> Error {
    Error::Unavailable("others were faster too often".to_owned())
}

/// When the lease of something begun at `now` ends: longer than any request lives.
fn lease_end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + chrono::TimeDelta::seconds(30)
}
