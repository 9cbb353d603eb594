//! What becomes of channels that are not needed any more.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::gaps;
use crate::app::App;
use crate::domain::schedule::Plan;
use crate::operations::Error;
use crate::store::todo;

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
            Err(Error::Unavailable(_)) if Instant::now() < deadline => gaps::pause(app).await,
            decided => return decided,
        }
    }
}

/// When a channel may go: some time after the broadcast has ended, and no sooner than that after now.
pub(in crate::operations) fn retirement(app: &App, plan: &Plan) -> DateTime<Utc> {
    writable(plan.interval.end().max(app.clock.now_second()) + app.channel_grace)
}

/// Instants sort as texts up to the year 9999; a schedule may end in its last second.
pub(in crate::operations) fn writable(due: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_300_799, 0).map_or(due, |last| due.min(last))
}

/// Deletes upstream what is written down as to be deleted. If it fails, the sweeper repeats it.
pub(in crate::operations) async fn delete(app: &App, channel_id: &str, due: DateTime<Utc>) {
    if app.imageflux.delete_channel(channel_id).await.is_ok() {
        let _struck_off_later = app.table.write(&todo::channel_is_deleted(channel_id, due)).await;
    }
}

/// Gets rid of a channel that belongs to no schedule.
pub(in crate::operations) async fn discard(app: &App, channel_id: &str) {
    let due = app.clock.now_second();
    let Ok(write) = todo::delete_channel(channel_id, due) else { return };
    let _written_or_deleted_at_once = app.table.write(&write).await;
    delete(app, channel_id, due).await;
}
