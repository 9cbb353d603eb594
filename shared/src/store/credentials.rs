//! What proves who somebody is: password hashes, access-code digests, revoked tokens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, tenants};
use crate::domain::ids::{TenantId, TokenId, UserId};
use crate::table::{Action, Condition, Item, Table, TableError, Write};

/// A password hash, and the number of the password: tokens are issued under that number.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    pub phc: String,
    pub token_version: i64,
}

#[derive(Serialize, Deserialize)]
struct AccessCodeItem {
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct DeadTokenItem {
    expires_at: i64,
}

/// # Errors
/// When the table does not answer.
pub async fn find(table: &Table, tenant: &TenantId, user: UserId) -> Result<Option<Credential>, TableError> {
    table.get(&keys::credential(tenant, user)).await?.map(decode).transpose()
}

/// All that a log-in to one account is decided by.
pub struct Account {
    pub tenant_is_active: bool,
    pub access_code_digest: Option<String>,
    pub credential: Option<Credential>,
}

/// In one round trip, which costs the same whether there is such an account or not.
///
/// # Errors
/// When the table does not answer.
pub async fn account(table: &Table, tenant: &TenantId, user: UserId) -> Result<Account, TableError> {
    let wanted = [keys::access_code(tenant), keys::credential(tenant, user), keys::tenant(tenant)];
    let [code, credential, tenant] = <[Option<Item>; 3]>::try_from(table.get_all(&wanted).await?)
        .map_err(|_| TableError::Broken("a batch came back incomplete".to_owned()))?;
    Ok(Account {
        tenant_is_active: tenants::is_active(tenant)?,
        access_code_digest: code.map(decode::<AccessCodeItem>).transpose()?.map(|item| item.digest),
        credential: credential.map(decode).transpose()?,
    })
}

/// The write that sets a password hash, under a condition on the old one.
///
/// # Errors
/// When the item cannot be written down.
pub fn put(
    tenant: &TenantId,
    user: UserId,
    credential: &Credential,
    condition: Condition,
) -> Result<Write, TableError> {
    Ok(Write {
        key: keys::credential(tenant, user),
        action: Action::Put(encode(credential)?),
        condition: Some(condition),
    })
}

#[must_use]
pub fn delete(tenant: &TenantId, user: UserId) -> Write {
    Write { key: keys::credential(tenant, user), action: Action::Delete, condition: None }
}

/// # Errors
/// When the item cannot be written down.
pub fn put_access_code(tenant: &TenantId, digest: String) -> Result<Write, TableError> {
    let item = encode(&AccessCodeItem { digest })?;
    Ok(Write { key: keys::access_code(tenant), action: Action::Put(item), condition: None })
}

/// The write after which one token is refused, until it would have expired anyway.
///
/// # Errors
/// When the item cannot be written down.
pub fn revoke(tenant: &TenantId, token: &TokenId, expires_at: DateTime<Utc>) -> Result<Write, TableError> {
    let item = encode(&DeadTokenItem { expires_at: expires_at.timestamp() })?;
    Ok(Write { key: keys::dead_token(tenant, token), action: Action::Put(item), condition: None })
}
