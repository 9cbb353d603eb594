//! `POST /api/schedule`: plan a broadcast and create its channel.

use serde::Serialize;
use shared::app::App;
use shared::domain::schedule::ScheduleName;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::Error;
use shared::operations::idempotency::Keyed;
use shared::operations::schedules::{self, NewSchedule};

#[derive(Serialize)]
struct CreateScheduleReply {
    schedule_id: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let id = schedules::create_schedule(app, &bearer, read(request)).await?;
    response::json(&CreateScheduleReply { schedule_id: id.to_string() })
}

fn read(request: &Request) -> Result<Keyed<NewSchedule>, Error> {
    let mut form = Form::of_body(request)?;
    let interval = form.interval();
    let name = form.text("name", ScheduleName::parse);
    let hls = form.hls_params();
    form.finish_keyed(|| Some(NewSchedule { name: name?, interval: interval?, hls: hls? }))
}
