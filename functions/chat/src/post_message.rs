//! `POST /api/chat`: say something.

use serde::Serialize;
use shared::app::App;
use shared::domain::message::MessageBody;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, response};
use shared::operations::Error;
use shared::operations::idempotency::Keyed;
use shared::operations::posting::{self, Post};

#[derive(Serialize)]
struct PostReply {
    ok: bool,
    chat_id: String,
    created_datetime: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let id = posting::post_message(app, &bearer, read(request)).await?;
    let created_datetime = datetime::with_space(id.created_at());
    response::json(&PostReply { ok: true, chat_id: id.to_string(), created_datetime })
}

fn read(request: &Request) -> Result<Keyed<Post>, Error> {
    let mut form = Form::of_body(request)?;
    let schedule = form.schedule_id();
    let body = form.text("body", MessageBody::parse);
    form.finish_keyed(|| Some(Post { schedule: schedule?, body: body? }))
}
