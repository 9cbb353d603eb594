//! `PATCH /api/chat/settings`: opens or closes a chat, and slows it down.

use shared::app::App;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::Error;
use shared::operations::moderating::{self, RulesChange};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    moderating::update_chat_settings(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<RulesChange, Error> {
    let mut form = Form::of_body(request)?;
    let schedule = form.schedule_id();
    let (is_open, slow_seconds) = form.chat_rules();
    form.finish(|| Some(RulesChange { schedule: schedule?, is_open, slow_seconds }))
}
