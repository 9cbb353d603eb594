//! Finishing what was left half done. Safe to run twice at once, and bounded per run.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::Error;
use super::planning::{channels, reservations};
use crate::app::App;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::schedule::Schedule;
use crate::store::todo::{self, Order, Todo};
use crate::store::{messages, schedules};
use crate::table::Transacted;

/// Entries that one run takes on from either end: the most urgent, and the latest, so that some that cannot be finished
/// hold nobody else's up.
const BATCH: usize = 50;
/// After this, nothing more is begun: the function has a minute.
const TIME: Duration = Duration::from_secs(40);
/// How long one entry may take.
const TIME_EACH: Duration = Duration::from_secs(15);
/// Messages of a deleted chat that one run removes.
const MESSAGES: usize = 500;
/// Entries that are worked on side by side.
const SIDE_BY_SIDE: usize = 10;

/// What one run did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub finished: usize,
    /// Entries that stay for the next run, because a dependency did not answer or there was too much.
    pub left: usize,
    /// How long the oldest of these has been due, in seconds.
    pub oldest_left: i64,
}

/// # Errors
/// When the table does not say what is due.
pub async fn sweep(app: &App) -> Result<Swept, Error> {
    let now = app.clock.now_second();
    let started = Instant::now();
    let entries = due_at_either_end(app, now).await?;
    let mut swept = Swept::default();
    for some in entries.chunks(SIDE_BY_SIDE) {
        let is_late = started.elapsed() > TIME;
        let results = join_all(some.iter().map(|entry| async move {
            !is_late && matches!(timeout(TIME_EACH, finish(app, entry)).await, Ok(Ok(true)))
        }))
        .await;
        for (entry, is_finished) in some.iter().zip(results) {
            if is_finished {
                swept.finished += 1;
            } else {
                swept.left += 1;
                swept.oldest_left = swept.oldest_left.max((now - entry.due()).num_seconds());
            }
        }
    }
    Ok(swept)
}

async fn due_at_either_end(app: &App, now: DateTime<Utc>) -> Result<Vec<Todo>, Error> {
    let mut entries = todo::due(&app.table, now, BATCH, Order::MostUrgentFirst).await?;
    if entries.len() == BATCH {
        let latest = todo::due(&app.table, now, BATCH, Order::LatestFirst).await?;
        let end = entries.last().map(Todo::due);
        let mut latest = latest.into_iter().filter(|entry| Some(entry.due()) > end);
        let urgent = std::mem::take(&mut entries).into_iter();
        entries = urgent.flat_map(|entry| [Some(entry), latest.next()]).flatten().collect();
    }
    Ok(entries)
}

/// `false` when there is more to do than one run takes on.
async fn finish(app: &App, entry: &Todo) -> Result<bool, Error> {
    match entry {
        Todo::Reservation(reservation) => {
            reservations::release(app, reservation).await?;
            Ok(true)
        }
        Todo::Channel { channel_id, due } => {
            app.imageflux.delete_channel(channel_id).await?;
            app.table.write(&todo::channel_is_deleted(channel_id, *due)).await?;
            Ok(true)
        }
        Todo::Retirement { tenant, schedule, due } => retire(app, tenant, schedule, *due).await,
        Todo::Chat { tenant, schedule, due } => {
            let is_empty = delete_chat(app, tenant, schedule).await?;
            if is_empty {
                app.table.write(&todo::chat_is_deleted(schedule, *due)).await?;
            }
            Ok(is_empty)
        }
    }
}

/// Takes the channel from a schedule that ended long enough ago; one that was prolonged is looked at later.
async fn retire(app: &App, tenant: &TenantId, id: &ScheduleId, due: DateTime<Utc>) -> Result<bool, Error> {
    let now = app.clock.now_second();
    let mut writes = vec![todo::is_retired(id, due)];
    if let Some(Schedule { plan, channel: Some(channel) }) = schedules::find(&app.table, tenant, id).await? {
        let is_over = plan.interval.end() + app.channel_grace <= now;
        if is_over {
            writes.push(schedules::retire_channel(tenant, &plan, &channel));
            writes.push(todo::delete_channel(&channel.channel_id, now)?);
        } else {
            writes.push(todo::retire(tenant, id, channels::writable(plan.interval.end() + app.channel_grace))?);
        }
    }
    Ok(matches!(app.table.transact(&writes).await?, Transacted::Done))
}

async fn delete_chat(app: &App, tenant: &TenantId, schedule: &ScheduleId) -> Result<bool, Error> {
    let some = messages::after(&app.table, tenant, schedule, None, Some(MESSAGES)).await?;
    for message in &some {
        app.table.write(&messages::delete(tenant, schedule, &message.id)).await?;
    }
    Ok(some.len() < MESSAGES)
}
