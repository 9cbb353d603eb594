//! People's calendars: an address of one's own, under which the broadcasts stand.

use chrono::TimeDelta;

use super::{Error, admit, listing, reading, trail};
use crate::app::App;
use crate::crypto;
use crate::crypto::calendar_key::CalendarKey;
use crate::crypto::tokens::Bearer;
use crate::domain::schedule::Plan;
use crate::policy::Action;
use crate::store::{feeds, standings};

/// How long a broadcast stays in the feed after its end.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The key of a new feed. The one before works no more.
pub async fn create_calendar(app: &App, bearer: &Bearer, form: Result<(), Error>) -> Result<String, Error> {
    let (caller, ()) = admit(app, bearer, Action::CreateCalendar, async { form }).await?;
    let key = CalendarKey::new(&caller.tenant, caller.user.id, app.random.bytes());
    let text = key.text().ok_or_else(|| Error::Internal("a tenant whose id is no UUID".to_owned()))?;
    // With a token, so that an attempt that is late cannot bring an older key back.
    let writes = [
        feeds::replace(&caller.tenant, caller.user.id, key.digest())?,
        trail::row(app, &caller, "create_calendar", trail::user(caller.user.id), &[])?,
    ];
    app.table.transact(&writes).await?;
    Ok(text)
}

pub async fn delete_calendar(app: &App, bearer: &Bearer, form: Result<(), Error>) -> Result<(), Error> {
    let (caller, ()) = admit(app, bearer, Action::DeleteCalendar, async { form }).await?;
    // Refused when there is none, which is what was asked for.
    let writes = [
        feeds::end(&caller.tenant, caller.user.id),
        trail::row(app, &caller, "delete_calendar", trail::user(caller.user.id), &[])?,
    ];
    app.table.transact(&writes).await?;
    Ok(())
}

/// What the feed of a key shows, by start. `None` when no user who is there, of a tenant that works, has this key.
pub async fn get_calendar(app: &App, key: &str) -> Result<Option<Vec<Plan>>, Error> {
    let Some(key) = CalendarKey::parse(key) else { return Ok(None) };
    let (digest, user) = tokio::try_join!(
        feeds::find(&app.table, &key.tenant, key.user),
        standings::find(&app.table, &key.tenant, key.user)
    )?;
    let is_right = digest.is_some_and(|digest| crypto::same(&digest, &key.digest()));
    // The tenant last: made-up keys must not fill the cache of tenants.
    if !(is_right && user.is_some() && reading::tenant_is_active(app, &key.tenant).await?) {
        return Ok(None);
    }
    let since = app.clock.now_second() - KEPT;
    let mut plans = listing::ending_after(app, &key.tenant, since).await?;
    plans.sort_by_key(|plan| plan.interval.start());
    Ok(Some(plans))
}
