//! Users as the list shows them, and the pointers from their e-mail addresses.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, instant, keys, standings, stored, text};
use crate::domain::email::Email;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::permission::Permissions;
use crate::domain::standing::Standing;
use crate::domain::user::{User, UserName};
use crate::table::{Change, Condition, Item, Query, Range, Table, TableError, Value, Write, Written};

#[derive(Serialize, Deserialize)]
struct UserItem {
    id: i64,
    #[serde(with = "stored")]
    name: UserName,
    #[serde(with = "stored")]
    email: Email,
    is_master: bool,
    #[serde(with = "instant")]
    created_at: DateTime<Utc>,
    permissions: Vec<String>,
}

impl From<UserItem> for User {
    fn from(item: UserItem) -> Self {
        Self {
            id: UserId(item.id),
            name: item.name,
            email: item.email,
            permissions: Permissions::from_store(&item.permissions),
            is_master: item.is_master,
            created_at: item.created_at,
        }
    }
}

/// Where a log-in starts: an account under an e-mail address, in one of the tenants.
#[derive(Clone, Debug)]
pub struct Pointer {
    pub tenant: TenantId,
    pub user: UserId,
}

/// What the table knows of an e-mail address.
pub struct Address {
    pub pointers: Vec<Pointer>,
    /// The salt of all password hashes of the address, so that one hashing pass serves all its accounts. `None` while it
    /// never had one.
    pub salt: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PointerItem {
    #[serde(with = "stored")]
    tenant: TenantId,
    user: i64,
}

#[derive(Serialize, Deserialize)]
struct SaltItem {
    salt: String,
}

fn decode_user(item: Item) -> Result<User, TableError> {
    decode::<UserItem>(item).map(User::from)
}

pub async fn find(table: &Table, tenant: &TenantId, user: UserId) -> Result<Option<User>, TableError> {
    table.get(&keys::user(tenant, user)).await?.map(decode_user).transpose()
}

/// So many users of the tenant by their number: the first, or those after a user.
pub async fn after(
    table: &Table,
    tenant: &TenantId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<User>, TableError> {
    let range = after.map_or(Range::All, |user| Range::Above(keys::user(tenant, user).sk));
    let query = Query::all(keys::users(tenant)).within(range).at_most(limit);
    table.query(&query).await?.into_iter().map(decode_user).collect()
}

/// All accounts under an e-mail address, and their salt.
pub async fn address(table: &Table, email: &Email) -> Result<Address, TableError> {
    let mut address = Address { pointers: Vec::new(), salt: None };
    for item in table.query(&Query::all(keys::address(email))).await? {
        if keys::sort_key(&item) == keys::SALT {
            address.salt = Some(decode::<SaltItem>(item)?.salt);
        } else {
            let PointerItem { tenant, user } = decode(item)?;
            address.pointers.push(Pointer { tenant, user: UserId(user) });
        }
    }
    Ok(address)
}

/// The salt of an address: `new`, unless somebody gave it one before.
pub async fn salt(table: &Table, email: &Email, new: String) -> Result<String, TableError> {
    match table.write(&Write::create(keys::salt(email), encode(&SaltItem { salt: new.clone() })?)).await? {
        Written::Done(_) => Ok(new),
        Written::Refused(Some(found)) => Ok(decode::<SaltItem>(found)?.salt),
        Written::Refused(None) => Err(TableError::Broken("a salt that stands in the way was not shown".to_owned())),
    }
}

/// The writes that make a user: its pointer first (which guards that the address is unique), itself, its standing.
pub fn create(tenant: &TenantId, user: &User) -> Result<[Write; 3], TableError> {
    let pointer = PointerItem { tenant: tenant.clone(), user: user.id.0 };
    let item = UserItem {
        id: user.id.0,
        name: user.name.clone(),
        email: user.email.clone(),
        is_master: user.is_master,
        created_at: user.created_at,
        permissions: user.permissions.names().map(str::to_owned).collect(),
    };
    Ok([
        Write::create(keys::pointer(&user.email, tenant), encode(&pointer)?),
        Write::create(keys::user(tenant, user.id), encode(&item)?),
        standings::create(tenant, &Standing::of_new(user))?,
    ])
}

/// The writes that change name and permissions, in the list and in the standing, if the standing is still the one seen.
pub fn change(tenant: &TenantId, seen: &Standing, new: Standing) -> Result<[Write; 2], TableError> {
    let permissions = new.permissions.names().map(text).collect();
    let changes = vec![Change::Set("name", text(new.name.as_str())), Change::Set("permissions", Value::L(permissions))];
    Ok([
        Write::update(keys::user(tenant, seen.id), changes).only_if(Condition::Present),
        standings::replace(tenant, seen, new)?,
    ])
}

/// The writes that remove a user, its standing and its pointer. Never a master.
pub fn delete(tenant: &TenantId, user: &User) -> [Write; 3] {
    [
        Write::delete(keys::user(tenant, user.id)).only_if(Condition::Equals("is_master", Value::Bool(false))),
        standings::delete(tenant, user.id),
        Write::delete(keys::pointer(&user.email, tenant)),
    ]
}
