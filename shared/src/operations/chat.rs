//! Reading a chat: one total order, every message exactly once through a cursor.
//!
//! `domain::progress` says what a cursor is. Most polls are answered from the tail that all readers of an environment
//! share; who lags further behind, or reads from the beginning, reads for themselves.

use super::{Error, admit, pacing, reading};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{MessageId, ScheduleId, TenantId};
use crate::domain::message::{Entry, mark_deleted};
use crate::domain::progress::{Given, Progress, Told};
use crate::domain::tail;
use crate::policy::Action;
use crate::store::messages;

/// More messages than an answer has room for, however short they are.
const MOST_AT_ONCE: usize = 40_000;

pub struct Read {
    pub schedule: ScheduleId,
    /// How far the reader has come; nothing on a first look.
    pub after: Option<Progress>,
    pub limit: Option<usize>,
    /// A first look at the newest so many, instead of what comes after.
    pub tail: Option<usize>,
}

pub struct Conversation {
    pub schedule: ScheduleId,
    pub given: Given,
    /// Whether the reader was here before, and may have been given what is deleted now.
    pub goes_on: bool,
    /// How long the reader shall wait who was given everything there is for now, in milliseconds.
    pub poll_after: i64,
}

/// The messages that the reader was not given yet, oldest first, and which of those given are deleted. `fits` says
/// whether the answer has room for one more.
pub async fn list_messages(
    app: &App,
    bearer: &Bearer,
    form: Result<Read, Error>,
    fits: impl FnMut(Told<'_>) -> bool,
) -> Result<Conversation, Error> {
    let load = async {
        let read = form?;
        reading::schedule(app, &bearer.tenant, read.schedule).await?.ok_or(Error::ScheduleNotFound)?;
        Ok(read)
    };
    let (_, read) = admit(app, bearer, Action::ListMessages, load).await?;
    if let Some(count) = read.tail {
        let newest = newest(app, &bearer.tenant, read.schedule, count);
        let (given, poll_after) = tokio::join!(newest, pacing::pause(app, &bearer.tenant, read.schedule));
        return Ok(Conversation { schedule: read.schedule, given: given?, goes_on: false, poll_after });
    }
    let goes_on = read.after.is_some();
    let after = read.after.unwrap_or_else(|| Progress::from_the_beginning(app.clock.now_millis()));
    let limit = read.limit.unwrap_or(MOST_AT_ONCE);
    let unread = unread(app, &bearer.tenant, read.schedule, &after, limit);
    let (unread, poll_after) = tokio::join!(unread, pacing::pause(app, &bearer.tenant, read.schedule));
    let (read_at, entries) = unread?;
    let given = after.giving(&entries, limit, fits, read_at);
    Ok(Conversation { schedule: read.schedule, given, goes_on, poll_after })
}

/// What was made after the reader's watermark, and when that was read.
async fn unread(
    app: &App,
    tenant: &TenantId,
    schedule: ScheduleId,
    after: &Progress,
    limit: usize,
) -> Result<(i64, Vec<Entry>), Error> {
    let (watermark, now) = (after.watermark, app.clock.now_millis());
    if watermark > now - tail::SPAN {
        let tail = reading::tail(app, tenant, schedule).await?;
        if tail.reaches_back_to(watermark) {
            return Ok((tail.read_at, tail.after(watermark).to_vec()));
        }
    }
    // One message more than asked for tells whether there is more. Deletions and what they took away do not count.
    let most = limit + after.given.len() + 1;
    let mut entries = Vec::new();
    let mut from = MessageId::last_of(watermark);
    loop {
        let some = messages::after(&app.table, tenant, &schedule, from, Some(most)).await?;
        let is_all = some.len() < most;
        from = some.last().map(Entry::id);
        entries.extend(some);
        mark_deleted(&mut entries);
        let shown = entries.iter().filter(|entry| matches!(after.tells(entry), Some(Told::Message(_)))).count();
        if is_all || shown > limit {
            return Ok((now, entries));
        }
    }
}

/// Costs what it shows and what was deleted in between, and not what was said before.
async fn newest(app: &App, tenant: &TenantId, schedule: ScheduleId, count: usize) -> Result<Given, Error> {
    let now = app.clock.now_millis();
    let mut entries = Vec::new();
    loop {
        let before = entries.first().map(Entry::id);
        let mut older = messages::newest(&app.table, tenant, &schedule, before, count + 1).await?;
        let is_all = older.len() <= count;
        older.append(&mut entries);
        entries = older;
        mark_deleted(&mut entries);
        let standing: Vec<usize> = (0..entries.len()).filter(|index| entries[*index].stands()).collect();
        let has_older = standing.len() > count;
        if is_all || has_older {
            let oldest = if has_older { standing[standing.len() - count] } else { 0 };
            return Ok(Progress::of_newest(&entries[oldest..], has_older, now));
        }
    }
}
