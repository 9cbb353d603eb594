//! Posting to a chat, as often as its rules and the user's permissions allow.

use super::idempotency::{self, Attempt, Begun, Keyed};
use super::{Caller, Error, MAX_DECISIONS, admit, moderating, pause, reading};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{MessageId, ScheduleId, TenantId, UserId};
use crate::domain::message::{Message, MessageBody};
use crate::domain::room::{Rules, RulesForUser};
use crate::domain::stored::Stored;
use crate::policy::{self, Action};
use crate::store::rates::{self, Posts, Recent};
use crate::store::{messages, rooms, schedules};
use crate::table::Transacted;

/// The span over which posts are counted, in milliseconds.
const RATE_SPAN: i64 = 5_000;

/// For how long a user's last message to a chat is remembered, in milliseconds.
const LAST_SPAN: i64 = Rules::SLOWEST * 1_000;

pub struct Post {
    pub schedule: ScheduleId,
    pub body: MessageBody,
}

/// `TooManyRequests` if the caller posted too often within five seconds.
pub async fn post_message(app: &App, bearer: &Bearer, form: Result<Keyed<Post>, Error>) -> Result<MessageId, Error> {
    let load = async {
        let Keyed { form: post, key } = form?;
        let schedule = async { Ok(schedules::find(&app.table, &bearer.tenant, &post.schedule).await?) };
        let limits = limits(app, &bearer.tenant, post.schedule, bearer.user);
        let (schedule, limits) = tokio::try_join!(schedule, limits)?;
        Ok((post, key, schedule, limits))
    };
    let (caller, (post, key, schedule, limits)) = admit(app, bearer, Action::PostMessage, load).await?;
    // An answer is given again even when its schedule is gone.
    match idempotency::begin(app, &caller, "post_message", key.as_ref()).await? {
        Begun::Answered(answer) => MessageId::from_store(answer)
            .ok_or_else(|| Error::Internal("a kept answer is no id of a message".to_owned())),
        Begun::Fresh(attempt) => {
            let result = match schedule {
                Some(_) => post_once(app, &caller, post, limits, &attempt).await,
                None => Err(Error::ScheduleNotFound),
            };
            attempt.end(app, result).await
        }
    }
}

/// What decides whether a user may post now, beside their permissions.
async fn limits(
    app: &App,
    tenant: &TenantId,
    schedule: ScheduleId,
    user: UserId,
) -> Result<(RulesForUser, Posts), Error> {
    let rules = rooms::rules_for_user(&app.table, tenant, &schedule, user);
    Ok(tokio::try_join!(rules, rates::posts(&app.table, tenant, user))?)
}

/// Message and counter are written together, so that what is refused does not count.
async fn post_once(
    app: &App,
    caller: &Caller,
    post: Post,
    mut limits: (RulesForUser, Posts),
    attempt: &Attempt,
) -> Result<MessageId, Error> {
    let (tenant, user) = (&caller.tenant, caller.user.id);
    for _ in 0..2 * MAX_DECISIONS {
        let now = app.clock.now_millis();
        let (rules, posts) = &limits;
        let last = posts.recent.last.get(&post.schedule).copied();
        moderating::may_post(&caller.user, rules, last, now)?;
        let most = policy::posts_in_five_seconds(caller.user.permissions);
        let recent = one_more_post(&posts.recent, post.schedule, most, now)?;
        let message = Message {
            id: app.random.uuid_at(now).into(),
            user_id: user,
            user_name: caller.user.name.as_str().to_owned(),
            body: post.body.clone(),
            deletion: None,
        };
        let mut writes = vec![
            messages::create(tenant, &post.schedule, &message)?,
            rates::remember_post(tenant, user, posts, recent, (now + LAST_SPAN) / 1000 + 1)?,
        ];
        // Of those who posted there lately it is known already.
        if last.is_none() {
            writes.push(rooms::remember_poster(tenant, &post.schedule, user));
        }
        writes.extend(attempt.answer(&message.id.to_string()));
        if let Transacted::Done = app.table.transact(&writes).await? {
            reading::chat_changed(app, tenant, post.schedule);
            return Ok(message.id);
        }
        pause(app).await;
        limits = self::limits(app, tenant, post.schedule, user).await?;
    }
    // Only the user's own posts collide, so many are on their way.
    Err(Error::TooManyRequests(1))
}

/// The recent posts with one more, or how long to wait for it.
fn one_more_post(recent: &Recent, schedule: ScheduleId, limit: usize, now: i64) -> Result<Recent, Error> {
    let mut times: Vec<i64> = recent.times.iter().copied().filter(|time| *time > now - RATE_SPAN).collect();
    if times.len() >= limit {
        let free_at = times[times.len() - limit] + RATE_SPAN;
        let seconds = u64::try_from((free_at - now + 999) / 1000).unwrap_or(1).max(1);
        return Err(Error::TooManyRequests(seconds));
    }
    times.push(now);
    let mut last = recent.last.clone();
    last.retain(|_, time| *time > now - LAST_SPAN);
    last.insert(schedule, now);
    Ok(Recent { times, last })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn five_posts_pass_in_five_seconds_and_the_sixth_waits_for_the_first() {
        let schedule = Uuid::nil().into();
        let mut recent = Recent::default();
        for time in [1000, 1100, 1200, 1300, 1400] {
            recent = one_more_post(&recent, schedule, 5, time).unwrap();
        }
        assert!(matches!(one_more_post(&recent, schedule, 5, 2000), Err(Error::TooManyRequests(4))));
        assert!(matches!(one_more_post(&recent, schedule, 5, 5999), Err(Error::TooManyRequests(1))));
        assert_eq!(one_more_post(&recent, schedule, 5, 6000).unwrap().times, [1100, 1200, 1300, 1400, 6000]);
    }

    #[test]
    fn the_last_post_to_each_chat_is_known_for_as_long_as_a_chat_can_be_slow() {
        let (one, other) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let first = one_more_post(&Recent::default(), one, 5, 1_000).unwrap();
        let second = one_more_post(&first, other, 5, 120_999).unwrap();
        assert_eq!(second.last, [(one, 1_000), (other, 120_999)].into());
        assert_eq!(one_more_post(&second, other, 5, 121_000).unwrap().last, [(other, 121_000)].into());
    }
}
