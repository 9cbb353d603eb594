//! The key in a broadcast's `watch_url`: whose it is, and a secret that nobody can guess.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::domain::ids::{ScheduleId, TenantId};

const ID: usize = 16;
const SECRET: usize = 16;

/// A key that was shown. Whether it is right, the schedule's secret says.
pub struct WatchKey {
    pub tenant: TenantId,
    pub schedule: ScheduleId,
    secret: String,
}

/// The secret part, as the schedule keeps it.
#[must_use]
pub fn secret(bytes: [u8; SECRET]) -> SecretString {
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// `None` when the tenant's id or the secret is not what it must be.
#[must_use]
pub fn write(tenant: &TenantId, schedule: &ScheduleId, secret: &SecretString) -> Option<String> {
    let mut bytes = Uuid::try_parse(tenant.as_str()).ok()?.into_bytes().to_vec();
    bytes.extend_from_slice(schedule.uuid().as_bytes());
    bytes.extend_from_slice(&URL_SAFE_NO_PAD.decode(secret.expose_secret()).ok()?);
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

impl WatchKey {
    /// `None` when the text is no key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let bytes = <[u8; 2 * ID + SECRET]>::try_from(bytes).ok()?;
        let id = |at: usize| Uuid::from_slice(&bytes[at..at + ID]).ok();
        Some(Self { tenant: id(0)?.into(), schedule: id(ID)?.into(), secret: URL_SAFE_NO_PAD.encode(&bytes[2 * ID..]) })
    }

    #[must_use]
    pub fn has(&self, secret: &SecretString) -> bool {
        super::same(&self.secret, secret.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_it_is_and_only_the_right_secret_opens() {
        let (tenant, schedule) = (TenantId::from(Uuid::from_u128(1)), ScheduleId::from(Uuid::from_u128(2)));
        let right = secret([7; 16]);
        let text = write(&tenant, &schedule, &right).unwrap();
        assert_eq!(text.len(), 64);
        let key = WatchKey::parse(&text).unwrap();
        assert_eq!((&key.tenant, &key.schedule), (&tenant, &schedule));
        assert!(key.has(&right));
        assert!(!key.has(&secret([8; 16])));
    }

    #[test]
    fn what_is_no_key_is_none() {
        let text = write(&Uuid::from_u128(1).into(), &Uuid::from_u128(2).into(), &secret([7; 16])).unwrap();
        for wrong in ["", &text[1..], &format!("{text}A"), &text.replace(&text[..1], "+"), &format!("{text}=")] {
            assert!(WatchKey::parse(wrong).is_none(), "{wrong}");
        }
    }
}
