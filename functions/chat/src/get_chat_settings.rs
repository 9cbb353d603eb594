//! `GET /api/chat/settings`: whether a chat is open, how slow it is, and how many take part.

use serde::Serialize;
use shared::app::App;
use shared::domain::ids::ScheduleId;
use shared::domain::room::Room;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::{Error, moderating};

#[derive(Serialize)]
struct SettingsReply {
    ok: bool,
    is_open: bool,
    slow_seconds: i64,
    posted: usize,
    muted: usize,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let Room { rules, posted, muted } = moderating::get_chat_settings(app, &bearer, read(request)).await?;
    let (is_open, slow_seconds) = (rules.is_open, rules.slow_seconds);
    response::json(&SettingsReply { ok: true, is_open, slow_seconds, posted, muted })
}

fn read(request: &Request) -> Result<ScheduleId, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let id = form.schedule_id();
    form.finish(|| id)
}
