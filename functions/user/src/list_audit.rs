//! `GET /api/audit`: who changed what, newest first, for the master alone.

use serde::Serialize;
use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::trail::Entry;
use shared::http::cursor::{self, Scope};
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, response};
use shared::operations::Error;
use shared::operations::trail::{self, Asked};

#[derive(Serialize)]
struct EntryReply {
    audit_id: String,
    created_datetime: String,
    user_id: i64,
    user_name: String,
    action: String,
    target: String,
    changed: Vec<String>,
    source: String,
    request_id: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let asked = read(request, &bearer);
    let mut parameters = asked.as_ref().map(parameters).unwrap_or_default();
    let found = trail::list_audit(app, &bearer, asked).await?;
    let rows: Vec<EntryReply> = found.entries.into_iter().map(EntryReply::from).collect();
    let mut reply = response::json(&rows)?;
    if let Some(next) = found.next {
        parameters.push(("cursor", cursor::from_entry(&scope(&bearer), next)));
        reply.headers.push(("link", response::link_to_next(request, &parameters)));
    }
    Ok(reply)
}

fn read(request: &Request, bearer: &Bearer) -> Result<Asked, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let (from, to) = form.window();
    let user = form.optional_user_id();
    let action = form.optional_text("action", |text| Ok(text.to_owned()));
    let limit = form.limit();
    let after = form.optional_text("cursor", |text| cursor::to_entry(&scope(bearer), text));
    form.finish(|| Some(Asked { from, to, user, action, limit, after }))
}

/// What the next page is asked for with, but for its cursor.
fn parameters(asked: &Asked) -> Vec<(&'static str, String)> {
    let from = asked.from.map(|from| ("from", datetime::with_t(from)));
    let to = asked.to.map(|to| ("to", datetime::with_t(to)));
    let user = asked.user.map(|user| ("user_id", user.to_string()));
    let action = asked.action.clone().map(|action| ("action", action));
    let limit = asked.limit.map(|limit| ("limit", limit.to_string()));
    [from, to, user, action, limit].into_iter().flatten().collect()
}

fn scope(bearer: &Bearer) -> Scope<'_> {
    Scope { tenant: &bearer.tenant, list: "audit" }
}

impl From<Entry> for EntryReply {
    fn from(entry: Entry) -> Self {
        Self {
            audit_id: entry.id.to_string(),
            created_datetime: datetime::with_space(entry.at),
            user_id: entry.author.id.0,
            user_name: entry.author.name,
            action: entry.action,
            target: entry.target,
            changed: entry.changed,
            source: entry.author.origin.source,
            request_id: entry.author.origin.request_id,
        }
    }
}
