//! Authentication and authorisation, side by side with the first reads.

use super::Error;
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::TenantId;
use crate::domain::user::User;
use crate::platform::telemetry;
use crate::policy::{self, Action};
use crate::store::users::Standing;

/// An authenticated and authorised caller.
#[derive(Clone, Debug)]
pub struct Caller {
    pub tenant: TenantId,
    pub user: User,
    pub bearer: Bearer,
}

/// Authenticates and authorises a caller, while `load` reads what the request needs.
///
/// `load` begins with the request's form. Errors are reported in this order: 401, 403, invalid parameters, then errors
/// of the first reads. All reads run side by side, so admission costs no round trip of its own.
pub async fn admit<T>(
    app: &App,
    bearer: &Bearer,
    action: Action,
    load: impl Future<Output = Result<T, Error>>,
) -> Result<(Caller, T), Error> {
    let (caller, loaded) = tokio::join!(authenticate(app, bearer), load);
    Ok((allowed(caller?, action)?, loaded?))
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
