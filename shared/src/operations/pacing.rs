//! How long a client waits before its next poll. `domain::pace` says why; this counts.
//!
//! Every ten seconds in which somebody polls, an environment adds the pauses it told to the table's sum, and reads the
//! sum of all environments for the slot before. Each has its own moment for this. If it fails, polls go on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::pace::{SLOT, Told};
use crate::platform::telemetry;
use crate::store::loads;

/// How long an answer may wait for the exchange; without it the pause stays as it was.
const EXCHANGING: Duration = Duration::from_millis(200);

/// How long this poller shall wait, in milliseconds. Counts it.
pub(super) async fn pause(app: &App, tenant: &TenantId, schedule: ScheduleId) -> i64 {
    telemetry::note_poll();
    let told = told(app, tenant, schedule).await;
    let pause = any_of(app, &told);
    told.tell(pause);
    pause
}

/// As `pause`, in whole seconds: as often rounded up as keeps the mean.
pub(super) async fn pause_in_seconds(app: &App, tenant: &TenantId, schedule: ScheduleId) -> u64 {
    seconds(app, pause(app, tenant, schedule).await)
}

/// For players, which poll as they like and are not counted.
pub(super) async fn uncounted_pause_in_seconds(app: &App, tenant: &TenantId, schedule: ScheduleId) -> u64 {
    seconds(app, any_of(app, &*told(app, tenant, schedule).await))
}

fn any_of(app: &App, told: &Told) -> i64 {
    let (shortest, longest) = app.pace.range(told.by_all);
    shortest + below(app, longest - shortest + 1)
}

fn seconds(app: &App, pause: i64) -> u64 {
    u64::try_from((pause + below(app, 1_000)) / 1_000).unwrap_or_default()
}

fn below(app: &App, bound: i64) -> i64 {
    let drawn = app.random.below(u64::try_from(bound).unwrap_or(1).max(1));
    i64::try_from(drawn).unwrap_or_default()
}

async fn told(app: &App, tenant: &TenantId, schedule: ScheduleId) -> Arc<Told> {
    let into_period = (app.clock.now_millis() + app.exchanges_at).rem_euclid(SLOT);
    let exchange = async |last: Option<Arc<Told>>| Ok(exchanged(app, tenant, schedule, last).await);
    let Ok(told): Result<_, Infallible> =
        app.caches.told.get(&(tenant.clone(), schedule), into_period + 1, &app.clock, exchange).await;
    told
}

/// What could not be added is not counted.
async fn exchanged(app: &App, tenant: &TenantId, schedule: ScheduleId, last: Option<Arc<Told>>) -> Told {
    let now = app.clock.now_millis();
    let slot = now.div_euclid(SLOT);
    let here = last.as_ref().map_or(0, |last| last.take());
    let adding = async {
        match here {
            0 => Ok(()),
            here => loads::add(&app.table, tenant, &schedule, slot, here, now / 1_000).await,
        }
    };
    let exchanging = async { tokio::try_join!(adding, loads::told(&app.table, tenant, &schedule, slot - 1)) };
    let failed = match tokio::time::timeout(EXCHANGING, exchanging).await {
        Ok(Ok(((), by_all))) => return Told::new(by_all),
        Ok(Err(error)) => format!("{error:?}"),
        Err(_elapsed) => "no answer in time".to_owned(),
    };
    telemetry::note_odd("polls_uncounted", failed);
    Told::new(last.map_or(0, |last| last.by_all))
}
