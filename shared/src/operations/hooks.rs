//! What ImageFlux tells of a channel, and whom it lets publish there.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Error, on_air};
use crate::app::App;
use crate::crypto::hook_key;
use crate::crypto::publish_token::{self, Shown};
use crate::domain::ids::{TenantId, UserId};
use crate::domain::tenant::State;
use crate::imageflux::webhooks::{Event, Question};
use crate::platform::telemetry;
use crate::policy::publishing::{self, Credentials, Refused};
use crate::policy::{self, Action};
use crate::store::hooks::{self, Hook};
use crate::store::{schedules, tenants, users};

/// ImageFlux is answered within a second, whatever the table does.
const EVENT_BUDGET: Duration = Duration::from_millis(900);
/// A presenter who is turned away has to act, so the table is given longer.
const QUESTION_BUDGET: Duration = Duration::from_millis(1_500);

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
            on_air::learn(app, &hook, &fact.into()).await?;
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
    let named: BTreeSet<UserId> = found.iter().flatten().filter(is_right).map(|shown| shown.user).collect();
    let user = who_may_deliver(app, tenant, &named).await?;
    let credentials = match found {
        None => Credentials::Nothing,
        Some(_) if named.is_empty() => Credentials::Unknown,
        Some(_) => Credentials::Token { may_deliver: user.is_some() },
    };
    let verdict = publishing::may_publish(credentials, app.publishing, schedule.plan.interval, app.clock.now());
    Ok(verdict.map(|()| Publisher { user }))
}

/// One of the users, if any may deliver.
async fn who_may_deliver(app: &App, tenant: &TenantId, users: &BTreeSet<UserId>) -> Result<Option<UserId>, Error> {
    for id in users {
        let user = users::find(&app.table, tenant, *id).await?;
        if user.is_some_and(|user| policy::allows(user.permissions, user.is_master, Action::GetDelivery)) {
            return Ok(Some(*id));
        }
    }
    Ok(None)
}
