//! The key in the address of a calendar feed: whose it is, and a secret that nobody can guess.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::domain::ids::{TenantId, UserId};

const TENANT: usize = 16;
const USER: usize = 8;
const SECRET: usize = 16;

/// A key that was made or shown. Whether it is right, its digest says, which is all that the table keeps.
pub struct CalendarKey {
    pub tenant: TenantId,
    pub user: UserId,
    secret: [u8; SECRET],
}

impl CalendarKey {
    #[must_use]
    pub fn new(tenant: &TenantId, user: UserId, secret: [u8; SECRET]) -> Self {
        Self { tenant: tenant.clone(), user, secret }
    }

    /// `None` when the text is no key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let bytes = <[u8; TENANT + USER + SECRET]>::try_from(bytes).ok()?;
        let (tenant, rest) = bytes.split_at(TENANT);
        let (user, secret) = rest.split_at(USER);
        Some(Self {
            tenant: Uuid::from_slice(tenant).ok()?.into(),
            user: UserId(i64::from_be_bytes(user.try_into().ok()?)),
            secret: secret.try_into().ok()?,
        })
    }

    /// As it stands in an address. `None` when the tenant's id is no UUID.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let mut bytes = Uuid::try_parse(self.tenant.as_str()).ok()?.into_bytes().to_vec();
        bytes.extend_from_slice(&self.user.0.to_be_bytes());
        bytes.extend_from_slice(&self.secret);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Fast is enough: there are 2^128 secrets.
    #[must_use]
    pub fn digest(&self) -> String {
        let (tenant, user) = (self.tenant.as_str().as_bytes(), self.user.0.to_be_bytes());
        super::digest(&[b"calendar key", tenant, &user, &self.secret])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CalendarKey {
        CalendarKey::new(&Uuid::from_u128(1).into(), UserId(2), [7; SECRET])
    }

    #[test]
    fn a_key_says_whose_it_is_and_has_one_digest() {
        let text = key().text().unwrap();
        assert_eq!(text.len(), 54);
        let parsed = CalendarKey::parse(&text).unwrap();
        assert_eq!((&parsed.tenant, parsed.user), (&key().tenant, UserId(2)));
        assert_eq!(parsed.digest(), key().digest());
        for other in [
            CalendarKey::new(&key().tenant, UserId(3), [7; SECRET]),
            CalendarKey::new(&key().tenant, UserId(2), [8; SECRET]),
            CalendarKey::new(&Uuid::from_u128(9).into(), UserId(2), [7; SECRET]),
        ] {
            assert_ne!(other.digest(), key().digest());
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        let text = key().text().unwrap();
        for wrong in ["", &text[1..], &format!("{text}A"), &format!("{text}="), &text.replacen('A', "+", 1), "日本語"]
        {
            assert!(CalendarKey::parse(wrong).is_none(), "{wrong}");
        }
    }
}
