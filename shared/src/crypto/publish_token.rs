//! Publish tokens: what a presenter's encoder shows when it connects.
//!
//! A token is derived from a secret of the schedule and the user's number. So telling it writes nothing,
//! says the same each time, and a new secret makes all of a schedule's tokens void at once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::base32;
use crate::domain::ids::{ScheduleId, TenantId, UserId};

const PREFIX: &str = "ifop_";
/// Of the user's number, and of the proof: together 40 characters of base32.
const NUMBER: usize = 8;
const PROOF: usize = 17;
/// How deep a token may stand in what a client sends.
const DEPTH: usize = 4;
/// How many tokens are looked at: that of before and that of now, and some.
const TOKENS: usize = 8;

/// A schedule's secret, as it keeps it.
pub fn secret(bytes: [u8; 32]) -> SecretString {
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// The token of a user for a schedule.
#[must_use]
pub fn derive(secret: &SecretString, tenant: &TenantId, schedule: &ScheduleId, user: UserId) -> String {
    let mut bytes = user.0.to_be_bytes().to_vec();
    bytes.extend_from_slice(&proof(secret, tenant, schedule, user));
    format!("{PREFIX}{}", base32::encode(&bytes))
}

/// A text that has a token's form, and the user whom it names. Whether it is right, the secret says.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    pub user: UserId,
    proof: [u8; PROOF],
}

impl Shown {
    #[must_use]
    pub fn is_of(&self, secret: &SecretString, tenant: &TenantId, schedule: &ScheduleId) -> bool {
        let right = proof(secret, tenant, schedule, self.user);
        self.proof.iter().zip(right).fold(0, |difference, (shown, right)| difference | (shown ^ right)) == 0
    }
}

/// The tokens that stand anywhere in the values, a few of them; `None` where nothing even begins like one.
#[must_use]
pub fn find<'a>(values: impl IntoIterator<Item = &'a Value>) -> Option<Vec<Shown>> {
    let mut found = None;
    find_within(values, DEPTH, &mut found);
    found
}

fn find_within<'a>(values: impl IntoIterator<Item = &'a Value>, depth: usize, found: &mut Option<Vec<Shown>>) {
    for value in values {
        match value {
            Value::String(text) => {
                if let Some(encoded) = encoded(text) {
                    let tokens = found.get_or_insert_default();
                    tokens.extend(decode(encoded).filter(|_| tokens.len() < TOKENS));
                }
            }
            Value::Array(inner) if depth > 0 => find_within(inner, depth - 1, found),
            Value::Object(inner) if depth > 0 => find_within(inner.values(), depth - 1, found),
            _ => {}
        }
    }
}

/// What follows the prefix of a token. People type `Bearer ` before it where the encoder adds it itself.
fn encoded(text: &str) -> Option<&str> {
    let mut text = text.trim();
    while let Some((scheme, rest)) = text.split_once(char::is_whitespace)
        && scheme.eq_ignore_ascii_case("Bearer")
    {
        text = rest.trim_start();
    }
    text.strip_prefix(PREFIX)
}

fn decode(encoded: &str) -> Option<Shown> {
    let bytes = base32::decode(encoded)?;
    let (number, proof) = bytes.split_at_checked(NUMBER)?;
    let user = UserId(i64::from_be_bytes(number.try_into().ok()?));
    Some(Shown { user, proof: proof.try_into().ok()? })
}

fn proof(secret: &SecretString, tenant: &TenantId, schedule: &ScheduleId, user: UserId) -> [u8; PROOF] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in [tenant.to_string().as_bytes(), schedule.to_string().as_bytes(), &user.0.to_be_bytes()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut proof = [0; PROOF];
    proof.copy_from_slice(&context.sign().as_ref()[..PROOF]);
    proof
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn ids() -> (TenantId, ScheduleId) {
        (Uuid::from_u128(1).into(), Uuid::from_u128(2).into())
    }

    fn shown(found: Option<Vec<Shown>>) -> Option<Shown> {
        found?.into_iter().next()
    }

    #[test]
    fn a_token_is_the_same_each_time_and_belongs_to_secret_tenant_schedule_and_user() {
        let (tenant, schedule) = ids();
        let secret = SecretString::from("a secret");
        let token = derive(&secret, &tenant, &schedule, UserId(7));
        assert_eq!(token, derive(&secret, &tenant, &schedule, UserId(7)));
        assert!(token.starts_with("ifop_") && token.len() == 45, "{token}");
        assert!(token[5..].bytes().all(|c| matches!(c, b'a'..=b'z' | b'2'..=b'7')), "{token}");

        let found = shown(find([&json!(token)])).unwrap();
        assert_eq!(found.user, UserId(7));
        assert!(found.is_of(&secret, &tenant, &schedule));
        let (other_tenant, other_schedule) = (Uuid::from_u128(3).into(), Uuid::from_u128(3).into());
        assert!(!found.is_of(&SecretString::from("another"), &tenant, &schedule));
        assert!(!found.is_of(&secret, &other_tenant, &schedule));
        assert!(!found.is_of(&secret, &tenant, &other_schedule));
    }

    #[test]
    fn no_token_with_a_character_changed_is_right() {
        let (tenant, schedule) = ids();
        let secret = SecretString::from("a secret");
        let token = derive(&secret, &tenant, &schedule, UserId(7));
        for index in 5..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).unwrap();
            let found = shown(find([&json!(changed)]));
            assert!(!found.is_some_and(|found| found.is_of(&secret, &tenant, &schedule)), "{changed}");
        }
    }

    #[test]
    fn a_token_is_found_wherever_a_client_puts_it() {
        let (tenant, schedule) = ids();
        let token = derive(&SecretString::from("a secret"), &tenant, &schedule, UserId(7));
        for value in [
            json!(token),
            json!(format!("Bearer {token}")),
            json!(format!("bearer  Bearer {token} ")),
            json!({"access_token": token}),
            json!({"other": "text", "access_token": format!("Bearer {token}")}),
            json!([1, null, {"a": {"b": [token]}}]),
            json!({"access_token": "ifop_typed", "token": token}),
        ] {
            assert!(shown(find([&json!(""), &value])).is_some(), "{value}");
        }
        assert!(find([&json!([[[[[token]]]]])]).is_none(), "deeper than a client puts it");
    }

    #[test]
    fn what_begins_like_a_token_and_is_none_is_not_overlooked() {
        for text in ["ifop_", "ifop_a", "ifop_AAAA", &format!("ifop_{}", "a".repeat(41)), "ifop_!"] {
            assert!(find([&json!({"access_token": text})]) == Some(vec![]), "{text}");
        }
        for value in [json!(""), json!(null), json!("IFOP_aaaa"), json!("my password"), json!({"a": 1})] {
            assert!(find([&value]).is_none(), "{value}");
        }
    }
}
