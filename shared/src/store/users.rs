//! Users, and the pointers from their e-mail addresses.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{decode, encode, instant, keys, number, stored, tenants, text};
use crate::domain::email::Email;
use crate::domain::ids::{TenantId, TokenId, UserId};
use crate::domain::permission::Permissions;
use crate::domain::user::{User, UserChange, UserName};
use crate::table::{Change, Condition, Item, Query, Table, TableError, Value, Write};

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
    token_version: i64,
    #[serde(default, with = "stored::option", skip_serializing_if = "Option::is_none")]
    kept_token: Option<TokenId>,
    /// Names of permissions. Absent means none, so that a user stored before there were any stays readable.
    #[serde(default)]
    permissions: Vec<String>,
    /// Counts the changes of name and permissions.
    #[serde(default)]
    version: i64,
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
            token_version: item.token_version,
            kept_token: item.kept_token,
            version: item.version,
        }
    }
}

/// Where a log-in starts: an account under an e-mail address, in one of the tenants.
#[derive(Clone, Debug)]
pub struct Pointer {
    pub tenant: TenantId,
    pub user: UserId,
    /// The salt of this address's password hashes, so that one hashing pass serves all its accounts.
    pub salt: String,
}

#[derive(Serialize, Deserialize)]
struct PointerItem {
    #[serde(with = "stored")]
    tenant: TenantId,
    user: i64,
    salt: String,
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

pub async fn standing(table: &Table, tenant: &TenantId, user: UserId, token: &TokenId) -> Result<Standing, TableError> {
    let wanted = [keys::user(tenant, user), keys::tenant(tenant), keys::dead_token(tenant, token)];
    let [user, tenant, dead] = table.get_all(&wanted).await?;
    Ok(Standing {
        user: user.map(decode_user).transpose()?,
        tenant_is_active: tenants::is_active(tenant)?,
        token_is_dead: dead.is_some(),
    })
}

pub async fn find(table: &Table, tenant: &TenantId, user: UserId) -> Result<Option<User>, TableError> {
    table.get(&keys::user(tenant, user)).await?.map(decode_user).transpose()
}

/// All users of the tenant by their number.
pub async fn list(table: &Table, tenant: &TenantId) -> Result<Vec<User>, TableError> {
    table.query(&Query::all(keys::users(tenant))).await?.into_iter().map(decode_user).collect()
}

/// All accounts under an e-mail address.
pub async fn pointers(table: &Table, email: &Email) -> Result<Vec<Pointer>, TableError> {
    let pointer = |item| {
        let PointerItem { tenant, user, salt } = decode(item)?;
        Ok(Pointer { tenant, user: UserId(user), salt })
    };
    table.query(&Query::all(keys::pointers(email))).await?.into_iter().map(pointer).collect()
}

/// The writes that make a user: its pointer first (which guards that the address is unique), then itself.
pub fn create(tenant: &TenantId, user: &User, salt: &str) -> Result<[Write; 2], TableError> {
    let pointer = PointerItem { tenant: tenant.clone(), user: user.id.0, salt: salt.to_owned() };
    let item = UserItem {
        id: user.id.0,
        name: user.name.clone(),
        email: user.email.clone(),
        is_master: user.is_master,
        created_at: user.created_at,
        token_version: user.token_version,
        kept_token: user.kept_token.clone(),
        permissions: user.permissions.names().map(str::to_owned).collect(),
        version: user.version,
    };
    Ok([
        Write::create(keys::pointer(&user.email, tenant), encode(&pointer)?),
        Write::create(keys::user(tenant, user.id), encode(&item)?),
    ])
}

/// Changes name and permissions, if nobody changed them since the user was seen.
pub fn change(tenant: &TenantId, seen: &User, change: &UserChange) -> Write {
    Write::update(keys::user(tenant, seen.id), edits(seen, change)).only_if(is_version(seen))
}

/// Begins a new password: all tokens of the old one die, but the kept one. Only if that is still the one seen.
pub fn renew_tokens(tenant: &TenantId, seen: &User, kept: Option<&TokenId>) -> Write {
    Write::update(keys::user(tenant, seen.id), renewal(seen, kept)).only_if(has_password_of(seen))
}

/// Both at once: `change` and `renew_tokens`.
pub fn change_and_renew_tokens(tenant: &TenantId, seen: &User, change: &UserChange) -> Write {
    let changes = [edits(seen, change), renewal(seen, None)].concat();
    Write::update(keys::user(tenant, seen.id), changes)
        .only_if(Condition::All(vec![has_password_of(seen), is_version(seen)]))
}

fn edits(seen: &User, change: &UserChange) -> Vec<Change> {
    let mut changes = vec![Change::Set("version", number(seen.version + 1))];
    if let Some(name) = &change.name {
        changes.push(Change::Set("name", text(name.as_str())));
    }
    if !change.permissions.is_empty() {
        let names = change.changed(seen.permissions).names().map(text).collect();
        changes.push(Change::Set("permissions", Value::L(names)));
    }
    changes
}

fn renewal(seen: &User, kept: Option<&TokenId>) -> Vec<Change> {
    let kept = match kept {
        Some(token) => Change::Set("kept_token", text(token.as_str())),
        None => Change::Remove("kept_token"),
    };
    vec![Change::Set("token_version", number(seen.token_version + 1)), kept]
}

fn has_password_of(seen: &User) -> Condition {
    Condition::Equals("token_version", number(seen.token_version))
}

fn is_version(seen: &User) -> Condition {
    match seen.version {
        // As it is stored, or not stored yet.
        0 => Condition::All(vec![
            Condition::Present,
            Condition::Any(vec![Condition::Missing("version"), Condition::Equals("version", number(0))]),
        ]),
        version => Condition::Equals("version", number(version)),
    }
}

/// The writes that remove a user and its pointer. Never a master.
pub fn delete(tenant: &TenantId, user: &User) -> [Write; 2] {
    [
        Write::delete(keys::user(tenant, user.id)).only_if(Condition::Equals("is_master", Value::Bool(false))),
        Write::delete(keys::pointer(&user.email, tenant)),
    ]
}
