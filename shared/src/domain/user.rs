//! Users of a tenant.

use chrono::{DateTime, Utc};

use super::email::Email;
use super::ids::UserId;
use super::password::Password;
use super::permission::{Permission, Permissions};
use super::text::text_value;

text_value! {
    /// The name of a user: 1 to 30 characters.
    UserName, 30, One
}

#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: UserId,
    pub name: UserName,
    pub email: Email,
    pub permissions: Permissions,
    pub is_master: bool,
    pub created_at: DateTime<Utc>,
}

/// A user to be.
#[derive(Debug)]
pub struct NewUser {
    pub name: UserName,
    pub email: Email,
    pub password: Password,
    pub permissions: Permissions,
}

/// A change of a user; what is `None`, and each permission that is not listed, stays as it is.
#[derive(Debug)]
pub struct UserChange {
    pub id: UserId,
    pub name: Option<UserName>,
    pub password: Option<Password>,
    pub permissions: Vec<(Permission, bool)>,
}

impl UserChange {
    pub fn takes_a_permission_away(&self) -> bool {
        self.permissions.iter().any(|(_, is_granted)| !is_granted)
    }

    /// The permissions after the change.
    pub fn changed(&self, mut permissions: Permissions) -> Permissions {
        for (permission, is_granted) in &self.permissions {
            permissions.set(*permission, *is_granted);
        }
        permissions
    }
}
