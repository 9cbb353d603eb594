//! What a presenter needs to publish, and a viewer to watch.

use super::planning::channels::{self, Decided};
use super::{Error, MAX_DECISIONS, admit, lease_end, reading};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::channel::Channel;
use crate::domain::hls::HlsParams;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::schedule::{Plan, Schedule};
use crate::policy::Action;
use crate::store::live::{self, Live};
use crate::store::schedules::ChannelClaim;
use crate::store::todo::Todo;
use crate::store::{schedules, todo};
use crate::table::Transacted;

/// Seconds after which a viewer may ask again for a broadcast that is not live yet.
const ASK_AGAIN: u64 = 5;

pub async fn get_delivery(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<Channel, Error> {
    let load = async { schedules::find(&app.table, &bearer.tenant, &form?).await?.ok_or(Error::ScheduleNotFound) };
    let (caller, schedule) = admit(app, bearer, Action::GetDelivery, load).await?;
    match schedule {
        Schedule { channel: Some(channel), .. } => Ok(channel),
        Schedule { plan, channel: None } => attach(app, &caller.tenant, &plan).await,
    }
}

/// Gives a schedule whose channel was retired another: exactly one, whoever asks at the same time.
async fn attach(app: &App, tenant: &TenantId, plan: &Plan) -> Result<Channel, Error> {
    let now = app.clock.now();
    let operation = app.random.uuid().to_string();
    let hls = schedules::hls(&app.table, tenant, &plan.id).await?.ok_or(Error::ScheduleNotFound)?;
    let (from, until) = (now.timestamp(), lease_end(now).timestamp());
    match schedules::claim_channel(&app.table, tenant, &plan.id, &operation, from, until).await {
        Ok(ChannelClaim::Ours) => {}
        Ok(ChannelClaim::Lost) => {
            let schedule = schedules::find(&app.table, tenant, &plan.id).await?.ok_or(Error::ScheduleNotFound)?;
            let creating = || Error::Unavailable("another request is creating this channel".to_owned());
            return schedule.channel.ok_or_else(creating);
        }
        Err(error) => {
            let _void_later = app.table.write(&schedules::unclaim_channel(tenant, &plan.id, &operation)).await;
            return Err(error.into());
        }
    }
    let result = create_and_attach(app, tenant, plan, &hls, &operation).await;
    if result.is_err() {
        // If this fails, the claim is void when its lease ends.
        let _void_later = app.table.write(&schedules::unclaim_channel(tenant, &plan.id, &operation)).await;
    }
    result
}

async fn create_and_attach(
    app: &App,
    tenant: &TenantId,
    plan: &Plan,
    hls: &HlsParams,
    operation: &str,
) -> Result<Channel, Error> {
    let channel = match app.imageflux.create_channel(hls, None).await {
        Ok(channel) => channel,
        Err(failed) => {
            if let Some(channel_id) = failed.left_behind {
                channels::discard(app, &channel_id).await;
            }
            return Err(failed.error.into());
        }
    };
    let writes = [
        schedules::attach_channel(tenant, &plan.id, operation, &channel),
        todo::add(&Todo::Retirement {
            tenant: tenant.clone(),
            schedule: plan.id,
            due: channels::retirement(app, plan),
        })?,
    ];
    let error = match app.table.transact(&writes).await {
        Ok(Transacted::Done) => {
            reading::schedule_changed(app, tenant, plan.id);
            return Ok(channel);
        }
        Ok(Transacted::Refused(_)) => Error::Unavailable("the schedule changed before its channel came".to_owned()),
        // The transaction may have happened or not. Undoing it decides: one of the two ends the claim first.
        Err(error) => error.into(),
    };
    match channels::insist(app, || undo(app, tenant, &plan.id, operation, &channel.channel_id)).await? {
        Decided::Taken => Ok(channel),
        Decided::Discarded => Err(error),
    }
}

/// Ends the claim of an operation that made a channel, and notes in the same transaction that the channel is to be deleted.
async fn undo(
    app: &App,
    tenant: &TenantId,
    id: &ScheduleId,
    operation: &str,
    channel_id: &str,
) -> Result<Decided, Error> {
    let due = app.clock.now_second();
    let unneeded = todo::add(&Todo::Channel { channel_id: channel_id.to_owned(), due })?;
    let writes = [schedules::unclaim_channel(tenant, id, operation), unneeded];
    if let Transacted::Done = app.table.transact(&writes).await? {
        channels::delete(app, channel_id, due).await;
        return Ok(Decided::Discarded);
    }
    let channel = schedules::find(&app.table, tenant, id).await?.and_then(|schedule| schedule.channel);
    if channel.is_some_and(|channel| channel.channel_id == channel_id) {
        return Ok(Decided::Taken);
    }
    channels::discard(app, channel_id).await;
    Ok(Decided::Discarded)
}

/// The playlist of the newest living connection; `NotLive` while nobody publishes.
pub async fn get_view(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<String, Error> {
    let load = async {
        let id = form?;
        let schedule = schedules::find(&app.table, &bearer.tenant, &id);
        let (schedule, seen) = tokio::try_join!(schedule, live::find(&app.table, &bearer.tenant, &id))?;
        Ok((schedule.ok_or(Error::ScheduleNotFound)?, seen))
    };
    let (caller, (schedule, seen)) = admit(app, bearer, Action::GetView, load).await?;
    let channel = schedule.channel.ok_or(Error::NotLive(ASK_AGAIN))?;
    let playlists = app.imageflux.list_playlists(&channel.channel_id).await?;
    if playlists.is_empty() {
        return Err(Error::NotLive(ASK_AGAIN));
    }
    let living: Vec<&str> = playlists.iter().map(|playlist| playlist.connection_id.as_str()).collect();
    let newest = newest_connection(app, &caller.tenant, &schedule.plan.id, seen, &living).await?;
    let playlist = playlists.into_iter().find(|playlist| Some(&playlist.connection_id) == newest.as_ref());
    playlist.map(|playlist| playlist.playlist_url).ok_or(Error::NotLive(ASK_AGAIN))
}

/// The order in which connections were first seen tells which is the newest; new ones are remembered.
async fn newest_connection(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    mut seen: Live,
    living: &[&str],
) -> Result<Option<String>, Error> {
    for _ in 0..MAX_DECISIONS {
        let mut now = seen.clone();
        let newest = now.newest(living);
        if now == seen || live::remember(&app.table, tenant, schedule, &now).await? {
            return Ok(newest);
        }
        seen = live::find(&app.table, tenant, schedule).await?;
    }
    Err(super::contended())
}
