//! Who is on air: what is known of a broadcast's connections, whether ImageFlux told it or was asked.

use super::{Error, MAX_DECISIONS, contended, reading};
use crate::app::App;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::live::{Live, Status};
use crate::domain::schedule::{Plan, Schedule};
use crate::platform::telemetry;
use crate::store::hooks::Hook;
use crate::store::live::{self, Seen};

mod asking;

/// What is known of a schedule's connections. ImageFlux is asked only while that is in doubt, and only by the request
/// that takes the lease. The others get what is known; so does that one if ImageFlux does not answer.
pub(super) async fn known(app: &App, tenant: &TenantId, schedule: &Schedule, seen: &Seen) -> Live {
    let now = app.clock.now();
    let Some(channel) = &schedule.channel else { return seen.live.clone() };
    let is_over = now >= app.publishing.window.closes(schedule.plan.interval);
    if is_over || seen.is_leased(now.timestamp_millis()) || !seen.live.is_doubtful(now) {
        return seen.live.clone();
    }
    match asking::ask(app, tenant, &schedule.plan.id, &channel.channel_id, &seen.live).await {
        Ok(Some(live)) => live,
        Ok(None) => seen.live.clone(),
        Err(error) => {
            telemetry::note_odd("cause", error.to_string());
            telemetry::metric("PlaylistsUnknown", 1, "Count");
            // Meanwhile an event may have told what has ended.
            let current = reading::live(app, tenant, schedule.plan.id).await;
            current.map_or_else(|_| seen.live.clone(), |current| current.live.clone())
        }
    }
}

/// Whether somebody has published since the broadcast was planned, or may have. Without events only those are known who
/// were listed when ImageFlux was asked. So it is asked while the time of the broadcast lasts; afterwards nobody can
/// tell any more, but of what was planned when its time was over already.
///
/// # Errors
/// `Unavailable` when ImageFlux does not tell.
pub(super) async fn may_have_published(app: &App, tenant: &TenantId, schedule: &Schedule) -> Result<bool, Error> {
    let Schedule { plan, channel, .. } = schedule;
    let seen = live::find(&app.table, tenant, &plan.id).await?;
    let is_told = channel.as_ref().map_or(app.hooks_url.is_some(), |channel| channel.hook.is_some());
    if is_told || seen.live.has_published {
        return Ok(seen.live.has_published);
    }
    let end = plan.interval.end();
    if app.clock.now() >= end && plan.created_at < end {
        return Ok(true);
    }
    let Some(channel) = channel else { return Ok(false) };
    match asking::ask_in_turn(app, tenant, &plan.id, &channel.channel_id, seen).await {
        Ok(live) => Ok(live.has_published),
        Err(error @ (Error::ImageFluxRejected(_) | Error::ImageFluxFailed(_) | Error::ImageFluxTimedOut)) => {
            Err(Error::Unavailable(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// How a broadcast stands of which this is known.
pub(super) fn status(app: &App, plan: &Plan, live: &Live) -> Status {
    live.status(app.clock.now(), plan.interval, app.publishing.window.overrun)
}

/// How broadcasts stand, in their order. Nothing is read for those that nobody can be publishing now.
pub(super) async fn statuses(app: &App, tenant: &TenantId, plans: &[Plan]) -> Result<Vec<Status>, Error> {
    let (now, window) = (app.clock.now(), app.publishing.window);
    let may_be_on = |plan: &&Plan| window.opens(plan.interval) <= now && now < window.closes(plan.interval);
    let ids: Vec<ScheduleId> = plans.iter().filter(may_be_on).map(|plan| plan.id).collect();
    let mut found = live::find_all(&app.table, tenant, &ids).await?.into_iter();
    let standing = |plan: &Plan| {
        let live = if may_be_on(&plan) { found.next() } else { None };
        status(app, plan, &live.unwrap_or_default())
    };
    Ok(plans.iter().map(standing).collect())
}

/// Joins what was learned with what is known.
pub(super) async fn learn(app: &App, hook: &Hook, learned: &Live) -> Result<Live, Error> {
    let Hook { tenant, schedule, channel_id } = hook;
    let seen = live::find(&app.table, tenant, schedule).await?;
    join(app, tenant, schedule, channel_id, seen, learned).await
}

/// `seen` is read again only if somebody else wrote in between. What is learned of a channel that was retired meanwhile is
/// of no use to its successor.
async fn join(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    mut seen: Seen,
    learned: &Live,
) -> Result<Live, Error> {
    for _ in 0..MAX_DECISIONS {
        if seen.is_retired(channel_id) {
            return Ok(seen.live);
        }
        let mut live = seen.live.clone();
        live.join(learned.clone());
        if live == seen.live || live::keep(&app.table, tenant, schedule, &seen, &live).await? {
            reading::live_changed(app, tenant, *schedule);
            return Ok(live);
        }
        super::pause(app).await;
        seen = live::find(&app.table, tenant, schedule).await?;
    }
    Err(contended())
}
