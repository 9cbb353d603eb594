//! Announcements that a schedule is about to get another start, written before it does. They are read after each list
//! of schedules, because a list may miss a schedule that moves (`operations::listing`).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{decode, encode, instant, interval, keys, stored};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::interval::Interval;
use crate::table::{Item, Query, Range, Table, TableError, Write};

/// Longer than a request lives, than an attempt of it is under way, and than two clocks differ.
const RECENT: TimeDelta = TimeDelta::seconds(120);

pub struct Move {
    pub schedule: ScheduleId,
    pub from: Interval,
    pub to: Interval,
}

#[derive(Serialize, Deserialize)]
struct MoveItem {
    #[serde(with = "stored")]
    schedule: ScheduleId,
    #[serde(with = "instant")]
    from_start: DateTime<Utc>,
    #[serde(with = "instant")]
    from_end: DateTime<Utc>,
    #[serde(with = "instant")]
    to_start: DateTime<Utc>,
    #[serde(with = "instant")]
    to_end: DateTime<Utc>,
    expires_at: i64,
}

/// Announces a move that begins only when this is written. Each has an id of its own.
pub async fn announce(
    table: &Table,
    tenant: &TenantId,
    moved: &Move,
    now: DateTime<Utc>,
    id: Uuid,
) -> Result<(), TableError> {
    let item = MoveItem {
        schedule: moved.schedule,
        from_start: moved.from.start(),
        from_end: moved.from.end(),
        to_start: moved.to.start(),
        to_end: moved.to.end(),
        expires_at: (now + RECENT + RECENT).timestamp(),
    };
    table.write(&Write::put(keys::announced_move(tenant, now, id), encode(&item)?)).await.map(drop)
}

/// The moves that may have been under way a moment ago.
pub async fn recent(table: &Table, tenant: &TenantId, now: DateTime<Utc>) -> Result<Vec<Move>, TableError> {
    let query = Query::all(keys::announced_moves(tenant)).within(Range::Above(keys::announced_after(now - RECENT)));
    table.query(&query).await?.into_iter().map(decode_move).collect()
}

fn decode_move(item: Item) -> Result<Move, TableError> {
    let MoveItem { schedule, from_start, from_end, to_start, to_end, .. } = decode(item)?;
    Ok(Move { schedule, from: interval(from_start, from_end)?, to: interval(to_start, to_end)? })
}
