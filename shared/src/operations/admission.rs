//! Authentication and authorisation, side by side with the first reads.

use super::{Error, reading};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::TenantId;
use crate::domain::standing::Standing;
use crate::platform::telemetry;
use crate::policy::{self, Action};
use crate::store::standings;

/// An authenticated and authorised caller.
#[derive(Clone, Debug)]
pub struct Caller {
    pub tenant: TenantId,
    pub user: Standing,
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
    // Who shows a dead token once more is refused for nothing.
    if app.dead_tokens.has(&bearer.token, app.clock.now_millis()) {
        return Err(Error::Unauthenticated);
    }
    let (caller, loaded) = tokio::join!(authenticate(app, bearer), load);
    Ok((allowed(caller?, action)?, loaded?))
}

/// The caller's own standing is read strongly, under a key that nobody else reads; the tenant's state with all others.
async fn authenticate(app: &App, bearer: &Bearer) -> Result<Caller, Error> {
    let standing = standings::find(&app.table, &bearer.tenant, bearer.user);
    let (standing, tenant_is_active) = tokio::try_join!(standing, reading::tenant_is_active(app, &bearer.tenant))?;
    match standing {
        Some(user) if tenant_is_active && user.admits(&bearer.token, bearer.token_version, bearer.expires_at) => {
            telemetry::note("tenant", app.tenant_mark(&bearer.tenant));
            telemetry::note("user", bearer.user.0);
            Ok(Caller { tenant: bearer.tenant.clone(), user, bearer: bearer.clone() })
        }
        standing => {
            // A suspension ends, and what is read may be too new for the token; all else is for ever. Users are never made again.
            let is_dead = |user: Standing| user.is_dead(&bearer.token, bearer.token_version, bearer.expires_at);
            if standing.is_none_or(is_dead) {
                app.dead_tokens.remember(&bearer.token, app.clock.now_millis());
            }
            Err(Error::Unauthenticated)
        }
    }
}

fn allowed(caller: Caller, action: Action) -> Result<Caller, Error> {
    if policy::allows(caller.user.permissions, caller.user.is_master, action) {
        Ok(caller)
    } else {
        Err(Error::PermissionDenied)
    }
}
