//! Who may ask ImageFlux who publishes, and when: one at a time, for each schedule.

use std::time::Duration;

use super::super::{Error, MAX_DECISIONS, contended, pause, reading};
use super::join;
use crate::app::App;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::live::Live;
use crate::store::live::{self, Seen};

/// How long ImageFlux may take to list who publishes.
const ASKING: Duration = Duration::from_secs(3);
/// How long nobody else asks: the two seconds that must lie between two questions, two by which the clocks of two
/// environments may differ, and `QUESTION_WITHIN_MILLIS`. By then ImageFlux has answered, or has not.
const LEASE_MILLIS: i64 = 4_500;
/// A request that got the lease later than this after it began renews it first: another may ask soon.
const QUESTION_WITHIN_MILLIS: i64 = 500;
const TRIES_TO_ASK: usize = 3;
/// When the last who published is known to have gone, another who came unheard may wait a little longer.
const LEASE_AFTERWARDS_MILLIS: i64 = 10_000;

/// How long somebody waits until the one before has asked.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// `None` when somebody else asks. What was seen may be a second old; who takes the lease is told what is known now.
pub(super) async fn ask(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    seen: &Live,
) -> Result<Option<Live>, Error> {
    let now = app.clock.now();
    let is_past = seen.was_told && !seen.is_on();
    let (began, length) = (now.timestamp_millis(), if is_past { LEASE_AFTERWARDS_MILLIS } else { LEASE_MILLIS });
    let leased = live::take_lease(&app.table, tenant, schedule, began, began + length).await?;
    // Later requests here see the lease, and ask neither ImageFlux nor for the lease.
    reading::live_changed(app, tenant, *schedule);
    match leased {
        Some(current) if current.live.is_doubtful(now) => {
            ask_in_time(app, tenant, schedule, channel_id, current, began, length).await
        }
        current => Ok(current.map(|current| current.live)),
    }
}

/// As `ask`, for a caller that needs the answer and waits for its turn.
pub(super) async fn ask_in_turn(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    mut seen: Seen,
) -> Result<Live, Error> {
    for _ in 0..MAX_DECISIONS {
        let turn = seen.free_from(app.clock.now_millis());
        if until(app, turn) > LONGEST_WAIT {
            return Err(Error::Unavailable("others are asking ImageFlux who publishes".to_owned()));
        }
        if let Some(current) = live::take_turn(&app.table, tenant, schedule, &seen, turn + LEASE_MILLIS).await? {
            reading::live_changed(app, tenant, *schedule);
            tokio::time::sleep(until(app, turn)).await;
            let asked = ask_in_time(app, tenant, schedule, channel_id, current, turn, LEASE_MILLIS).await?;
            if let Some(live) = asked {
                return Ok(live);
            }
        }
        pause(app).await;
        seen = live::find(&app.table, tenant, schedule).await?;
    }
    Err(contended())
}

/// Asks for the holder of the lease, once it surely began a moment ago. `None` if another took it meanwhile.
async fn ask_in_time(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    mut held: Seen,
    mut began: i64,
    length: i64,
) -> Result<Option<Live>, Error> {
    for _ in 0..TRIES_TO_ASK {
        if app.clock.now_millis() - began <= QUESTION_WITHIN_MILLIS {
            return list(app, tenant, schedule, channel_id, held).await.map(Some);
        }
        began = app.clock.now_millis();
        match live::take_turn(&app.table, tenant, schedule, &held, began + length).await? {
            Some(renewed) => held = renewed,
            None => return Ok(None),
        }
    }
    Ok(None)
}

fn until(app: &App, instant: i64) -> Duration {
    Duration::from_millis(u64::try_from(instant - app.clock.now_millis()).unwrap_or_default())
}

/// Only for `ask_in_time`.
async fn list(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    seen: Seen,
) -> Result<Live, Error> {
    let now = app.clock.now();
    let late = |_| Error::ImageFluxTimedOut;
    let listing = tokio::time::timeout(ASKING, app.imageflux.list_publishers(channel_id));
    let listed = listing.await.map_err(late)??;
    let learned = seen.live.learned_from_list(&listed, now);
    join(app, tenant, schedule, channel_id, seen, &learned).await
}
