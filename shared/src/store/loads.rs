//! How hard polls press on a schedule: the pauses that its pollers were told, added up over ten seconds.

use serde::{Deserialize, Serialize};

use super::{decode, keys, number};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::table::{Change, Table, TableError, Write};

/// A slot is looked at in the next one, and then no more.
const KEPT_SECONDS: i64 = 60;

#[derive(Serialize, Deserialize)]
struct LoadItem {
    /// Milliseconds.
    told: i64,
}

/// What all environments told in a slot.
pub async fn told(table: &Table, tenant: &TenantId, schedule: &ScheduleId, slot: i64) -> Result<i64, TableError> {
    let item = table.get(&keys::load(tenant, schedule, slot)).await?.map(decode::<LoadItem>).transpose()?;
    Ok(item.map_or(0, |item| item.told))
}

/// Adds what one of them told. `now` is seconds since 1970.
pub async fn add(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    slot: i64,
    told: i64,
    now: i64,
) -> Result<(), TableError> {
    let changes = vec![Change::Add("told", told), Change::Set("expires_at", number(now + KEPT_SECONDS))];
    let _as_it_is_now = table.write(&Write::update(keys::load(tenant, schedule, slot), changes)).await?;
    Ok(())
}
