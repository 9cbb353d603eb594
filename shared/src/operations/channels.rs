//! What becomes of channels that are not needed any more.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::domain::schedule::Plan;
use crate::store::todo;

/// When a channel may go: some time after the broadcast has ended, and no sooner than that after now.
pub(super) fn retirement(app: &App, plan: &Plan) -> DateTime<Utc> {
    plan.interval.end().max(app.clock.now_second()) + app.channel_grace
}

/// Deletes upstream what is written down as to be deleted. If it fails, the sweeper repeats it.
pub(super) async fn delete(app: &App, channel_id: &str, due: DateTime<Utc>) {
    if app.imageflux.delete_channel(channel_id).await.is_ok() {
        let _struck_off_later = app.table.write(&todo::channel_is_deleted(channel_id, due)).await;
    }
}

/// Gets rid of a channel that belongs to no schedule.
pub(super) async fn discard(app: &App, channel_id: &str) {
    let due = app.clock.now_second();
    let Ok(write) = todo::delete_channel(channel_id, due) else { return };
    let _written_or_deleted_at_once = app.table.write(&write).await;
    delete(app, channel_id, due).await;
}
