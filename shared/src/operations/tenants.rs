//! What only the operator does: make tenants, give a master a new password, suspend and resume.

use std::collections::BTreeSet;

use super::passwords::{new_credential, salt_of};
use super::{Error, MAX_DECISIONS, contended, trail};
use crate::app::App;
use crate::crypto::{access_code_digest, digest_bytes};
use crate::domain::access_code::AccessCode;
use crate::domain::email::Email;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::password::Password;
use crate::domain::permission::Permissions;
use crate::domain::tenant::{State, Tenant};
use crate::domain::trail::Author;
use crate::domain::user::{NewUser, User};
use crate::store::users::{self, Address, Pointer};
use crate::store::{calendar, credentials, standings, tenants};
use crate::table::{Transacted, Write};

pub struct NewTenant {
    pub name: String,
    pub access_code: AccessCode,
    /// Its permissions do not matter: a master has all.
    pub master: NewUser,
}

/// What became of a request for a tenant.
#[derive(Debug, PartialEq, Eq)]
pub enum Created {
    Tenant(TenantId),
    /// By a tenant of another name, or with another master.
    IdIsTaken,
}

/// How often a tenant of the same name and master is looked for before giving up.
const LOOKS: usize = 3;

/// Makes a tenant with its master and its empty calendar, all at once. Asked again, it answers the tenant that it made:
/// the one of that id, or without an id the first of the same name whose master has that address.
pub async fn create_tenant(
    app: &App,
    operator: &Author,
    id: Option<TenantId>,
    new: NewTenant,
) -> Result<Created, Error> {
    // Two at the same moment, too, choose the same id.
    let own = id.clone().unwrap_or_else(|| derived_id(&new.name, &new.master.email));
    for _ in 0..LOOKS {
        let address = users::address(&app.table, &new.master.email).await?;
        let found = match &id {
            None => first_named(app, &address, &new.name).await?,
            Some(id) => tenants::find(&app.table, id).await?.map(|tenant| (id.clone(), tenant)),
        };
        if let Some((found, tenant)) = found {
            let is_master = |pointer: &Pointer| pointer.tenant == found && pointer.user == UserId::MASTER;
            let is_same = tenant.name == new.name && address.pointers.iter().any(is_master);
            return Ok(if is_same { Created::Tenant(found) } else { Created::IdIsTaken });
        }
        let salt = salt_of(app, &new.master.email, &address).await?;
        if let Transacted::Done = app.table.transact(&writes(app, operator, &own, &new, &salt).await?).await? {
            return Ok(Created::Tenant(own));
        }
    }
    Err(contended())
}

/// Version 8: 122 bits of our own making.
fn derived_id(name: &str, master: &Email) -> TenantId {
    let digest = digest_bytes(&[b"tenant", name.as_bytes(), master.canonical().as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().into()
}

async fn first_named(app: &App, address: &Address, name: &str) -> Result<Option<(TenantId, Tenant)>, Error> {
    let mut first: Option<(TenantId, Tenant)> = None;
    for pointer in address.pointers.iter().filter(|pointer| pointer.user == UserId::MASTER) {
        let found = tenants::find(&app.table, &pointer.tenant).await?.filter(|tenant| tenant.name == name);
        let is_earlier = |tenant: &Tenant| first.as_ref().is_none_or(|(_, first)| tenant.created_at < first.created_at);
        if let Some(tenant) = found.filter(is_earlier) {
            first = Some((pointer.tenant.clone(), tenant));
        }
    }
    Ok(first)
}

async fn writes(app: &App, operator: &Author, id: &TenantId, new: &NewTenant, salt: &str) -> Result<Vec<Write>, Error> {
    let now = app.clock.now_second();
    let master = User {
        id: UserId::MASTER,
        name: new.master.name.clone(),
        email: new.master.email.clone(),
        permissions: Permissions::ALL,
        is_master: true,
        created_at: now,
    };
    let credential = new_credential(app, &new.master.password, salt, 0).await?;
    let tenant = Tenant { name: new.name.clone(), state: State::Active, created_at: now };
    let mut writes = tenants::create(id, &tenant)?.to_vec();
    writes.extend(users::create(id, &master)?);
    writes.push(credentials::create(id, master.id, &credential)?);
    writes.push(credentials::put_access_code(id, access_code_digest(id, &new.access_code))?);
    writes.push(calendar::create(id)?);
    writes.push(row(app, operator, id, "create_tenant", &[])?);
    Ok(writes)
}

/// Gives the master a new password; all its tokens die. `false` when there is no such tenant.
pub async fn reset_master(app: &App, operator: &Author, tenant: &TenantId, password: &Password) -> Result<bool, Error> {
    for _ in 0..MAX_DECISIONS {
        let found = users::find(&app.table, tenant, UserId::MASTER);
        let (found, standing) = tokio::try_join!(found, standings::find(&app.table, tenant, UserId::MASTER))?;
        let (Some(master), Some(seen)) = (found, standing) else { return Ok(false) };
        let address = users::address(&app.table, &master.email).await?;
        let salt = salt_of(app, &master.email, &address).await?;
        let new = new_credential(app, password, &salt, seen.token_version + 1).await?;
        let writes = [
            standings::replace(tenant, &seen, seen.clone().with_a_new_password(None))?,
            credentials::replace_version(tenant, master.id, seen.token_version, &new)?,
            trail::row_of(app, tenant, operator.clone(), "reset_master", trail::user(master.id), &["password"])?,
        ];
        if let Transacted::Done = app.table.transact(&writes).await? {
            return Ok(true);
        }
    }
    Err(contended())
}

/// The destinations of archives that the tenant's schedules may name. `false` when there is no such tenant.
pub async fn set_archive_destinations(
    app: &App,
    operator: &Author,
    tenant: &TenantId,
    ids: &BTreeSet<String>,
) -> Result<bool, Error> {
    let row = row(app, operator, tenant, "set_archive_destinations", &["archive_destination_ids"])?;
    let writes = [tenants::set_archive_destinations(tenant, ids), row];
    Ok(matches!(app.table.transact(&writes).await?, Transacted::Done))
}

/// `false` when there is no such tenant.
pub async fn set_state(app: &App, operator: &Author, tenant: &TenantId, state: State) -> Result<bool, Error> {
    let action = match state {
        State::Active => "resume_tenant",
        State::Suspended => "suspend_tenant",
    };
    let writes = [tenants::set_state(tenant, state), row(app, operator, tenant, action, &["state"])?];
    // With a token, so that an attempt that is late cannot undo the next change.
    let is_set = matches!(app.table.transact(&writes).await?, Transacted::Done);
    app.caches.tenants.expire(tenant);
    Ok(is_set)
}

fn row(app: &App, operator: &Author, tenant: &TenantId, action: &str, changed: &[&str]) -> Result<Write, Error> {
    trail::row_of(app, tenant, operator.clone(), action, trail::TENANT, changed)
}

/// By their ids, behind the one that is named, so many at the most; and whether there are more.
pub async fn list_tenants(
    app: &App,
    after: Option<&TenantId>,
    limit: usize,
) -> Result<(Vec<(TenantId, Tenant)>, bool), Error> {
    let mut tenants = tenants::list(&app.table, after, limit + 1).await?;
    let has_more = tenants.len() > limit;
    tenants.truncate(limit);
    Ok((tenants, has_more))
}
