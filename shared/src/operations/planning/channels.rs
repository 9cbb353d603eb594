//! A channel at ImageFlux: made with the addresses that ImageFlux calls, noted for its retirement, and deleted when
//! nobody needs it any more.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::app::App;
use crate::crypto::hook_key;
use crate::domain::channel::Channel;
use crate::domain::hls::HlsParams;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::schedule::Plan;
use crate::imageflux::Hooks;
use crate::operations::{Error, pause};
use crate::store::hooks::{self, Hook};
use crate::store::todo::{self, Todo};
use crate::table::{TableError, Write};

/// How long the table is asked to decide over a channel. The client has its refusal in time all the same.
const PATIENCE: Duration = Duration::from_secs(15);

/// Outcome of a channel whose activation got no reply.
pub(in crate::operations) enum Decided {
    Taken,
    Discarded,
}

/// Retries while the table is unavailable: nothing else records this channel, so giving up would leak it.
pub(in crate::operations) async fn insist<F>(app: &App, mut decide: impl FnMut() -> F) -> Result<Decided, Error>
where
    F: Future<Output = Result<Decided, Error>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        match decide().await {
            Err(Error::Unavailable(_)) if Instant::now() < deadline => pause(app).await,
            decided => return decided,
        }
    }
}

/// Creates a channel. Its key is made before it, so that ImageFlux is told where to call; what the table keeps of the key
/// is written together with the channel.
pub(in crate::operations) async fn create(app: &App, hls: &HlsParams) -> Result<Channel, Error> {
    let key = app.hooks_url.as_ref().map(|_| hook_key::write(app.random.bytes()));
    let hooks = app.hooks_url.as_ref().zip(key.as_ref()).map(|(url, key)| Hooks {
        auth: format!("{url}/hooks/imageflux/{key}/auth"),
        event: format!("{url}/hooks/imageflux/{key}/event"),
    });
    match app.imageflux.create_channel(hls, hooks.as_ref()).await {
        Ok(channel) => Ok(Channel { hook: key.map(|key| hook_key::digest(&key)), ..channel }),
        Err(failed) => {
            if let Some(channel_id) = failed.left_behind {
                discard(app, &channel_id).await;
            }
            Err(failed.error.into())
        }
    }
}

/// What has to be written beside a channel, so that ImageFlux's calls about it are understood.
pub(in crate::operations) fn add_hook(
    tenant: &TenantId,
    schedule: ScheduleId,
    channel: &Channel,
) -> Result<Option<Write>, TableError> {
    let Some(digest) = &channel.hook else { return Ok(None) };
    let hook = Hook { tenant: tenant.clone(), schedule, channel_id: channel.channel_id.clone() };
    hooks::create(digest, &hook).map(Some)
}

/// What has to be written when a channel goes.
pub(in crate::operations) fn remove_hook(channel: &Channel) -> Option<Write> {
    channel.hook.as_deref().map(hooks::forget)
}

/// When a channel goes: `channel_grace` after the end, or after now if it has already ended.
pub(in crate::operations) fn retirement(app: &App, tenant: &TenantId, plan: &Plan, channel_id: &str) -> Todo {
    let due = plan.interval.end().max(app.clock.now_second()) + app.channel_grace;
    Todo::Retirement { tenant: tenant.clone(), schedule: plan.id, channel_id: channel_id.to_owned(), due }
}

/// Deletes a channel at ImageFlux that is already noted as to be deleted. If it fails, the sweeper repeats it.
pub(in crate::operations) async fn delete(app: &App, channel_id: &str, due: DateTime<Utc>) {
    if app.imageflux.delete_channel(channel_id).await.is_ok() {
        let entry = Todo::Channel { channel_id: channel_id.to_owned(), due };
        let _struck_off_later = app.table.write(&todo::strike_off(&entry)).await;
    }
}

/// Gets rid of a channel that belongs to no schedule.
pub(in crate::operations) async fn discard(app: &App, channel_id: &str) {
    let due = app.clock.now_second();
    let Ok(write) = todo::add(&Todo::Channel { channel_id: channel_id.to_owned(), due }) else { return };
    let _written_or_deleted_at_once = app.table.write(&write).await;
    delete(app, channel_id, due).await;
}
