//! What all see, read once for all who ask this environment within a second or two. Never an authorisation: who the
//! caller is and what they may do is read for each request.

use std::sync::Arc;

use crate::app::App;
use crate::domain::ids::{MessageId, ScheduleId, TenantId};
use crate::domain::progress::TAIL_AGE;
use crate::domain::schedule::Schedule;
use crate::domain::tail::Tail;
use crate::store::live::{self, Seen};
use crate::store::{messages, schedules, tenants};
use crate::table::TableError;

/// For how long a suspension may go unnoticed, in milliseconds.
const TENANT_AGE: i64 = 2_000;

/// For how long a change of a schedule may go unnoticed, in milliseconds.
const SCHEDULE_AGE: i64 = 1_000;

/// For how long a dead connection may be shown, in milliseconds.
const LIVE_AGE: i64 = 1_000;

/// Whether there is such a tenant, and it is not suspended.
pub async fn tenant_is_active(app: &App, tenant: &TenantId) -> Result<bool, TableError> {
    let load = |_| tenants::works(&app.table, tenant);
    Ok(*app.caches.tenants.get(tenant, TENANT_AGE, &app.clock, load).await?)
}

/// The schedule as it was at most a second ago. For calls that only read; a change reads it from the table.
pub async fn schedule(app: &App, tenant: &TenantId, schedule: ScheduleId) -> Result<Option<Schedule>, TableError> {
    let load = |_| schedules::find(&app.table, tenant, &schedule);
    let found = app.caches.schedules.get(&(tenant.clone(), schedule), SCHEDULE_AGE, &app.clock, load).await?;
    Ok(found.as_ref().clone())
}

/// This environment changed the schedule, and shows it at once.
pub fn schedule_changed(app: &App, tenant: &TenantId, schedule: ScheduleId) {
    app.caches.schedules.expire(&(tenant.clone(), schedule));
}

/// What is known of the broadcast's connections, as it was at most a second ago.
pub async fn live(app: &App, tenant: &TenantId, schedule: ScheduleId) -> Result<Arc<Seen>, TableError> {
    let load = |_| live::find(&app.table, tenant, &schedule);
    app.caches.lives.get(&(tenant.clone(), schedule), LIVE_AGE, &app.clock, load).await
}

/// This environment learned something of the connections, or found that another did.
pub fn live_changed(app: &App, tenant: &TenantId, schedule: ScheduleId) {
    app.caches.lives.expire(&(tenant.clone(), schedule));
}

/// The newest entries as they were at most `TAIL_AGE` ago; read on from what is known of them.
pub async fn tail(app: &App, tenant: &TenantId, schedule: ScheduleId) -> Result<Arc<Tail>, TableError> {
    let load = async |last: Option<Arc<Tail>>| {
        let now = app.clock.now_millis();
        let from = Tail::reads_from(last.as_deref(), now);
        let read = messages::after(&app.table, tenant, &schedule, MessageId::last_of(from), None).await?;
        Ok(Tail::with(last.as_deref(), from, now, read))
    };
    app.caches.tails.get(&(tenant.clone(), schedule), TAIL_AGE, &app.clock, load).await
}

/// This environment wrote a message, or took one away, and shows it at once.
pub fn chat_changed(app: &App, tenant: &TenantId, schedule: ScheduleId) {
    app.caches.tails.expire(&(tenant.clone(), schedule));
}
