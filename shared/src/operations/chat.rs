//! Chat: one total order, every message exactly once through a cursor.
//!
//! `domain::progress` says what a cursor is. Most polls are answered from the tail that all readers of an environment
//! share; who lags further behind, or reads from the beginning, reads for themselves.

use super::idempotency::{self, Attempt, Begun, Keyed};
use super::{Caller, Error, MAX_DECISIONS, admit, contended, pacing, pause, reading};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{MessageId, ScheduleId, TenantId};
use crate::domain::message::{Message, MessageBody};
use crate::domain::progress::Progress;
use crate::domain::stored::Stored;
use crate::domain::tail;
use crate::policy::{self, Action};
use crate::store::rates::{self, Posts};
use crate::store::{messages, schedules};
use crate::table::Transacted;

/// The span over which posts are counted, in milliseconds.
const RATE_SPAN: i64 = 5_000;

/// More messages than an answer has room for, however short they are.
const MOST_AT_ONCE: usize = 40_000;

pub struct Read {
    pub schedule: ScheduleId,
    pub after: Progress,
    pub limit: Option<usize>,
    /// A first look at the newest so many, instead of what comes after.
    pub tail: Option<usize>,
}

pub struct Conversation {
    pub schedule: ScheduleId,
    pub messages: Vec<Message>,
    pub progress: Progress,
    /// With no message given the cursor is full, and there will be room in a while.
    pub has_more: bool,
    /// How long the reader shall wait who was given everything there is for now, in milliseconds.
    pub poll_after: i64,
}

/// The messages that the reader was not given yet, oldest first. `fits` says how many of them the answer has room for.
pub async fn list_messages(
    app: &App,
    bearer: &Bearer,
    form: Result<Read, Error>,
    fits: impl FnOnce(&[Message]) -> usize,
) -> Result<Conversation, Error> {
    let load = async {
        let read = form?;
        reading::schedule(app, &bearer.tenant, read.schedule).await?.ok_or(Error::ScheduleNotFound)?;
        Ok(read)
    };
    let (_, read) = admit(app, bearer, Action::ListMessages, load).await?;
    if let Some(count) = read.tail {
        return newest(app, &bearer.tenant, read.schedule, count).await;
    }
    let poll_after = pacing::pause(app, &bearer.tenant, read.schedule);
    let (unread, poll_after) = tokio::join!(unread(app, &bearer.tenant, &read), poll_after);
    let (read_at, mut messages) = unread?;
    messages.retain(|message| !read.after.given.contains(&message.id));
    let room = read.limit.unwrap_or(MOST_AT_ONCE).min(fits(&messages)).min(messages.len());
    let (room, progress) = read.after.giving(&messages, room, read_at);
    let left = messages.len() - room;
    messages.truncate(room);
    Ok(Conversation { schedule: read.schedule, messages, progress, has_more: left > 0, poll_after })
}

/// What was made after the reader's watermark, and when that was read.
async fn unread(app: &App, tenant: &TenantId, read: &Read) -> Result<(i64, Vec<Message>), Error> {
    let (watermark, now) = (read.after.watermark, app.clock.now_millis());
    if watermark > now - tail::SPAN {
        let tail = reading::tail(app, tenant, read.schedule).await?;
        if tail.reaches_back_to(watermark) {
            return Ok((tail.read_at, tail.after(watermark).to_vec()));
        }
    }
    // One more than asked for tells whether there is more.
    let most = read.limit.unwrap_or(MOST_AT_ONCE) + read.after.given.len() + 1;
    let first = MessageId::last_of(watermark);
    Ok((now, messages::after(&app.table, tenant, &read.schedule, first, Some(most)).await?))
}

/// Costs what it shows, and not what was said before.
async fn newest(app: &App, tenant: &TenantId, schedule: ScheduleId, count: usize) -> Result<Conversation, Error> {
    let now = app.clock.now_millis();
    let newest = messages::newest(&app.table, tenant, &schedule, count + 1);
    let (newest, poll_after) = tokio::join!(newest, pacing::pause(app, tenant, schedule));
    let mut messages = newest?;
    let has_older = messages.len() > count;
    messages.drain(..messages.len().saturating_sub(count));
    let (shown, progress) = Progress::of_newest(&messages, has_older, now);
    messages.drain(..messages.len() - shown);
    Ok(Conversation { schedule, messages, progress, has_more: false, poll_after })
}

pub struct Post {
    pub schedule: ScheduleId,
    pub body: MessageBody,
}

/// `TooManyRequests` if the caller posted too often within five seconds.
pub async fn post_message(app: &App, bearer: &Bearer, form: Result<Keyed<Post>, Error>) -> Result<MessageId, Error> {
    let load = async {
        let Keyed { form: post, key } = form?;
        let (schedule, posts) = tokio::try_join!(
            schedules::find(&app.table, &bearer.tenant, &post.schedule),
            rates::posts(&app.table, &bearer.tenant, bearer.user)
        )?;
        Ok((post, key, schedule, posts))
    };
    let (caller, (post, key, schedule, posts)) = admit(app, bearer, Action::PostMessage, load).await?;
    // An answer is given again even when its schedule is gone.
    match idempotency::begin(app, &caller, "post_message", key.as_ref()).await? {
        Begun::Answered(answer) => MessageId::from_store(answer)
            .ok_or_else(|| Error::Internal("a kept answer is no id of a message".to_owned())),
        Begun::Fresh(attempt) => {
            let result = match schedule {
                Some(_) => post_once(app, &caller, post, posts, &attempt).await,
                None => Err(Error::ScheduleNotFound),
            };
            attempt.end(app, result).await
        }
    }
}

/// Message and counter are written together, so that what is refused does not count.
async fn post_once(
    app: &App,
    caller: &Caller,
    post: Post,
    mut posts: Posts,
    attempt: &Attempt,
) -> Result<MessageId, Error> {
    let (tenant, user) = (&caller.tenant, caller.user.id);
    for _ in 0..2 * MAX_DECISIONS {
        let now = app.clock.now_millis();
        let times = one_more_post(&posts, policy::posts_in_five_seconds(caller.user.permissions), now)?;
        let message = Message {
            id: app.random.uuid_at(now).into(),
            user_id: user,
            user_name: caller.user.name.as_str().to_owned(),
            body: post.body.clone(),
        };
        let mut writes = vec![
            messages::create(tenant, &post.schedule, &message)?,
            rates::remember_post(tenant, user, &posts, times, now / 1000 + RATE_SPAN / 1000 + 1)?,
        ];
        writes.extend(attempt.answer(&message.id.to_string()));
        if let Transacted::Done = app.table.transact(&writes).await? {
            reading::chat_changed(app, tenant, post.schedule);
            return Ok(message.id);
        }
        pause(app).await;
        posts = rates::posts(&app.table, tenant, user).await?;
    }
    Err(contended())
}

/// The times of the recent posts with one more, or how long to wait for it.
fn one_more_post(posts: &Posts, limit: usize, now: i64) -> Result<Vec<i64>, Error> {
    let mut times: Vec<i64> = posts.times.iter().copied().filter(|time| *time > now - RATE_SPAN).collect();
    if times.len() >= limit {
        let free_at = times[times.len() - limit] + RATE_SPAN;
        let seconds = u64::try_from((free_at - now + 999) / 1000).unwrap_or(1).max(1);
        return Err(Error::TooManyRequests(seconds));
    }
    times.push(now);
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_posts_pass_in_five_seconds_and_the_sixth_waits_for_the_first() {
        let mut posts = Posts::default();
        for time in [1000, 1100, 1200, 1300, 1400] {
            posts.times = one_more_post(&posts, 5, time).unwrap();
        }
        assert!(matches!(one_more_post(&posts, 5, 2000), Err(Error::TooManyRequests(4))));
        assert!(matches!(one_more_post(&posts, 5, 5999), Err(Error::TooManyRequests(1))));
        assert_eq!(one_more_post(&posts, 5, 6000).unwrap(), [1100, 1200, 1300, 1400, 6000]);
    }
}
