//! Tenants: who they are, whether they may work, and how many users they have had.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, instant, keys, text};
use crate::domain::ids::{TenantId, UserId};
use crate::table::{Action, Change, Condition, Item, Query, Range, Table, TableError, Transacted, Write, Written};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    pub name: String,
    pub state: State,
    #[serde(with = "instant")]
    pub created_at: DateTime<Utc>,
    /// The greatest user number that was given out.
    last_user: i64,
}

/// While a tenant is suspended nobody logs in and no token works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Active,
    Suspended,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Listed {
    tenant: TenantId,
}

/// Whether a tenant's item, if there is one, lets its users work.
pub(super) fn is_active(item: Option<Item>) -> Result<bool, TableError> {
    Ok(item.map(decode::<Tenant>).transpose()?.is_some_and(|tenant| tenant.state == State::Active))
}

/// # Errors
/// When the table does not answer.
pub async fn find(table: &Table, tenant: &TenantId) -> Result<Option<Tenant>, TableError> {
    table.get(&keys::tenant(tenant)).await?.map(decode).transpose()
}

/// The writes that make a tenant whose master is user 1.
///
/// # Errors
/// When an item cannot be written down.
pub fn create(tenant: &TenantId, name: &str, now: DateTime<Utc>) -> Result<Vec<Write>, TableError> {
    let item = Tenant { name: name.to_owned(), state: State::Active, created_at: now, last_user: UserId::MASTER.0 };
    Ok(vec![
        Write { key: keys::tenant(tenant), action: Action::Put(encode(&item)?), condition: Some(Condition::Absent) },
        Write {
            key: keys::tenant_in_list(tenant),
            action: Action::Put(encode(&Listed { tenant: tenant.clone() })?),
            condition: Some(Condition::Absent),
        },
    ])
}

/// `false` when there is no such tenant.
///
/// # Errors
/// When the table does not answer.
pub async fn set_state(table: &Table, tenant: &TenantId, state: State) -> Result<bool, TableError> {
    let write = Write {
        key: keys::tenant(tenant),
        action: Action::Update(vec![Change::Set("state", text(state.as_str()))]),
        condition: Some(Condition::Present),
    };
    // With a token, so that an attempt that is late cannot undo the next change.
    Ok(matches!(table.transact(&[write]).await?, Transacted::Done))
}

/// # Errors
/// When the table does not answer.
pub async fn ids(table: &Table) -> Result<Vec<TenantId>, TableError> {
    let query = Query { pk: keys::TENANTS.to_owned(), range: Range::All, descending: false, limit: None };
    table.query(&query).await?.into_iter().map(|item| Ok(decode::<Listed>(item)?.tenant)).collect()
}

/// # Errors
/// When the table does not answer.
pub async fn list(table: &Table) -> Result<Vec<(TenantId, Tenant)>, TableError> {
    let mut tenants = Vec::new();
    for tenant in ids(table).await? {
        if let Some(found) = find(table, &tenant).await? {
            tenants.push((tenant, found));
        }
    }
    Ok(tenants)
}

/// Takes the next user number. A number that is taken and not used is lost, never given again.
///
/// # Errors
/// When the table does not answer, or the tenant is gone.
pub async fn take_user_number(table: &Table, tenant: &TenantId) -> Result<UserId, TableError> {
    let write = Write {
        key: keys::tenant(tenant),
        action: Action::Update(vec![Change::Add("last_user", 1)]),
        condition: Some(Condition::Present),
    };
    match table.write(&write).await? {
        Written::Done(Some(item)) => Ok(UserId(decode::<Tenant>(item)?.last_user)),
        _ => Err(TableError::Broken("a tenant without its item".to_owned())),
    }
}
