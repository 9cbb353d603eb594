//! What the hosts of a broadcast do in its chat: they take messages away, mute, close it, and slow it down.

use chrono::TimeDelta;

use super::{Error, MAX_DECISIONS, admit, contended, pause, reading, trail};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{MessageId, ScheduleId, TenantId, UserId};
use crate::domain::message::Deletion;
use crate::domain::room::{Room, Rules, RulesForUser};
use crate::domain::standing::Standing;
use crate::policy::{self, Action};
use crate::store::{messages, rooms, schedules, standings};
use crate::table::Transacted;

/// A message of a chat.
pub struct Named {
    pub schedule: ScheduleId,
    pub message: MessageId,
}

/// A user of a chat.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    pub schedule: ScheduleId,
    pub user: UserId,
}

pub struct Mute {
    pub guest: Guest,
    pub seconds: i64,
}

pub struct RulesChange {
    pub schedule: ScheduleId,
    pub is_open: Option<bool>,
    pub slow_seconds: Option<i64>,
}

/// Takes a message away, for all who look from now on. Those who were given it are told.
pub async fn delete_message(app: &App, bearer: &Bearer, form: Result<Named, Error>) -> Result<(), Error> {
    let load = async {
        let Named { schedule, message } = form?;
        let found = messages::find(&app.table, &bearer.tenant, &schedule, &message);
        let (is_planned, found) = tokio::try_join!(schedules::find(&app.table, &bearer.tenant, &schedule), found)?;
        is_planned.ok_or(Error::ScheduleNotFound)?;
        Ok((schedule, found.ok_or(Error::MessageNotFound)?))
    };
    let (caller, (schedule, message)) = admit(app, bearer, Action::DeleteMessage, load).await?;
    let is_own = message.user_id == caller.user.id;
    // An author who deleted in time may repeat that at any time.
    let age = if message.deletion.is_some() { TimeDelta::zero() } else { app.clock.now() - message.created_at() };
    if !policy::may_delete_message(caller.user.permissions, is_own, age) {
        return Err(Error::PermissionDenied);
    }
    if message.deletion.is_some() {
        return Ok(());
    }
    // Later than its message, whatever the clock says: so readers see the message before the deletion.
    let now = app.clock.now_millis().max(message.id.made_at() + 1);
    let deletion = Deletion { id: app.random.uuid_at(now).into(), message: message.id };
    let row = trail::row(app, &caller, "delete_message", trail::message(schedule, message.id), &["deleted"])?;
    let [mark, entry] = messages::mark_deleted(&caller.tenant, &schedule, &deletion)?;
    if let Transacted::Done = app.table.transact(&[mark, entry, row]).await? {
        reading::chat_changed(app, &caller.tenant, schedule);
        return Ok(());
    }
    // Somebody else was faster, or the whole chat is going.
    let found = messages::find(&app.table, &caller.tenant, &schedule, &message.id).await?;
    found.ok_or(Error::MessageNotFound)?.deletion.map(|_| ()).ok_or_else(contended)
}

/// `CannotBeMuted` if the user is a host. A second mute takes the place of the first.
pub async fn mute_user(app: &App, bearer: &Bearer, form: Result<Mute, Error>) -> Result<(), Error> {
    let load = async {
        let mute = form?;
        Ok((guest(app, &bearer.tenant, mute.guest).await?.ok_or(Error::UserNotFound)?, mute))
    };
    let (caller, (user, Mute { guest: Guest { schedule, .. }, seconds })) =
        admit(app, bearer, Action::MuteUser, load).await?;
    if policy::hosts(user.permissions) {
        return Err(Error::CannotBeMuted);
    }
    let until = app.clock.now_millis() + 1_000 * seconds;
    // With a token, so that an attempt that is late cannot mute again who was unmuted since.
    let row = trail::row(app, &caller, "mute_user", trail::guest(schedule, user.id), &["muted_until"])?;
    app.table.transact(&[rooms::mute(&caller.tenant, &schedule, user.id, until)?, row]).await?;
    Ok(())
}

/// Who is not muted stays so. Who was deleted is counted among the muted until then.
pub async fn unmute_user(app: &App, bearer: &Bearer, form: Result<Guest, Error>) -> Result<(), Error> {
    let load = async {
        let named = form?;
        Ok((guest(app, &bearer.tenant, named).await?, named))
    };
    let (caller, (found, Guest { schedule, user })) = admit(app, bearer, Action::UnmuteUser, load).await?;
    let row = trail::row(app, &caller, "unmute_user", trail::guest(schedule, user), &["muted_until"])?;
    match app.table.transact(&[rooms::unmute(&caller.tenant, &schedule, user), row]).await? {
        Transacted::Done => Ok(()),
        Transacted::Refused(_) => found.map(|_| ()).ok_or(Error::UserNotFound),
    }
}

/// Rules that stand already are not set again.
pub async fn update_chat_settings(app: &App, bearer: &Bearer, form: Result<RulesChange, Error>) -> Result<(), Error> {
    let load = async {
        let change = form?;
        let is_planned = schedules::find(&app.table, &bearer.tenant, &change.schedule);
        let rules = rooms::rules(&app.table, &bearer.tenant, &change.schedule);
        let (is_planned, rules) = tokio::try_join!(is_planned, rules)?;
        is_planned.ok_or(Error::ScheduleNotFound)?;
        Ok((change, rules))
    };
    let (caller, (change, mut seen)) = admit(app, bearer, Action::UpdateChatSettings, load).await?;
    let RulesChange { schedule, is_open, slow_seconds } = change;
    for _ in 0..MAX_DECISIONS {
        let old = seen.unwrap_or_default();
        let new =
            Rules { is_open: is_open.unwrap_or(old.is_open), slow_seconds: slow_seconds.unwrap_or(old.slow_seconds) };
        let changed = old.differences(&new);
        if changed.is_empty() {
            return Ok(());
        }
        let row = trail::row(app, &caller, "update_chat_settings", trail::schedule(schedule), &changed)?;
        let rules = rooms::replace_rules(&caller.tenant, &schedule, seen, new);
        if let Transacted::Done = app.table.transact(&[rules, row]).await? {
            return Ok(());
        }
        pause(app).await;
        seen = rooms::rules(&app.table, &caller.tenant, &schedule).await?;
    }
    Err(contended())
}

pub async fn get_chat_settings(app: &App, bearer: &Bearer, form: Result<ScheduleId, Error>) -> Result<Room, Error> {
    let load = async {
        let schedule = form?;
        reading::schedule(app, &bearer.tenant, schedule).await?.ok_or(Error::ScheduleNotFound)?;
        Ok(schedule)
    };
    let (caller, schedule) = admit(app, bearer, Action::GetChatSettings, load).await?;
    Ok(rooms::find(&app.table, &caller.tenant, &schedule, app.clock.now_millis()).await?)
}

async fn guest(app: &App, tenant: &TenantId, Guest { schedule, user }: Guest) -> Result<Option<Standing>, Error> {
    let (schedule, user) =
        tokio::try_join!(schedules::find(&app.table, tenant, &schedule), standings::find(&app.table, tenant, user))?;
    schedule.ok_or(Error::ScheduleNotFound)?;
    Ok(user)
}

/// Whether somebody may post now, whose last message there, if it is not long ago, was at `last`. Both instants are
/// milliseconds since 1970.
pub(super) fn may_post(user: &Standing, for_user: &RulesForUser, last: Option<i64>, now: i64) -> Result<(), Error> {
    if policy::hosts(user.permissions) {
        return Ok(());
    }
    let seconds_until = |instant: i64| u64::try_from((instant - now + 999) / 1000).unwrap_or(1).max(1);
    let RulesForUser { rules, muted_until } = for_user;
    if let Some(until) = muted_until.filter(|until| *until > now) {
        return Err(Error::Muted(seconds_until(until)));
    }
    if !rules.is_open {
        return Err(Error::ChatClosed);
    }
    match last.map(|last| last + rules.slow_seconds * 1000) {
        Some(free_at) if free_at > now => Err(Error::TooManyRequests(seconds_until(free_at))),
        _ => Ok(()),
    }
}
