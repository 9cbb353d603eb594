//! `DELETE /api/chat/mute`: the user may post again.

use shared::app::App;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::Error;
use shared::operations::moderating::{self, Guest};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    moderating::unmute_user(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<Guest, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let (schedule, user) = (form.schedule_id(), form.user_id());
    form.finish(|| Some(Guest { schedule: schedule?, user: user? }))
}
