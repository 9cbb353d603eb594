//! `DELETE /api/chat`: take a message away.

use shared::app::App;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::Error;
use shared::operations::moderating::{self, Named};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    moderating::delete_message(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<Named, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let schedule = form.schedule_id();
    let message = form.chat_id();
    form.finish(|| Some(Named { schedule: schedule?, message: message? }))
}
