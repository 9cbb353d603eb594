//! What a presenter needs to publish.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::timeout;

use super::planning::channels::{self, Decided};
use super::{Error, admit, lease_end, on_air, reading, trail};
use crate::app::App;
use crate::crypto::publish_token;
use crate::crypto::tokens::Bearer;
use crate::domain::channel::Channel;
use crate::domain::hls::HlsParams;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::live::Status;
use crate::domain::schedule::{Plan, Schedule};
use crate::platform::telemetry;
use crate::policy::Action;
use crate::store::schedules::ChannelClaim;
use crate::store::todo::Todo;
use crate::store::{live, schedules, todo};
use crate::table::Transacted;

/// How long somebody waits for a channel that another request is creating. ImageFlux mostly makes one within a second.
const CREATING: Duration = Duration::from_secs(5);
/// The longest pause between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);

/// What a presenter publishes with.
pub struct Delivery {
    pub channel: Channel,
    pub status: Status,
    pub publish_token: String,
    /// Until when the token lets somebody connect.
    pub expires_at: DateTime<Utc>,
}

/// # Errors
/// `ScheduleNotFound`; `ScheduleEnded` when the channel was retired and no other comes.
pub async fn get_delivery(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<Delivery, Error> {
    let load = async {
        let id = form?;
        let schedule = schedules::find(&app.table, &bearer.tenant, &id);
        let (schedule, seen) = tokio::try_join!(schedule, live::find(&app.table, &bearer.tenant, &id))?;
        Ok((schedule.ok_or(Error::ScheduleNotFound)?, seen))
    };
    let (caller, (schedule, seen)) = admit(app, bearer, Action::GetDelivery, load).await?;
    let Schedule { plan, channel, keys } = schedule;
    let window = app.publishing.window;
    let status = on_air::status(app, &plan, &seen.live);
    let publish_token = publish_token::derive(&keys.publishing, &caller.tenant, &plan.id, caller.user.id);
    let channel = match channel {
        Some(channel) => channel,
        None if app.clock.now() >= plan.interval.end() + app.channel_grace => return Err(Error::ScheduleEnded),
        None => attach(app, &caller.tenant, &plan).await?,
    };
    Ok(Delivery { channel, status, publish_token, expires_at: window.closes(plan.interval) })
}

/// Makes every publish token of the schedule void. The next look at its delivery tells another.
///
/// # Errors
/// `ScheduleNotFound`.
pub async fn reset_delivery(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<(), Error> {
    let (caller, id) = admit(app, bearer, Action::ResetDelivery, async { form }).await?;
    telemetry::note("schedule", id.to_string());
    let secret = publish_token::secret(app.random.bytes());
    let writes = [
        schedules::reset_publishing(&caller.tenant, &id, &secret),
        trail::row(app, &caller, "reset_delivery", trail::schedule(id), &["publish_token"])?,
    ];
    // With a token, so that an attempt that is late cannot undo the next change.
    match app.table.transact(&writes).await? {
        Transacted::Done => Ok(()),
        Transacted::Refused(_) => Err(Error::ScheduleNotFound),
    }
}

/// Gives a schedule whose channel was retired exactly one other, even if several ask at once.
async fn attach(app: &App, tenant: &TenantId, plan: &Plan) -> Result<Channel, Error> {
    let now = app.clock.now();
    let operation = app.random.uuid().to_string();
    let hls = schedules::hls(&app.table, tenant, &plan.id).await?.ok_or(Error::ScheduleNotFound)?;
    let (from, until) = (now.timestamp(), lease_end(now).timestamp());
    match schedules::claim_channel(&app.table, tenant, &plan.id, &operation, from, until).await {
        Ok(ChannelClaim::Ours) => {}
        Ok(ChannelClaim::Lost) => {
            let creating = |_| Error::Unavailable("another request is creating this channel".to_owned());
            return timeout(CREATING, attached_by_another(app, tenant, plan.id)).await.map_err(creating)?;
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

/// Waits for the channel that another request is creating.
async fn attached_by_another(app: &App, tenant: &TenantId, id: ScheduleId) -> Result<Channel, Error> {
    loop {
        let schedule = schedules::find(&app.table, tenant, &id).await?.ok_or(Error::ScheduleNotFound)?;
        if let Some(channel) = schedule.channel {
            return Ok(channel);
        }
        app.table.pause_up_to(BETWEEN_LOOKS).await;
    }
}

async fn create_and_attach(
    app: &App,
    tenant: &TenantId,
    plan: &Plan,
    hls: &HlsParams,
    operation: &str,
) -> Result<Channel, Error> {
    let channel = channels::create(app, hls).await?;
    let retirement = channels::retirement(app, tenant, plan, &channel.channel_id);
    let mut writes = vec![schedules::attach_channel(tenant, &plan.id, operation, &channel), todo::add(&retirement)?];
    writes.extend(channels::add_hook(tenant, plan.id, &channel)?);
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
