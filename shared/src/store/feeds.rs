//! The keys of calendar feeds: one for a user, of which the table keeps a digest.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys};
use crate::domain::ids::{TenantId, UserId};
use crate::table::{Condition, Table, TableError, Write};

#[derive(Serialize, Deserialize)]
struct FeedItem {
    digest: String,
}

/// The digest of the user's key, if there is one.
pub async fn find(table: &Table, tenant: &TenantId, user: UserId) -> Result<Option<String>, TableError> {
    let item = table.get(&keys::feed(tenant, user)).await?.map(decode::<FeedItem>).transpose()?;
    Ok(item.map(|item| item.digest))
}

/// Gives the user this key, in place of the one before.
pub fn replace(tenant: &TenantId, user: UserId, digest: String) -> Result<Write, TableError> {
    Ok(Write::put(keys::feed(tenant, user), encode(&FeedItem { digest })?))
}

/// Takes the user's key away, if there is one.
pub fn delete(tenant: &TenantId, user: UserId) -> Write {
    Write::delete(keys::feed(tenant, user))
}

/// As `delete`, but nothing happens when there is none.
pub fn end(tenant: &TenantId, user: UserId) -> Write {
    delete(tenant, user).only_if(Condition::Present)
}
