//! The trail: a row for each change, written in the transaction that makes it.

use std::fmt::Display;

use chrono::{DateTime, Utc};

use super::{Caller, Error, admit};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{EntryId, MessageId, ScheduleId, TenantId, UserId};
use crate::domain::trail::{Author, Entry};
use crate::policy::Action;
use crate::store::trail::{self, Part};
use crate::table::Write;

/// Rows that one answer has at the most.
const MOST_ROWS: usize = 1_000;
/// Rows that one answer looks at, at the most, when only some are asked for.
const MOST_LOOKED_AT: usize = 5_000;
const PAGE: usize = 500;

impl Caller {
    pub(super) fn author(&self) -> Author {
        Author { id: self.user.id, name: self.user.name.as_str().to_owned(), origin: self.bearer.origin.clone() }
    }
}

/// How a row names the tenant itself as what was changed.
pub(super) const TENANT: &str = "tenant";

/// How a row names a user.
pub(super) fn user(id: UserId) -> String {
    format!("user/{id}")
}

/// How a row names a schedule.
pub(super) fn schedule(id: ScheduleId) -> String {
    format!("schedule/{id}")
}

/// How a row names a user in the chat of a schedule.
pub(super) fn guest(schedule: ScheduleId, user: UserId) -> String {
    format!("schedule/{schedule}/user/{user}")
}

/// How a row names a message of the chat of a schedule.
pub(super) fn message(schedule: ScheduleId, message: MessageId) -> String {
    format!("schedule/{schedule}/message/{message}")
}

/// The write that adds the row of what the caller does; it belongs into the transaction that does it. `action` is the
/// operation's id, `changed` the names of the fields that get another value.
pub(super) fn row(
    app: &App,
    caller: &Caller,
    action: &str,
    target: impl Display,
    changed: &[&str],
) -> Result<Write, Error> {
    row_of(app, &caller.tenant, caller.author(), action, target, changed)
}

pub(super) fn row_of(
    app: &App,
    tenant: &TenantId,
    author: Author,
    action: &str,
    target: impl Display,
    changed: &[&str],
) -> Result<Write, Error> {
    let at = app.clock.now();
    let entry = Entry {
        id: app.random.uuid_at(at.timestamp_millis()).into(),
        at,
        author,
        action: action.to_owned(),
        target: target.to_string(),
        changed: changed.iter().map(|name| (*name).to_owned()).collect(),
    };
    Ok(trail::add(tenant, &entry, at + app.audit_kept)?)
}

/// Which rows are asked for.
#[derive(Default)]
pub struct Asked {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub user: Option<UserId>,
    pub action: Option<String>,
    pub limit: Option<usize>,
    /// Below this row.
    pub after: Option<EntryId>,
}

/// Rows, newest first, and where the rest begins.
pub struct Found {
    pub entries: Vec<Entry>,
    pub next: Option<EntryId>,
}

/// Rows are looked for up to a bound. When it is reached before the answer is full, the rest is for the next page.
pub async fn list_audit(app: &App, bearer: &Bearer, form: Result<Asked, Error>) -> Result<Found, Error> {
    let (caller, asked) = admit(app, bearer, Action::ListAudit, async { form }).await?;
    let limit = asked.limit.unwrap_or(MOST_ROWS);
    let below = [asked.after, asked.to.map(first_id_of)].into_iter().flatten().min();
    let mut part = Part { from: asked.from.map(first_id_of), below };
    let (mut entries, mut looked_at): (Vec<Entry>, usize) = (Vec::new(), 0);
    loop {
        // One more than wanted tells whether others follow. Of rows that are picked out, few may be wanted.
        let page = if asked.user.is_some() || asked.action.is_some() { PAGE } else { PAGE.min(limit + 1) };
        let (rows, next) = trail::newest(&app.table, &caller.tenant, part, page, app.clock.now()).await?;
        for row in rows.into_iter().filter(|row| asked.wants(row)) {
            if entries.len() == limit {
                let next = entries.last().map(|last| last.id);
                return Ok(Found { entries, next });
            }
            entries.push(row);
        }
        looked_at += page;
        if next.is_none() || looked_at >= MOST_LOOKED_AT {
            return Ok(Found { entries, next });
        }
        part.below = next;
    }
}

impl Asked {
    fn wants(&self, row: &Entry) -> bool {
        self.user.is_none_or(|user| row.author.id == user)
            && self.action.as_ref().is_none_or(|action| row.action == *action)
    }
}

/// The least id of a time: whatever sorts below it was made earlier.
fn first_id_of(time: DateTime<Utc>) -> EntryId {
    let millis = u64::try_from(time.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid().into()
}
