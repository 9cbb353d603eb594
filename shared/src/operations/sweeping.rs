//! Finishing what was left half done. Safe to run twice at once, and bounded per run.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::planning::{channels, reservations};
use super::{Error, reading};
use crate::app::App;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::schedule::Schedule;
use crate::store::todo::{self, Entry, Order, Todo};
use crate::store::{live, messages, rooms, schedules};
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
    /// Entries that stay for the next run.
    pub left: Vec<Left>,
    /// The keys of entries that this version cannot read. They stay as they are.
    pub unreadable: Vec<String>,
    /// How long the oldest entry that stays has been due, in seconds.
    pub oldest_left: i64,
}

/// An entry that stays, and why. Nothing in it is from a client.
#[derive(Debug, PartialEq, Eq)]
pub struct Left {
    pub kind: &'static str,
    pub key: String,
    pub reason: String,
}

/// `Err` only when the table does not tell what is due.
pub async fn sweep(app: &App) -> Result<Swept, Error> {
    let now = app.clock.now_second();
    let started = Instant::now();
    let entries = due_at_either_end(app, now).await?;
    let mut swept = Swept::default();
    for some in entries.chunks(SIDE_BY_SIDE) {
        let is_late = started.elapsed() > TIME;
        let outcomes = join_all(some.iter().map(|entry| outcome(app, entry, is_late))).await;
        for (entry, outcome) in some.iter().zip(outcomes) {
            let key = entry.key.clone();
            match outcome {
                Outcome::Finished => {
                    swept.finished += 1;
                    continue;
                }
                Outcome::Unreadable => swept.unreadable.push(key),
                Outcome::Stays(kind, reason) => swept.left.push(Left { kind, key, reason }),
            }
            let age = entry.due().map_or(0, |due| (now - due).num_seconds());
            swept.oldest_left = swept.oldest_left.max(age);
        }
    }
    Ok(swept)
}

async fn due_at_either_end(app: &App, now: DateTime<Utc>) -> Result<Vec<Entry>, Error> {
    let mut entries = todo::due(&app.table, now, BATCH, Order::MostUrgentFirst).await?;
    if entries.len() == BATCH {
        let latest = todo::due(&app.table, now, BATCH, Order::LatestFirst).await?;
        let end = entries.last().map(|entry| entry.key.clone());
        let mut latest = latest.into_iter().filter(|entry| Some(&entry.key) > end.as_ref());
        let urgent = std::mem::take(&mut entries).into_iter();
        entries = urgent.flat_map(|entry| [Some(entry), latest.next()]).flatten().collect();
    }
    Ok(entries)
}

enum Outcome {
    Finished,
    Unreadable,
    /// The entry's kind, and the reason.
    Stays(&'static str, String),
}

async fn outcome(app: &App, entry: &Entry, is_late: bool) -> Outcome {
    let Some(todo) = &entry.todo else { return Outcome::Unreadable };
    let reason = if is_late {
        "no time was left in this run".to_owned()
    } else {
        match timeout(TIME_EACH, finish(app, todo)).await {
            Ok(Ok(Done::Wholly)) => return Outcome::Finished,
            Ok(Ok(Done::InPart)) => "there is more to do than one run takes on".to_owned(),
            Ok(Ok(Done::Changed)) => "it changed meanwhile".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => format!("it took longer than {} s", TIME_EACH.as_secs()),
        }
    };
    Outcome::Stays(todo.kind(), reason)
}

/// How far an entry came.
enum Done {
    Wholly,
    InPart,
    Changed,
}

async fn finish(app: &App, todo: &Todo) -> Result<Done, Error> {
    match todo {
        Todo::Reservation(reservation) => reservations::release(app, reservation).await?,
        Todo::Channel { channel_id, .. } => {
            app.imageflux.delete_channel(channel_id).await?;
            app.table.write(&todo::strike_off(todo)).await?;
        }
        Todo::Retirement { tenant, schedule, .. } => return retire(app, tenant, schedule, todo).await,
        Todo::Chat { tenant, schedule, .. } => {
            if !delete_chat(app, tenant, schedule).await? {
                return Ok(Done::InPart);
            }
            // An event that was on its way may have come after the deletion.
            app.table.write(&live::forget(tenant, schedule)).await?;
            app.table.write(&todo::strike_off(todo)).await?;
        }
    }
    Ok(Done::Wholly)
}

/// Takes the channel from a schedule that ended long enough ago; one that was prolonged is looked at later.
async fn retire(app: &App, tenant: &TenantId, id: &ScheduleId, todo: &Todo) -> Result<Done, Error> {
    let now = app.clock.now_second();
    let mut writes = vec![todo::strike_off(todo)];
    if let Some(Schedule { plan, channel: Some(channel), .. }) = schedules::find(&app.table, tenant, id).await? {
        let due = plan.interval.end() + app.channel_grace;
        let next = if due <= now {
            writes.push(schedules::retire_channel(tenant, &plan, &channel));
            writes.extend(channels::remove_hook(&channel));
            writes.push(live::clear(tenant, id, &channel.channel_id));
            Todo::Channel { channel_id: channel.channel_id, due: now }
        } else {
            Todo::Retirement { tenant: tenant.clone(), schedule: *id, channel_id: channel.channel_id, due }
        };
        writes.push(todo::add(&next)?);
    }
    Ok(match app.table.transact(&writes).await? {
        Transacted::Done => {
            reading::schedule_changed(app, tenant, *id);
            reading::live_changed(app, tenant, *id);
            Done::Wholly
        }
        Transacted::Refused(_) => Done::Changed,
    })
}

/// `false` when messages are left.
async fn delete_chat(app: &App, tenant: &TenantId, schedule: &ScheduleId) -> Result<bool, Error> {
    let some = messages::after(&app.table, tenant, schedule, None, Some(MESSAGES)).await?;
    for entry in &some {
        app.table.write(&messages::delete(tenant, schedule, &entry.id())).await?;
    }
    Ok(some.len() < MESSAGES && rooms::clear(&app.table, tenant, schedule, MESSAGES).await?)
}
