//! `POST /api/chat/mute`: a user who may not post to a chat for a while.

use shared::app::App;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::Error;
use shared::operations::moderating::{self, Guest, Mute};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    moderating::mute_user(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<Mute, Error> {
    let mut form = Form::of_body(request)?;
    let (schedule, user, seconds) = (form.schedule_id(), form.user_id(), form.mute_seconds());
    form.finish(|| Some(Mute { guest: Guest { schedule: schedule?, user: user? }, seconds }))
}
