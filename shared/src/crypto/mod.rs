//! Proofs of identity: tokens, passwords, access codes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;

use crate::domain::access_code::AccessCode;
use crate::domain::ids::TenantId;

pub mod tokens;
pub mod passwords;
mod base32;
pub mod hook_key;
pub mod publish_token;
pub mod watch_key;
pub mod calendar_key;

/// SHA-256 over length-prefixed parts, so that different splits give different digests; 43 characters.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> String {
    URL_SAFE_NO_PAD.encode(digest_bytes(parts))
}

/// As `digest`: its 32 bytes.
#[must_use]
pub fn digest_bytes(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

/// How a tenant's access code is stored.
///
/// It is a word that a whole company knows, checked beside a password that is hashed slowly, and one
/// slow pass per log-in is the budget; so a fast digest, bound to the tenant, has to do here.
#[must_use]
pub fn access_code_digest(tenant: &TenantId, code: &AccessCode) -> String {
    digest(&[b"access code", tenant.as_str().as_bytes(), code.expose()])
}

/// Constant-time comparison.
#[must_use]
pub fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().zip(right.bytes()).fold(0, |difference, (l, r)| difference | (l ^ r)) == 0
}
