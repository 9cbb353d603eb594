//! `GET /api/delivery`: the channel to publish to.

use serde::Serialize;
use shared::app::App;
use shared::domain::ids::ScheduleId;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::{Error, broadcasts};

#[derive(Serialize)]
struct DeliveryReply {
    channel_id: String,
    sora_url: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let channel = broadcasts::get_delivery(app, &bearer, read(request)).await?;
    response::json(&DeliveryReply { channel_id: channel.channel_id, sora_url: channel.sora_url })
}

fn read(request: &Request) -> Result<ScheduleId, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let id = form.schedule_id();
    form.finish(|| id)
}
