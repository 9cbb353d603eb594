//! `GET /api/schedule`: the tenant's schedules, newest start first; all of them, or a page at a time.

use serde::Serialize;
use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::live::Status;
use shared::domain::schedule::Plan;
use shared::http::cursor::{self, Scope};
use shared::http::form::Form;
use shared::http::pages::Page;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime};
use shared::operations::Error;
use shared::operations::listing::{self, Listing, Window};

#[derive(Serialize)]
struct ScheduleReply {
    schedule_id: String,
    name: String,
    start_datetime: String,
    end_datetime: String,
    created_datetime: String,
    created_user_name: String,
    status: &'static str,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let window = read(request, &bearer);
    let mut parameters = window.as_ref().map(parameters).unwrap_or_default();
    let Listing { schedules, mut next } = listing::list_schedules(app, &bearer, window).await?;
    let mut page = Page::default();
    let mut last = None;
    for (plan, status) in schedules {
        let start = plan.interval.start();
        if !page.takes(&ScheduleReply::from((plan, status))) {
            next = last;
            break;
        }
        last = Some(start);
    }
    let next = next.map(|start| {
        parameters.push(("cursor", cursor::from_instant(&scope(&bearer), start)));
        parameters
    });
    page.answer(request, next)
}

fn read(request: &Request, bearer: &Bearer) -> Result<Window, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let (from, to) = form.window();
    let limit = form.limit();
    let after = form.optional_text("cursor", |text| cursor::to_instant(&scope(bearer), text));
    form.finish(|| Some(Window { from, to, limit, after }))
}

/// What the next page is asked for with, but for its cursor.
fn parameters(window: &Window) -> Vec<(&'static str, String)> {
    let from = window.from.map(|from| ("from", datetime::with_t(from)));
    let to = window.to.map(|to| ("to", datetime::with_t(to)));
    let limit = window.limit.map(|limit| ("limit", limit.to_string()));
    [from, to, limit].into_iter().flatten().collect()
}

fn scope(bearer: &Bearer) -> Scope<'_> {
    Scope { tenant: &bearer.tenant, list: "schedules" }
}

impl From<(Plan, Status)> for ScheduleReply {
    fn from((plan, status): (Plan, Status)) -> Self {
        Self {
            schedule_id: plan.id.to_string(),
            name: plan.name.as_str().to_owned(),
            start_datetime: datetime::with_t(plan.interval.start()),
            end_datetime: datetime::with_t(plan.interval.end()),
            created_datetime: datetime::with_t(plan.created_at),
            created_user_name: plan.created_by,
            status: status.as_str(),
        }
    }
}
