//! Who publishes, and who may: what ImageFlux tells and asks, and what we ask it when it tells nothing.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Error, MAX_DECISIONS, contended, reading};
use crate::app::App;
use crate::crypto::hook_key;
use crate::crypto::publish_token::{self, Shown};
use crate::domain::ids::{ScheduleId, TenantId, UserId};
use crate::domain::live::{Live, Status};
use crate::domain::schedule::{Plan, Schedule};
use crate::domain::tenant::State;
use crate::imageflux::webhooks::{Event, Question};
use crate::platform::telemetry;
use crate::policy::publishing::{self, Credentials, Refused};
use crate::policy::{self, Action};
use crate::store::hooks::{self, Hook};
use crate::store::live::{self, Seen};
use crate::store::{schedules, tenants, users};

/// ImageFlux is answered within a second, whatever the table does.
const EVENT_BUDGET: Duration = Duration::from_millis(900);
/// A presenter who is turned away has to act, so the table is given longer.
const QUESTION_BUDGET: Duration = Duration::from_millis(1_500);
/// How long ImageFlux may take to list who publishes.
const ASKING: Duration = Duration::from_secs(3);
/// How long nobody else asks: the two seconds that must lie between two questions, two by which the clocks of two
/// environments may differ, and `QUESTION_WITHIN_MILLIS`. By then ImageFlux has answered, or has not.
const LEASE_MILLIS: i64 = 4_500;
/// Whoever was given the lease later than this after it began renews it before asking: the next may ask soon.
const QUESTION_WITHIN_MILLIS: i64 = 500;
const TRIES_TO_ASK: usize = 3;
/// When the last who published is known to have gone, another who came unheard may wait a little longer.
const LEASE_AFTERWARDS_MILLIS: i64 = 10_000;

/// How long somebody waits until the one before has asked.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What became of something that was sent to an address of ours.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent<T> {
    /// The address is none.
    Nowhere,
    Answered(T),
}

/// Somebody who may publish, and who they are if they showed a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publisher {
    pub user: Option<UserId>,
}

/// Learns what an event says. An event that says nothing new, or of another channel, changes nothing.
pub async fn record_event(app: &App, key: &str, body: Result<Map<String, Value>, Error>) -> Result<Sent<()>, Error> {
    let recording = async {
        let Some(hook) = find_hook(app, key).await? else { return Ok(Sent::Nowhere) };
        let event = Event::read(&body?, app.clock.now(), |url| app.imageflux.is_playlist_url(url));
        if let (true, Some(fact)) = (is_of(&hook, event.channel_id.as_deref()), event.fact) {
            learn(app, &hook, &fact.into()).await?;
        }
        Ok(Sent::Answered(()))
    };
    let late = |_| Error::Unavailable("the table took longer than ImageFlux may wait".to_owned());
    tokio::time::timeout(EVENT_BUDGET, recording).await.map_err(late)?
}

/// Whether somebody may connect to a channel. While the table is away nobody may.
pub async fn may_publish(
    app: &App,
    key: &str,
    body: Result<Map<String, Value>, Error>,
) -> Result<Sent<Result<Publisher, Refused>>, Error> {
    let deciding = async {
        let Some(hook) = find_hook(app, key).await? else { return Ok(Sent::Nowhere) };
        let body = body?;
        let question = Question::read(&body);
        if !is_of(&hook, question.channel_id.as_deref()) {
            return Ok(Sent::Answered(Err(Refused::NotAllowed)));
        }
        decide(app, &hook, publish_token::find(question.shown)).await.map(Sent::Answered)
    };
    let late = |_| Err(Error::Unavailable("the table took longer than a presenter may wait".to_owned()));
    match tokio::time::timeout(QUESTION_BUDGET, deciding).await.unwrap_or_else(late) {
        // Whatever is wrong here, ImageFlux can show a presenter nothing but a refusal.
        Err(Error::Unavailable(cause) | Error::Internal(cause)) => {
            telemetry::note("cause", cause);
            telemetry::metric("PublishersPutOff", 1, "Count");
            Ok(Sent::Answered(Err(Refused::TryAgain)))
        }
        decided => decided,
    }
}

/// What is known of a schedule's connections. ImageFlux is asked only while that is in doubt, and only by whoever
/// takes the lease; everybody else is given what is known, and so is the one who asks in vain.
pub(super) async fn known(app: &App, tenant: &TenantId, schedule: &Schedule, seen: &Seen) -> Live {
    let now = app.clock.now();
    let Some(channel) = &schedule.channel else { return seen.live.clone() };
    let is_over = now >= app.publishing.window.closes(schedule.plan.interval);
    if is_over || seen.is_leased(now.timestamp_millis()) || !seen.live.is_doubtful(now) {
        return seen.live.clone();
    }
    match ask(app, tenant, &schedule.plan.id, &channel.channel_id, &seen.live).await {
        Ok(Some(live)) => live,
        Ok(None) => seen.live.clone(),
        Err(error) => {
            telemetry::note_odd("cause", error.to_string());
            telemetry::metric("PlaylistsUnknown", 1, "Count");
            // Meanwhile an event may have told what has ended.
            let current = reading::live(app, tenant, schedule.plan.id).await;
            current.map_or_else(|_| seen.live.clone(), |current| current.live.clone())
        }
    }
}

/// Whether somebody has published since the broadcast was planned, or may have. Without events only those are known who
/// were listed when ImageFlux was asked. So it is asked while the time of the broadcast lasts; afterwards nobody can
/// tell any more, but of what was planned when its time was over already.
///
/// # Errors
/// `Unavailable` when ImageFlux does not tell.
pub(super) async fn may_have_published(app: &App, tenant: &TenantId, schedule: &Schedule) -> Result<bool, Error> {
    let Schedule { plan, channel, .. } = schedule;
    let seen = live::find(&app.table, tenant, &plan.id).await?;
    let is_told = channel.as_ref().map_or(app.hooks_url.is_some(), |channel| channel.hook.is_some());
    if is_told || seen.live.has_published {
        return Ok(seen.live.has_published);
    }
    let end = plan.interval.end();
    if app.clock.now() >= end && plan.created_at < end {
        return Ok(true);
    }
    let Some(channel) = channel else { return Ok(false) };
    match ask_in_turn(app, tenant, &plan.id, &channel.channel_id, seen).await {
        Ok(live) => Ok(live.has_published),
        Err(error @ (Error::ImageFluxRejected(_) | Error::ImageFluxFailed(_) | Error::ImageFluxTimedOut)) => {
            Err(Error::Unavailable(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// How a broadcast stands of which this is known.
pub(super) fn status(app: &App, plan: &Plan, live: &Live) -> Status {
    live.status(app.clock.now(), plan.interval, app.publishing.window.overrun)
}

/// How broadcasts stand, in their order. Nothing is read for those that nobody can be publishing now.
pub(super) async fn statuses(app: &App, tenant: &TenantId, plans: &[Plan]) -> Result<Vec<Status>, Error> {
    let (now, window) = (app.clock.now(), app.publishing.window);
    let may_be_on = |plan: &&Plan| window.opens(plan.interval) <= now && now < window.closes(plan.interval);
    let ids: Vec<ScheduleId> = plans.iter().filter(may_be_on).map(|plan| plan.id).collect();
    let mut found = live::find_all(&app.table, tenant, &ids).await?.into_iter();
    let standing = |plan: &Plan| {
        let live = if may_be_on(&plan) { found.next() } else { None };
        status(app, plan, &live.unwrap_or_default())
    };
    Ok(plans.iter().map(standing).collect())
}

/// `None` when somebody else asks. What was seen may be a second old; who takes the lease is told what is known now.
async fn ask(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    seen: &Live,
) -> Result<Option<Live>, Error> {
    let now = app.clock.now();
    let is_past = seen.was_told && !seen.is_on();
    let (began, length) = (now.timestamp_millis(), if is_past { LEASE_AFTERWARDS_MILLIS } else { LEASE_MILLIS });
    let leased = live::take_lease(&app.table, tenant, schedule, began, began + length).await?;
    // Whoever looks from now on sees the lease, and asks neither ImageFlux nor for the lease.
    reading::live_changed(app, tenant, *schedule);
    match leased {
        Some(current) if current.live.is_doubtful(now) => {
            ask_in_time(app, tenant, schedule, channel_id, current, began, length).await
        }
        current => Ok(current.map(|current| current.live)),
    }
}

/// As `ask`, for whoever needs the answer: they wait for their turn.
async fn ask_in_turn(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    mut seen: Seen,
) -> Result<Live, Error> {
    for _ in 0..MAX_DECISIONS {
        let turn = seen.free_from(app.clock.now_millis());
        if until(app, turn) > LONGEST_WAIT {
            return Err(Error::Unavailable("others are asking ImageFlux who publishes".to_owned()));
        }
        if let Some(current) = live::take_turn(&app.table, tenant, schedule, &seen, turn + LEASE_MILLIS).await? {
            reading::live_changed(app, tenant, *schedule);
            tokio::time::sleep(until(app, turn)).await;
            let asked = ask_in_time(app, tenant, schedule, channel_id, current, turn, LEASE_MILLIS).await?;
            if let Some(live) = asked {
                return Ok(live);
            }
        }
        super::pause(app).await;
        seen = live::find(&app.table, tenant, schedule).await?;
    }
    Err(contended())
}

/// Asks for whoever has the lease, once it is certain that it began a moment ago. `None` when another has it meanwhile.
async fn ask_in_time(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    mut held: Seen,
    mut began: i64,
    length: i64,
) -> Result<Option<Live>, Error> {
    for _ in 0..TRIES_TO_ASK {
        if app.clock.now_millis() - began <= QUESTION_WITHIN_MILLIS {
            return list(app, tenant, schedule, channel_id, held).await.map(Some);
        }
        began = app.clock.now_millis();
        match live::take_turn(&app.table, tenant, schedule, &held, began + length).await? {
            Some(renewed) => held = renewed,
            None => return Ok(None),
        }
    }
    Ok(None)
}

fn until(app: &App, instant: i64) -> Duration {
    Duration::from_millis(u64::try_from(instant - app.clock.now_millis()).unwrap_or_default())
}

/// Only for `ask_in_time`.
async fn list(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    seen: Seen,
) -> Result<Live, Error> {
    let now = app.clock.now();
    let late = |_| Error::ImageFluxTimedOut;
    let listing = tokio::time::timeout(ASKING, app.imageflux.list_publishers(channel_id));
    let listed = listing.await.map_err(late)??;
    let learned = seen.live.learned_from_list(&listed, now);
    join(app, tenant, schedule, channel_id, seen, &learned).await
}

/// Joins what was learned with what is known.
async fn learn(app: &App, hook: &Hook, learned: &Live) -> Result<Live, Error> {
    let Hook { tenant, schedule, channel_id } = hook;
    let seen = live::find(&app.table, tenant, schedule).await?;
    join(app, tenant, schedule, channel_id, seen, learned).await
}

/// `seen` is read again only if somebody else wrote in between. What is learned of a channel that was retired meanwhile is
/// of no use to its successor.
async fn join(
    app: &App,
    tenant: &TenantId,
    schedule: &ScheduleId,
    channel_id: &str,
    mut seen: Seen,
    learned: &Live,
) -> Result<Live, Error> {
    for _ in 0..MAX_DECISIONS {
        if seen.is_retired(channel_id) {
            return Ok(seen.live);
        }
        let mut live = seen.live.clone();
        live.join(learned.clone());
        if live == seen.live || live::keep(&app.table, tenant, schedule, &seen, &live).await? {
            reading::live_changed(app, tenant, *schedule);
            return Ok(live);
        }
        super::pause(app).await;
        seen = live::find(&app.table, tenant, schedule).await?;
    }
    Err(contended())
}

/// The look-up is by digest, so how long it takes tells nothing of the keys that there are.
async fn find_hook(app: &App, key: &str) -> Result<Option<Hook>, Error> {
    Ok(hooks::find(&app.table, &hook_key::digest(key)).await?)
}

fn is_of(hook: &Hook, channel_id: Option<&str>) -> bool {
    let is_same = channel_id == Some(hook.channel_id.as_str());
    if !is_same {
        telemetry::metric("HooksOfOtherChannels", 1, "Count");
    }
    is_same
}

/// `found` is what stands in the question of our tokens, if anything does.
async fn decide(app: &App, hook: &Hook, found: Option<Vec<Shown>>) -> Result<Result<Publisher, Refused>, Error> {
    let Hook { tenant, schedule, .. } = hook;
    let (schedule, tenant_found) =
        tokio::try_join!(schedules::find(&app.table, tenant, schedule), tenants::find(&app.table, tenant))?;
    let Some(schedule) = schedule.filter(|_| tenant_found.is_some_and(|tenant| tenant.state == State::Active)) else {
        return Ok(Err(Refused::NotAllowed));
    };
    let is_right = |shown: &&Shown| shown.is_of(&schedule.keys.publishing, tenant, &schedule.plan.id);
    let named = found.iter().flatten().find(is_right).map(|shown| shown.user);
    let credentials = match (&found, named) {
        (None, _) => Credentials::Nothing,
        (Some(_), None) => Credentials::Unknown,
        (Some(_), Some(user)) => {
            let user = users::find(&app.table, tenant, user).await?;
            let may_deliver =
                user.is_some_and(|user| policy::allows(user.permissions, user.is_master, Action::GetDelivery));
            Credentials::Token { may_deliver }
        }
    };
    let verdict = publishing::may_publish(credentials, app.publishing, schedule.plan.interval, app.clock.now());
    Ok(verdict.map(|()| Publisher { user: named }))
}
