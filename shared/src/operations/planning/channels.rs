//! Deleting channels that are not needed any more.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::app::App;
use crate::domain::schedule::Plan;
use crate::operations::{Error, pause};
use crate::store::todo::{self, Todo};

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

/// When to delete a channel: `channel_grace` after the end, or after now if it has already ended.
pub(in crate::operations) fn retirement(app: &App, plan: &Plan) -> DateTime<Utc> {
    plan.interval.end().max(app.clock.now_second()) + app.channel_grace
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
