//! Users of a tenant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::ids::{TokenId, UserId};
use super::invalid::Invalid;
use super::password::Password;
use super::permission::Permissions;
use super::text::{self, Lines};

/// The name of a user: 1 to 30 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserName(String);

impl UserName {
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        text::parse(raw, 30, Lines::One).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: UserId,
    pub name: UserName,
    pub email: Email,
    pub permissions: Permissions,
    pub is_master: bool,
    pub created_at: DateTime<Utc>,
    /// Counts the passwords this user has had. A token carries the number it was issued under.
    pub token_version: i64,
    /// The one older token that outlived the last password change: the one that asked for it.
    pub kept_token: Option<TokenId>,
}

/// A user to be.
#[derive(Debug)]
pub struct NewUser {
    pub name: UserName,
    pub email: Email,
    pub password: Password,
    pub permissions: Permissions,
}

/// What shall change about a user; what is `None` stays as it is.
#[derive(Debug)]
pub struct UserChange {
    pub id: UserId,
    pub name: Option<UserName>,
    pub password: Option<Password>,
    pub delivery: Option<bool>,
    pub view: Option<bool>,
    pub schedule: Option<bool>,
    pub user: Option<bool>,
}

impl UserChange {
    /// What shall change, without the values.
    #[must_use]
    pub fn names_of_changes(&self) -> Vec<&'static str> {
        let given = [
            ("name", self.name.is_some()),
            ("password", self.password.is_some()),
            ("delivery", self.delivery.is_some()),
            ("view", self.view.is_some()),
            ("schedule", self.schedule.is_some()),
            ("user", self.user.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    #[must_use]
    pub fn takes_a_permission_away(&self) -> bool {
        [self.delivery, self.view, self.schedule, self.user].contains(&Some(false))
    }
}
