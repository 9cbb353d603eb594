//! What decides about a token: whose it is, what that user may do, and which of their tokens work no more.

use chrono::{DateTime, Utc};

use super::ids::{TokenId, UserId};
use super::permission::Permissions;
use super::trail::names_of;
use super::user::{User, UserChange, UserName};

/// One user's, small enough that reading it costs one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub id: UserId,
    pub name: UserName,
    pub permissions: Permissions,
    pub is_master: bool,
    /// Counts the passwords this user has had. A token carries the number it was issued under.
    pub token_version: i64,
    /// The one older token that outlived the last password change: the one that asked for it.
    pub kept_token: Option<TokenId>,
    /// The tokens that were logged out and have not expired yet.
    pub revoked: Vec<Revoked>,
    /// Tokens that expire by then are dead. It takes the place of log-outs that there was no room for.
    pub dead_until: Option<DateTime<Utc>>,
    /// Counts all changes of this.
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Revoked {
    pub token: TokenId,
    pub expires_at: DateTime<Utc>,
}

/// With more of them, reading a standing would cost a second unit, which every request would pay.
const MOST_REVOKED: usize = 100;

impl Standing {
    pub fn of_new(user: &User) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            permissions: user.permissions,
            is_master: user.is_master,
            token_version: 0,
            kept_token: None,
            revoked: Vec::new(),
            dead_until: None,
            version: 0,
        }
    }

    /// Whether a token works: it lives with the password it was issued under, or because it was the one that changed
    /// it, until it is logged out.
    pub fn admits(&self, token: &TokenId, token_version: i64, expires_at: DateTime<Utc>) -> bool {
        let is_current = token_version == self.token_version || self.kept_token.as_ref() == Some(token);
        let is_revoked = self.revoked.iter().any(|revoked| revoked.token == *token);
        let is_among_the_dead = self.dead_until.is_some_and(|dead| expires_at <= dead);
        is_current && !is_revoked && !is_among_the_dead
    }

    /// Whether a token that is not admitted never will be: log-outs are not taken back, and passwords only get newer.
    pub fn is_dead(&self, token: &TokenId, token_version: i64, expires_at: DateTime<Utc>) -> bool {
        token_version <= self.token_version && !self.admits(token, token_version, expires_at)
    }

    /// From now on the token is refused. Without room, those that expire first give way, and whatever expires no later
    /// than they do is refused.
    #[must_use]
    pub fn revoking(mut self, token: &TokenId, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        self.revoked.retain(|revoked| revoked.expires_at > now);
        self.dead_until = self.dead_until.filter(|dead| *dead > now);
        self.revoked.push(Revoked { token: token.clone(), expires_at });
        self.revoked.sort_by_key(|revoked| revoked.expires_at);
        let too_many = self.revoked.len().saturating_sub(MOST_REVOKED);
        let latest = self.revoked.drain(..too_many).next_back().map(|revoked| revoked.expires_at);
        self.dead_until = self.dead_until.max(latest);
        self
    }

    /// Begins a new password: all tokens of the old one die, but the kept one, which was not revoked.
    #[must_use]
    pub fn with_a_new_password(self, kept: Option<&TokenId>) -> Self {
        Self {
            token_version: self.token_version + 1,
            kept_token: kept.cloned(),
            revoked: Vec::new(),
            dead_until: None,
            ..self
        }
    }

    /// The names of the fields that a change gives another value; a password is always another.
    pub fn differences(&self, change: &UserChange) -> Vec<&'static str> {
        let name = change.name.as_ref().is_some_and(|name| *name != self.name);
        let given = change.permissions.iter();
        let permissions =
            given.map(|(permission, held)| (permission.name(), self.permissions.include(*permission) != *held));
        names_of([("name", name), ("password", change.password.is_some())].into_iter().chain(permissions))
    }

    /// With another name or other permissions.
    #[must_use]
    pub fn changed(mut self, change: &UserChange) -> Self {
        self.permissions = change.changed(self.permissions);
        if let Some(name) = &change.name {
            self.name = name.clone();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::Email;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn standing() -> Standing {
        Standing::of_new(&User {
            id: UserId(7),
            name: UserName::parse("x").unwrap(),
            email: Email::parse("x@example.jp").unwrap(),
            permissions: Permissions::NONE,
            is_master: false,
            created_at: at(0),
        })
    }

    fn token(number: i64) -> TokenId {
        number.to_string().as_str().into()
    }

    #[test]
    fn a_revoked_token_is_refused_and_the_others_work() {
        let standing = standing().revoking(&token(1), at(100), at(0));
        assert!(!standing.admits(&token(1), 0, at(100)));
        assert!(standing.admits(&token(2), 0, at(100)));
        assert!(!standing.admits(&token(2), 1, at(100)), "of another password");
        assert!(standing.is_dead(&token(1), 0, at(100)) && !standing.is_dead(&token(2), 0, at(100)));
        assert!(!standing.is_dead(&token(2), 1, at(100)), "whose password may be seen in a moment");
    }

    #[test]
    fn beyond_a_hundred_the_oldest_log_outs_are_kept_as_a_time() {
        let standing =
            (1..=150).fold(standing(), |standing, number| standing.revoking(&token(number), at(1_000 + number), at(0)));
        assert_eq!(standing.revoked.len(), MOST_REVOKED);
        assert!((1..=150).all(|number| !standing.admits(&token(number), 0, at(1_000 + number))));
        assert!(!standing.admits(&token(900), 0, at(1_050)), "issued before one that was forgotten");
        assert!(standing.admits(&token(900), 0, at(1_051)));
    }

    #[test]
    fn what_expired_is_forgotten() {
        let full = (1..=150).fold(standing(), |standing, number| standing.revoking(&token(number), at(1_000), at(0)));
        let later = full.revoking(&token(200), at(3_000), at(2_000));
        assert_eq!((later.revoked.len(), later.dead_until), (1, None));
    }

    #[test]
    fn of_the_tokens_of_an_old_password_only_the_kept_one_works() {
        let standing = standing().revoking(&token(1), at(100), at(0)).with_a_new_password(Some(&token(2)));
        assert!(!standing.admits(&token(1), 0, at(100)) && !standing.admits(&token(3), 0, at(100)));
        assert!(standing.admits(&token(2), 0, at(100)) && standing.admits(&token(4), 1, at(100)));
        let again = standing.revoking(&token(2), at(100), at(0));
        assert!(!again.admits(&token(2), 0, at(100)));
        assert!(!again.with_a_new_password(None).admits(&token(2), 0, at(100)));
    }
}
