//! Chat: one total order, every message exactly once through a cursor.
//!
//! Ids sort by the time they were made, but clocks differ and writes take a while, so an id may appear
//! below others that were read before. What is older than `SETTLED_AFTER` can no longer do so. A cursor
//! is therefore a watermark, below which everything was given, and the ids given above it.

use std::collections::BTreeSet;

use chrono::DateTime;

use super::idempotency::{self, Attempt, Begun, Keyed};
use super::{Caller, Error, MAX_DECISIONS, admit, contended, pause};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{MessageId, ScheduleId};
use crate::domain::message::{Message, MessageBody};
use crate::policy::{self, Action};
use crate::store::rates::{self, Posts};
use crate::store::{messages, schedules};
use crate::table::Transacted;

/// Longer than a write may take (three seconds) and two clocks may differ (one second each way).
pub const SETTLED_AFTER: i64 = 5_000;

/// The span over which posts are counted, in milliseconds.
const RATE_SPAN: i64 = 5_000;

/// More messages than an answer has room for, however short they are.
const MOST_AT_ONCE: usize = 40_000;

/// Ids in a cursor, which travels in an address: 370 are 7,900 characters of the 10,240 that API Gateway takes for the
/// address and all headers. More than 74 messages a second wait for the watermark, five seconds at the most.
const MOST_GIVEN: usize = 370;

/// How far a reader has come. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Every message made at this time or before was given.
    pub watermark: i64,
    /// The messages given that were made after it.
    pub given: BTreeSet<MessageId>,
}

pub struct Read {
    pub schedule: ScheduleId,
    pub after: Progress,
    pub limit: Option<usize>,
}

pub struct Conversation {
    pub schedule: ScheduleId,
    pub messages: Vec<Message>,
    pub progress: Progress,
    /// With no message given the cursor is full, and there will be room in a while.
    pub has_more: bool,
}

/// The messages that the reader was not given yet, oldest first. `fits` says how many of them the answer has room for.
pub async fn list_messages(
    app: &App,
    bearer: &Bearer,
    form: Result<Read, Error>,
    fits: impl FnOnce(&[Message]) -> usize,
) -> Result<Conversation, Error> {
    let now = app.clock.now_millis();
    let load = async {
        let read = form?;
        let first = last_id_of(read.after.watermark);
        // One more than asked for tells whether there is more.
        let fetched = read.limit.unwrap_or(MOST_AT_ONCE) + read.after.given.len() + 1;
        let (schedule, messages) = tokio::try_join!(
            schedules::find(&app.table, &bearer.tenant, &read.schedule),
            messages::after(&app.table, &bearer.tenant, &read.schedule, first, fetched)
        )?;
        schedule.ok_or(Error::ScheduleNotFound)?;
        Ok((read, messages))
    };
    let (_, (read, mut messages)) = admit(app, bearer, Action::ListMessages, load).await?;
    messages.retain(|message| !read.after.given.contains(&message.id));
    let room = read.limit.unwrap_or(MOST_AT_ONCE).min(fits(&messages)).min(messages.len());
    let (room, progress) = give(&read.after, &messages, room, now);
    let left = messages.len() - room;
    messages.truncate(room);
    Ok(Conversation { schedule: read.schedule, messages, progress, has_more: left > 0 })
}

/// How many of the messages are given, at most so many, and how far the reader is then.
fn give(from: &Progress, messages: &[Message], mut room: usize, now: i64) -> (usize, Progress) {
    loop {
        let progress = advance(from, &messages[..room], messages.get(room), now);
        let excess = progress.given.len().saturating_sub(MOST_GIVEN);
        if excess == 0 || room == 0 {
            return (room, progress);
        }
        room = room.saturating_sub(excess);
    }
}

/// Raises the watermark to what is settled, but never over a message that was not given.
fn advance(from: &Progress, given_now: &[Message], not_given: Option<&Message>, now: i64) -> Progress {
    let limit = not_given.map_or(i64::MAX, |message| made_at(message.id) - 1);
    let watermark = from.watermark.max((now - SETTLED_AFTER).min(limit));
    let given = from.given.iter().chain(given_now.iter().map(|message| &message.id));
    Progress { watermark, given: given.filter(|id| made_at(**id) > watermark).copied().collect() }
}

/// The time in an id.
fn made_at(id: MessageId) -> i64 {
    id.uuid().get_timestamp().map_or(0, |time| {
        let (seconds, nanos) = time.to_unix();
        i64::try_from(seconds).unwrap_or(i64::MAX / 1000) * 1000 + i64::from(nanos / 1_000_000)
    })
}

/// The greatest id of a time: whatever sorts after it was made later.
fn last_id_of(millis: i64) -> Option<MessageId> {
    let millis = u64::try_from(millis).ok().filter(|millis| *millis > 0)?;
    Some(uuid::Builder::from_unix_timestamp_millis(millis, &[0xFF; 10]).into_uuid().into())
}

pub struct Post {
    pub schedule: ScheduleId,
    pub body: MessageBody,
}

/// `TooManyRequests` if the caller posted too often within five seconds.
pub async fn post_message(app: &App, bearer: &Bearer, form: Result<Keyed<Post>, Error>) -> Result<(), Error> {
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
        Begun::Answered(_) => Ok(()),
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
async fn post_once(app: &App, caller: &Caller, post: Post, mut posts: Posts, attempt: &Attempt) -> Result<(), Error> {
    let (tenant, user) = (&caller.tenant, caller.user.id);
    for _ in 0..2 * MAX_DECISIONS {
        let now = app.clock.now_millis();
        let times = one_more_post(&posts, policy::posts_in_five_seconds(caller.user.permissions), now)?;
        let message = Message {
            id: app.random.uuid_at(now).into(),
            user_id: user,
            user_name: caller.user.name.as_str().to_owned(),
            body: post.body.clone(),
            created_at: DateTime::from_timestamp_millis(now).unwrap_or_default(),
        };
        let mut writes = vec![
            messages::create(tenant, &post.schedule, &message)?,
            rates::remember_post(tenant, user, &posts, times, now / 1000 + RATE_SPAN / 1000 + 1)?,
        ];
        writes.extend(attempt.answer(""));
        if let Transacted::Done = app.table.transact(&writes).await? {
            return Ok(());
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
    use crate::platform::random::Random;

    fn message(millis: i64, seed: u64) -> Message {
        Message {
            id: Random::from_seed(seed).uuid_at(millis).into(),
            user_id: crate::domain::ids::UserId(1),
            user_name: String::new(),
            body: MessageBody::parse("x").unwrap(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_watermark_stays_below_what_may_still_appear() {
        let now = 1_000_000;
        let (old, young) = (message(now - SETTLED_AFTER, 1), message(now - SETTLED_AFTER + 1, 2));
        let progress = advance(&Progress::default(), &[old, young.clone()], None, now);
        assert_eq!(progress.watermark, now - SETTLED_AFTER);
        assert_eq!(progress.given, BTreeSet::from([young.id]));
    }

    #[test]
    fn the_watermark_never_passes_a_message_that_was_not_given() {
        let progress = advance(&Progress::default(), &[message(100, 1)], Some(&message(200, 2)), 1_000_000);
        assert_eq!(progress, Progress { watermark: 199, given: BTreeSet::new() });
    }

    #[test]
    fn a_full_cursor_waits_for_the_watermark_and_loses_nothing() {
        let made = 1_000_000;
        let messages: Vec<_> = (0..1_000).map(|seed| message(made + i64::try_from(seed).unwrap() / 10, seed)).collect();
        let (mut now, mut progress, mut given) = (made + 200, Progress::default(), Vec::new());
        while given.len() < messages.len() {
            let (room, next) = give(&progress, &messages[given.len()..], messages.len() - given.len(), now);
            assert!(next.given.len() <= MOST_GIVEN && (room > 0 || now < made + 200 + SETTLED_AFTER));
            given.extend_from_slice(&messages[given.len()..given.len() + room]);
            (progress, now) = (next, now + 1_000);
        }
        assert_eq!(given, messages);
        assert!(now <= made + 200 + SETTLED_AFTER + 3_000);
    }

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
