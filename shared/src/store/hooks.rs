//! Whose channel ImageFlux speaks of when it calls an address of ours.
//!
//! The address holds a key of 32 random bytes; only its digest is kept. It is written with the channel and goes with it.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, stored};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::table::{Table, TableError, Write};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    #[serde(with = "stored")]
    pub tenant: TenantId,
    #[serde(with = "stored")]
    pub schedule: ScheduleId,
    pub channel_id: String,
}

pub async fn find(table: &Table, digest: &str) -> Result<Option<Hook>, TableError> {
    table.get(&keys::hook(digest)).await?.map(decode).transpose()
}

pub fn create(digest: &str, hook: &Hook) -> Result<Write, TableError> {
    Ok(Write::create(keys::hook(digest), encode(hook)?))
}

pub fn forget(digest: &str) -> Write {
    Write::delete(keys::hook(digest))
}
