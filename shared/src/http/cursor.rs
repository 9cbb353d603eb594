//! Cursors: opaque to clients, bound to what they were handed out for, and checked for damage.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::crypto::digest;
use crate::domain::ids::{EntryId, MessageId, TenantId, UserId};
use crate::domain::invalid::Invalid;
use crate::domain::progress::Progress;

const CHECKSUM: usize = 8;

/// What a cursor belongs to.
pub struct Scope<'a> {
    pub tenant: &'a TenantId,
    /// The list, e.g. `schedules`, or the schedule whose chat is read.
    pub list: &'a str,
}

#[must_use]
pub fn from_instant(scope: &Scope<'_>, instant: DateTime<Utc>) -> String {
    seal(scope, &instant.timestamp().to_be_bytes())
}

pub fn to_instant(scope: &Scope<'_>, text: &str) -> Result<DateTime<Utc>, Invalid> {
    let seconds = open(scope, text)?.try_into().map_err(|_| Invalid::NotACursor)?;
    DateTime::from_timestamp(i64::from_be_bytes(seconds), 0).ok_or(Invalid::NotACursor)
}

#[must_use]
pub fn from_user(scope: &Scope<'_>, user: UserId) -> String {
    seal(scope, &user.0.to_be_bytes())
}

pub fn to_user(scope: &Scope<'_>, text: &str) -> Result<UserId, Invalid> {
    let number = open(scope, text)?.try_into().map_err(|_| Invalid::NotACursor)?;
    Ok(UserId(i64::from_be_bytes(number)))
}

#[must_use]
pub fn from_entry(scope: &Scope<'_>, entry: EntryId) -> String {
    seal(scope, entry.uuid().as_bytes())
}

pub fn to_entry(scope: &Scope<'_>, text: &str) -> Result<EntryId, Invalid> {
    Ok(Uuid::from_slice(&open(scope, text)?).map_err(|_| Invalid::NotACursor)?.into())
}

#[must_use]
pub fn from_message(scope: &Scope<'_>, message: MessageId) -> String {
    seal(scope, message.uuid().as_bytes())
}

pub fn to_message(scope: &Scope<'_>, text: &str) -> Result<MessageId, Invalid> {
    let id: [u8; 16] = open(scope, text)?.try_into().map_err(|_| Invalid::NotACursor)?;
    Ok(Uuid::from_bytes(id).into())
}

/// Eight bytes of watermark, eight of the time at which the reader began, sixteen of the oldest entry of a first look, then
/// sixteen for each entry taken in above the watermark.
#[must_use]
pub fn from_progress(scope: &Scope<'_>, progress: &Progress) -> String {
    let mut bytes = [progress.watermark, progress.begun].map(i64::to_be_bytes).concat();
    for id in std::iter::once(&progress.since).chain(&progress.given) {
        bytes.extend_from_slice(id.uuid().as_bytes());
    }
    seal(scope, &bytes)
}

pub fn to_progress(scope: &Scope<'_>, text: &str) -> Result<Progress, Invalid> {
    let bytes = open(scope, text)?;
    let (watermark, ids) = bytes.split_first_chunk::<8>().ok_or(Invalid::NotACursor)?;
    let (begun, ids) = ids.split_first_chunk::<8>().ok_or(Invalid::NotACursor)?;
    let (since, ids) = ids.split_first_chunk::<16>().ok_or(Invalid::NotACursor)?;
    let (ids, rest) = ids.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(Invalid::NotACursor);
    }
    let message = |id: &[u8; 16]| MessageId::from(Uuid::from_bytes(*id));
    let given: BTreeSet<_> = ids.iter().map(message).collect();
    let [watermark, begun] = [watermark, begun].map(|time| i64::from_be_bytes(*time));
    Ok(Progress { watermark, given, since: message(since), begun })
}

fn checksum(scope: &Scope<'_>, content: &[u8]) -> [u8; CHECKSUM] {
    let digest = digest(&[b"cursor", scope.tenant.as_str().as_bytes(), scope.list.as_bytes(), content]);
    let mut checksum = [0; CHECKSUM];
    checksum.copy_from_slice(&digest.as_bytes()[..CHECKSUM]);
    checksum
}

fn seal(scope: &Scope<'_>, content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([&checksum(scope, content), content].concat())
}

fn open(scope: &Scope<'_>, text: &str) -> Result<Vec<u8>, Invalid> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Invalid::NotACursor)?;
    let (sum, content) = bytes.split_first_chunk::<CHECKSUM>().ok_or(Invalid::NotACursor)?;
    if *sum == checksum(scope, content) { Ok(content.to_vec()) } else { Err(Invalid::NotACursor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        let ids = [1_u128, 2].map(|id| Uuid::from_u128(id).into());
        let since = Uuid::from_u128(3).into();
        Progress { watermark: 1_637_000_000_000, given: BTreeSet::from(ids), since, begun: 1_636_000_000_000 }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let scope = Scope { tenant: &"t".into(), list: "s" };
        assert_eq!(to_progress(&scope, &from_progress(&scope, &progress())), Ok(progress()));
    }

    #[test]
    fn a_foreign_or_damaged_cursor_is_refused() {
        let (tenant, other) = (TenantId::from("t"), TenantId::from("u"));
        let scope = Scope { tenant: &tenant, list: "s" };
        let cursor = from_progress(&scope, &progress());
        assert!(to_progress(&Scope { tenant: &other, list: "s" }, &cursor).is_err());
        assert!(to_progress(&Scope { tenant: &tenant, list: "r" }, &cursor).is_err());
        for index in 0..cursor.len() {
            let mut damaged = cursor.clone().into_bytes();
            damaged[index] = if damaged[index] == b'A' { b'B' } else { b'A' };
            assert!(to_progress(&scope, std::str::from_utf8(&damaged).unwrap()).is_err(), "{index}");
        }
        assert!(to_progress(&scope, "").is_err());
    }
}
