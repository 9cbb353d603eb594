//! Tenants: who they are, whether they may work, and how many users they have had.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, instant, keys, stored, text};
use crate::domain::ids::{TenantId, UserId};
use crate::domain::tenant::{State, Tenant};
use crate::table::{Change, Condition, Item, Key, Query, Range, Table, TableError, Value, Write, Written};

#[derive(Serialize, Deserialize)]
struct TenantItem {
    name: String,
    #[serde(with = "stored")]
    state: State,
    #[serde(with = "instant")]
    created_at: DateTime<Utc>,
    /// The greatest user number that was given out.
    last_user: i64,
    /// What its schedules may name as destination of an archive.
    #[serde(default)]
    archive_destinations: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    #[serde(with = "stored")]
    tenant: TenantId,
}

/// Whether there is a tenant, and it is not suspended.
pub(super) fn is_active(item: Option<Item>) -> Result<bool, TableError> {
    Ok(item.map(decode::<TenantItem>).transpose()?.is_some_and(|tenant| tenant.state == State::Active))
}

/// As `is_active` of what is stored now.
pub async fn works(table: &Table, tenant: &TenantId) -> Result<bool, TableError> {
    is_active(table.get(&keys::tenant(tenant)).await?)
}

pub async fn find(table: &Table, tenant: &TenantId) -> Result<Option<Tenant>, TableError> {
    table.get(&keys::tenant(tenant)).await?.map(decode_tenant).transpose()
}

fn decode_tenant(item: Item) -> Result<Tenant, TableError> {
    let TenantItem { name, state, created_at, .. } = decode(item)?;
    Ok(Tenant { name, state, created_at })
}

/// Whether the table answers; what it answers does not matter.
pub async fn table_answers(table: &Table) -> bool {
    table.get(&keys::health()).await.is_ok()
}

/// Makes a tenant whose master is user 1.
pub fn create(id: &TenantId, tenant: &Tenant) -> Result<[Write; 2], TableError> {
    let Tenant { name, state, created_at } = tenant.clone();
    let item = TenantItem { name, state, created_at, last_user: UserId::MASTER.0, archive_destinations: Vec::new() };
    Ok([
        Write::create(keys::tenant(id), encode(&item)?),
        Write::create(keys::tenant_in_list(id), encode(&Listed { tenant: id.clone() })?),
    ])
}

/// If there is such a tenant.
pub fn set_state(tenant: &TenantId, state: State) -> Write {
    Write::update(keys::tenant(tenant), vec![Change::Set("state", text(state.as_str()))]).only_if(Condition::Present)
}

/// If there is such a tenant.
pub fn set_archive_destinations(tenant: &TenantId, ids: &BTreeSet<String>) -> Write {
    let ids = Value::L(ids.iter().map(|id| text(id.as_str())).collect());
    Write::update(keys::tenant(tenant), vec![Change::Set("archive_destinations", ids)]).only_if(Condition::Present)
}

/// None when there is no such tenant.
pub async fn archive_destinations(table: &Table, tenant: &TenantId) -> Result<BTreeSet<String>, TableError> {
    let item = table.get(&keys::tenant(tenant)).await?.map(decode::<TenantItem>).transpose()?;
    Ok(item.map(|item| item.archive_destinations.into_iter().collect()).unwrap_or_default())
}

/// By their ids, behind the one that is named, so many at the most.
pub async fn list(
    table: &Table,
    after: Option<&TenantId>,
    limit: usize,
) -> Result<Vec<(TenantId, Tenant)>, TableError> {
    let range = after.map_or(Range::All, |after| Range::Above(keys::tenant_in_list(after).sk));
    let listed = table.query(&Query::all(keys::TENANTS).within(range).at_most(limit)).await?;
    let ids: Vec<TenantId> =
        listed.into_iter().map(|item| Ok(decode::<Listed>(item)?.tenant)).collect::<Result<_, TableError>>()?;
    let keys: Vec<Key> = ids.iter().map(keys::tenant).collect();
    let found = table.get_many(&keys).await?;
    let missing = || TableError::Broken("a tenant without its item".to_owned());
    ids.into_iter().zip(found).map(|(id, item)| Ok((id, decode_tenant(item.ok_or_else(missing)?)?))).collect()
}

/// Takes the next user number. A number that is taken and not used is lost, never given again.
pub async fn take_user_number(table: &Table, tenant: &TenantId) -> Result<UserId, TableError> {
    let write = Write::update(keys::tenant(tenant), vec![Change::Add("last_user", 1)]).only_if(Condition::Present);
    match table.write(&write).await? {
        Written::Done(Some(item)) => Ok(UserId(decode::<TenantItem>(item)?.last_user)),
        _ => Err(TableError::Broken("a tenant without its item".to_owned())),
    }
}
