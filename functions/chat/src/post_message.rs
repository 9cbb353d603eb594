//! `POST /api/chat`: say something.

use shared::app::App;
use shared::domain::message::MessageBody;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::Error;
use shared::operations::chat::{self, Post};
use shared::operations::idempotency::Keyed;

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    chat::post_message(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<Keyed<Post>, Error> {
    let mut form = Form::of_body(request)?;
    let schedule = form.schedule_id();
    let body = form.text("body", MessageBody::parse);
    form.finish_keyed(|| Some(Post { schedule: schedule?, body: body? }))
}
