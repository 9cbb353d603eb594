//! What proves who somebody is: password hashes, access-code digests.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number, tenants, text};
use crate::domain::ids::{TenantId, UserId};
use crate::table::{Condition, Table, TableError, Write};

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

pub async fn find(table: &Table, tenant: &TenantId, user: UserId) -> Result<Option<Credential>, TableError> {
    table.get(&keys::credential(tenant, user)).await?.map(decode).transpose()
}

/// All that a log-in to one account is decided by.
pub struct Account {
    pub tenant_is_active: bool,
    pub access_code_digest: Option<String>,
    pub credential: Option<Credential>,
}

/// Of accounts in different tenants, in one round trip, which costs the same whether there are such accounts or not.
pub async fn accounts(table: &Table, wanted: &[(&TenantId, UserId)]) -> Result<Vec<Account>, TableError> {
    let keys_of = |(tenant, user): &(&TenantId, UserId)| {
        [keys::access_code(tenant), keys::credential(tenant, *user), keys::tenant(tenant)]
    };
    let keys: Vec<_> = wanted.iter().flat_map(keys_of).collect();
    let mut items = table.get_many(&keys).await?.into_iter();
    let mut accounts = Vec::new();
    while let (Some(code), Some(credential), Some(tenant)) = (items.next(), items.next(), items.next()) {
        accounts.push(Account {
            tenant_is_active: tenants::is_active(tenant)?,
            access_code_digest: code.map(decode::<AccessCodeItem>).transpose()?.map(|item| item.digest),
            credential: credential.map(decode).transpose()?,
        });
    }
    Ok(accounts)
}

/// Sets the first password hash of a new user.
pub fn create(tenant: &TenantId, user: UserId, credential: &Credential) -> Result<Write, TableError> {
    Ok(Write::create(keys::credential(tenant, user), encode(credential)?))
}

/// Sets another password hash, if the user's is still the one that was seen.
pub fn replace(tenant: &TenantId, user: UserId, seen: &Credential, new: &Credential) -> Result<Write, TableError> {
    let unchanged = Condition::Equals("phc", text(&seen.phc));
    Ok(Write::put(keys::credential(tenant, user), encode(new)?).only_if(unchanged))
}

/// As `replace`, when the password's number is known and not its hash. The two change together.
pub fn replace_version(tenant: &TenantId, user: UserId, seen: i64, new: &Credential) -> Result<Write, TableError> {
    let unchanged = Condition::Equals("token_version", number(seen));
    Ok(Write::put(keys::credential(tenant, user), encode(new)?).only_if(unchanged))
}

pub fn delete(tenant: &TenantId, user: UserId) -> Write {
    Write::delete(keys::credential(tenant, user))
}

pub fn put_access_code(tenant: &TenantId, digest: String) -> Result<Write, TableError> {
    Ok(Write::put(keys::access_code(tenant), encode(&AccessCodeItem { digest })?))
}
