//! What only the operator does: make tenants, give a master a new password, suspend and resume.

use super::sessions::new_credential;
use super::{Error, MAX_DECISIONS, contended};
use crate::app::App;
use crate::crypto::access_code_digest;
use crate::crypto::passwords;
use crate::domain::access_code::AccessCode;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::password::Password;
use crate::domain::permission::Permissions;
use crate::domain::tenant::{State, Tenant};
use crate::domain::user::{NewUser, User};
use crate::store::{calendar, credentials, standings, tenants, users};
use crate::table::Transacted;

pub struct NewTenant {
    pub name: String,
    pub access_code: AccessCode,
    /// Its permissions do not matter: a master has all.
    pub master: NewUser,
}

/// Makes a tenant with its master and its empty calendar, all at once.
pub async fn create_tenant(app: &App, id: TenantId, new: NewTenant) -> Result<TenantId, Error> {
    let now = app.clock.now_second();
    let pointers = users::pointers(&app.table, &new.master.email).await?;
    let salt = pointers.first().map_or_else(|| passwords::new_salt(&app.random), |pointer| pointer.salt.clone());
    let master = User {
        id: UserId::MASTER,
        name: new.master.name,
        email: new.master.email,
        permissions: Permissions::ALL,
        is_master: true,
        created_at: now,
    };
    let credential = new_credential(app, &new.master.password, &salt, 0).await?;
    let tenant = Tenant { name: new.name, state: State::Active, created_at: now };
    let mut writes = tenants::create(&id, &tenant)?.to_vec();
    writes.extend(users::create(&id, &master, &salt)?);
    writes.push(credentials::create(&id, master.id, &credential)?);
    writes.push(credentials::put_access_code(&id, access_code_digest(&id, &new.access_code))?);
    writes.push(calendar::create(&id)?);
    match app.table.transact(&writes).await? {
        Transacted::Done => Ok(id),
        Transacted::Refused(_) => Err(Error::Internal("a new tenant's id is taken".to_owned())),
    }
}

/// Gives the master a new password; all its tokens die. `false` when there is no such tenant.
pub async fn reset_master(app: &App, tenant: &TenantId, password: &Password) -> Result<bool, Error> {
    for _ in 0..MAX_DECISIONS {
        let found = users::find(&app.table, tenant, UserId::MASTER);
        let (found, standing) = tokio::try_join!(found, standings::find(&app.table, tenant, UserId::MASTER))?;
        let (Some(master), Some(seen)) = (found, standing) else { return Ok(false) };
        let pointers = users::pointers(&app.table, &master.email).await?;
        let own = pointers.iter().find(|pointer| pointer.tenant == *tenant && pointer.user == master.id);
        let salt = &own.ok_or_else(|| Error::Internal("a master without a pointer".to_owned()))?.salt;
        let new = new_credential(app, password, salt, seen.token_version + 1).await?;
        let writes = [
            standings::replace(tenant, &seen, seen.clone().with_a_new_password(None))?,
            credentials::replace_version(tenant, master.id, seen.token_version, &new)?,
        ];
        if let Transacted::Done = app.table.transact(&writes).await? {
            return Ok(true);
        }
    }
    Err(contended())
}

/// `false` when there is no such tenant.
pub async fn set_state(app: &App, tenant: &TenantId, state: State) -> Result<bool, Error> {
    let is_set = tenants::set_state(&app.table, tenant, state).await?;
    app.caches.tenants.expire(tenant);
    Ok(is_set)
}

pub async fn list_tenants(app: &App) -> Result<Vec<(TenantId, Tenant)>, Error> {
    Ok(tenants::list(&app.table).await?)
}
