//! What a viewer watches.

use super::{Error, admit, on_air, pacing, reading};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::crypto::watch_key::{self, WatchKey};
use crate::domain::ids::ScheduleId;
use crate::domain::live::{Status, Watchable};
use crate::policy::Action;

/// How a broadcast stands for its viewers.
pub struct Viewing {
    pub status: Status,
    /// What its `watch_url` is made of.
    pub watch_key: Option<String>,
    /// The playlist of the newest living connection, while there is one.
    pub playing: Option<Watchable>,
    /// Otherwise, after how many seconds to ask again.
    pub ask_again: u64,
}

/// What the holder of a key can watch.
pub enum Watching {
    Playing(Watchable),
    /// Nothing yet, or nothing for a moment; ask again after so many seconds.
    NotNow(u64),
    /// Nothing, and nothing will come.
    Never,
}

pub async fn get_view(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<Viewing, Error> {
    let load = async {
        let id = form?;
        let schedule = reading::schedule(app, &bearer.tenant, id);
        let (schedule, seen) = tokio::try_join!(schedule, reading::live(app, &bearer.tenant, id))?;
        Ok((schedule.ok_or(Error::ScheduleNotFound)?, seen))
    };
    let (caller, (schedule, seen)) = admit(app, bearer, Action::GetView, load).await?;
    let known = on_air::known(app, &caller.tenant, &schedule, &seen);
    let (live, ask_again) = tokio::join!(known, pacing::pause_in_seconds(app, &caller.tenant, schedule.plan.id));
    let status = on_air::status(app, &schedule.plan, &live);
    Ok(Viewing {
        status,
        watch_key: watch_key::write(&caller.tenant, &schedule.plan.id, &schedule.keys.watching),
        playing: live.watchable().filter(|_| status == Status::Live),
        ask_again,
    })
}

/// Players send no token, so the key alone decides: it is worth what a playlist's address is worth.
pub async fn watch(app: &App, key: &str) -> Result<Watching, Error> {
    let Some(key) = WatchKey::parse(key) else { return Ok(Watching::Never) };
    let schedule = reading::schedule(app, &key.tenant, key.schedule).await?;
    let Some(schedule) = schedule.filter(|schedule| key.has(&schedule.keys.watching)) else {
        return Ok(Watching::Never);
    };
    // Only now: made-up keys must not fill the caches of tenants and broadcasts.
    let (is_active, seen) =
        tokio::try_join!(reading::tenant_is_active(app, &key.tenant), reading::live(app, &key.tenant, key.schedule))?;
    if !is_active {
        return Ok(Watching::Never);
    }
    let live = on_air::known(app, &key.tenant, &schedule, &seen).await;
    let status = on_air::status(app, &schedule.plan, &live);
    Ok(match (status, live.watchable()) {
        (Status::Live, Some(watchable)) => Watching::Playing(watchable),
        (Status::Ended, _) => Watching::Never,
        _ => Watching::NotNow(pacing::uncounted_pause_in_seconds(app, &key.tenant, key.schedule).await),
    })
}
