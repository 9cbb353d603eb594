//! Users, and the pointers from their e-mail addresses.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, instant, keys, number, tenants, text};
use crate::domain::email::Email;
use crate::domain::ids::{TenantId, TokenId, UserId};
use crate::domain::permission::Permissions;
use crate::domain::user::{User, UserChange, UserName};
use crate::table::{Action, Change, Condition, Item, Query, Range, Table, TableError, Write};

#[derive(Serialize, Deserialize)]
struct UserItem {
    id: UserId,
    name: UserName,
    email: Email,
    is_master: bool,
    #[serde(with = "instant")]
    created_at: DateTime<Utc>,
    token_version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_token: Option<TokenId>,
    #[serde(flatten)]
    permissions: Permissions,
}

impl From<UserItem> for User {
    fn from(item: UserItem) -> Self {
        Self {
            id: item.id,
            name: item.name,
            email: item.email,
            permissions: item.permissions,
            is_master: item.is_master,
            created_at: item.created_at,
            token_version: item.token_version,
            kept_token: item.kept_token,
        }
    }
}

/// Where a log-in starts: an account under an e-mail address, in one of the tenants.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pointer {
    pub tenant: TenantId,
    pub user: UserId,
    /// The salt of this address's password hashes, so that one hashing pass serves all its accounts.
    pub salt: String,
}

/// What decides whether a token still works.
pub struct Standing {
    pub user: Option<User>,
    pub tenant_is_active: bool,
    pub token_is_dead: bool,
}

fn decode_user(item: Item) -> Result<User, TableError> {
    decode::<UserItem>(item).map(User::from)
}

/// # Errors
/// When the table does not answer.
pub async fn standing(table: &Table, tenant: &TenantId, user: UserId, token: &TokenId) -> Result<Standing, TableError> {
    let wanted = [keys::user(tenant, user), keys::tenant(tenant), keys::dead_token(tenant, token)];
    let [user, tenant, dead] = <[Option<Item>; 3]>::try_from(table.get_all(&wanted).await?)
        .map_err(|_| TableError::Broken("a batch came back incomplete".to_owned()))?;
    Ok(Standing {
        user: user.map(decode_user).transpose()?,
        tenant_is_active: tenants::is_active(tenant)?,
        token_is_dead: dead.is_some(),
    })
}

/// # Errors
/// When the table does not answer.
pub async fn find(table: &Table, tenant: &TenantId, user: UserId) -> Result<Option<User>, TableError> {
    table.get(&keys::user(tenant, user)).await?.map(decode_user).transpose()
}

/// All users of the tenant by their number.
///
/// # Errors
/// When the table does not answer.
pub async fn list(table: &Table, tenant: &TenantId) -> Result<Vec<User>, TableError> {
    let query = Query { pk: keys::users(tenant), range: Range::All, descending: false, limit: None };
    table.query(&query).await?.into_iter().map(decode_user).collect()
}

/// All accounts under an e-mail address.
///
/// # Errors
/// When the table does not answer.
pub async fn pointers(table: &Table, email: &Email) -> Result<Vec<Pointer>, TableError> {
    let query = Query { pk: keys::pointers(email), range: Range::All, descending: false, limit: None };
    table.query(&query).await?.into_iter().map(decode).collect()
}

/// The writes that make a user: its pointer first (which guards that the address is unique), then itself.
///
/// # Errors
/// When an item cannot be written down.
pub fn create(tenant: &TenantId, user: &User, salt: &str) -> Result<[Write; 2], TableError> {
    let pointer = Pointer { tenant: tenant.clone(), user: user.id, salt: salt.to_owned() };
    let item = UserItem {
        id: user.id,
        name: user.name.clone(),
        email: user.email.clone(),
        is_master: user.is_master,
        created_at: user.created_at,
        token_version: user.token_version,
        kept_token: user.kept_token.clone(),
        permissions: user.permissions,
    };
    Ok([
        Write {
            key: keys::pointer(&user.email, tenant),
            action: Action::Put(encode(&pointer)?),
            condition: Some(Condition::Absent),
        },
        Write {
            key: keys::user(tenant, user.id),
            action: Action::Put(encode(&item)?),
            condition: Some(Condition::Absent),
        },
    ])
}

/// The write that changes name and permissions of a user that exists.
#[must_use]
pub fn change(tenant: &TenantId, change: &UserChange) -> Write {
    let permissions =
        [("delivery", change.delivery), ("view", change.view), ("schedule", change.schedule), ("user", change.user)];
    let mut changes: Vec<Change> = permissions
        .into_iter()
        .filter_map(|(name, value)| Some(Change::Set(name, crate::table::Value::Bool(value?))))
        .collect();
    if let Some(name) = &change.name {
        changes.push(Change::Set("name", text(name.as_str())));
    }
    Write { key: keys::user(tenant, change.id), action: Action::Update(changes), condition: Some(Condition::Present) }
}

/// Adds to a write on the user what a new password means: all tokens of the old ones die, but the kept one.
pub fn renew_tokens(write: &mut Write, seen: &User, kept: Option<&TokenId>) {
    if let Action::Update(changes) = &mut write.action {
        changes.push(Change::Set("token_version", number(seen.token_version + 1)));
        changes.push(match kept {
            Some(token) => Change::Set("kept_token", text(token.as_str())),
            None => Change::Remove("kept_token"),
        });
    }
    write.condition = Some(Condition::Equals("token_version", number(seen.token_version)));
}

/// The write on a user of which nothing but the tokens changes.
#[must_use]
pub fn touch(tenant: &TenantId, user: UserId) -> Write {
    Write { key: keys::user(tenant, user), action: Action::Update(Vec::new()), condition: Some(Condition::Present) }
}

/// The writes that remove a user and its pointer.
#[must_use]
pub fn delete(tenant: &TenantId, user: &User) -> [Write; 2] {
    [
        Write {
            key: keys::user(tenant, user.id),
            action: Action::Delete,
            condition: Some(Condition::Equals("is_master", crate::table::Value::Bool(false))),
        },
        Write { key: keys::pointer(&user.email, tenant), action: Action::Delete, condition: None },
    ]
}
