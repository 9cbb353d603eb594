//! What a presenter needs to publish, and a viewer to watch.

use super::{Error, MAX_DECISIONS, admit};
use crate::app::App;
use crate::credentials::tokens::Bearer;
use crate::domain::channel::Channel;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::policy::Action;
use crate::store::{live, schedules};

/// Seconds after which a viewer may ask again for a broadcast that is not on air yet.
const ASK_AGAIN: u64 = 5;

/// # Errors
/// `ScheduleNotFound`, or when the caller may not.
pub async fn get_delivery(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<Channel, Error> {
    let load = form.map(|id| async move { Ok(schedules::find(&app.table, &bearer.tenant, &id).await?) });
    let (_, schedule) = admit(app, bearer, Action::GetDelivery, load).await?;
    Ok(schedule.ok_or(Error::ScheduleNotFound)?.channel)
}

/// The playlist of the newest living connection.
///
/// # Errors
/// `ScheduleNotFound`; `NotLive` while nobody publishes; what ImageFlux says when it does not tell.
pub async fn get_view(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<String, Error> {
    let load = form.map(|id| async move { Ok(schedules::find(&app.table, &bearer.tenant, &id).await?) });
    let (caller, schedule) = admit(app, bearer, Action::GetView, load).await?;
    let schedule = schedule.ok_or(Error::ScheduleNotFound)?;
    let playlists = app.imageflux.list_playlists(&schedule.channel.channel_id).await?;
    if playlists.is_empty() {
        return Err(Error::NotLive(ASK_AGAIN));
    }
    let living: Vec<&str> = playlists.iter().map(|playlist| playlist.connection_id.as_str()).collect();
    let newest = newest_connection(app, &caller.tenant, &schedule.plan.id, &living).await?;
    let playlist = playlists.into_iter().find(|playlist| Some(&playlist.connection_id) == newest.as_ref());
    playlist.map(|playlist| playlist.playlist_url).ok_or(Error::NotLive(ASK_AGAIN))
}

/// The order in which connections were first seen tells which is the newest; new ones are remembered.
async fn newest_connection(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    living: &[&str],
) -> Result<Option<String>, Error> {
    for _ in 0..MAX_DECISIONS {
        let seen = live::find(&app.table, tenant, schedule).await?;
        let mut now = seen.clone();
        let newest = now.newest(living);
        if now == seen || live::remember(&app.table, tenant, schedule, &now).await? {
            return Ok(newest);
        }
    }
    Err(super::contended())
}
