//! What all see, read once for all who ask this environment within a second or two. Never an authorisation: who the
//! caller is and what they may do is read for each request.

use crate::app::App;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::schedule::Schedule;
use crate::store::{schedules, tenants};
use crate::table::TableError;

/// For how long a suspension may go unnoticed, in milliseconds.
const TENANT_AGE: i64 = 2_000;

/// For how long a change of a schedule may go unnoticed, in milliseconds.
const SCHEDULE_AGE: i64 = 1_000;

/// Whether there is such a tenant, and it is not suspended.
pub async fn tenant_is_active(app: &App, tenant: &TenantId) -> Result<bool, TableError> {
    let load = |_| tenants::works(&app.table, tenant);
    Ok(*app.caches.tenants.get(tenant, TENANT_AGE, &app.clock, load).await?)
}

/// The schedule as it was at most a second ago. For whoever looks; whoever changes anything reads it from the table.
pub async fn schedule(app: &App, tenant: &TenantId, schedule: ScheduleId) -> Result<Option<Schedule>, TableError> {
    let load = |_| schedules::find(&app.table, tenant, &schedule);
    let found = app.caches.schedules.get(&(tenant.clone(), schedule), SCHEDULE_AGE, &app.clock, load).await?;
    Ok(found.as_ref().clone())
}

/// This environment changed the schedule, and shows it at once.
pub fn schedule_changed(app: &App, tenant: &TenantId, schedule: ScheduleId) {
    app.caches.schedules.expire(&(tenant.clone(), schedule));
}
