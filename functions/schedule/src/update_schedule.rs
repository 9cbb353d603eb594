//! `PATCH /api/schedule`: rename and move a broadcast in place; its channel stays.

use shared::app::App;
use shared::domain::schedule::ScheduleName;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::Error;
use shared::operations::schedules::{self, ScheduleChange};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    schedules::update_schedule(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<ScheduleChange, Error> {
    let mut form = Form::of_body(request)?;
    let id = form.schedule_id();
    let interval = form.interval();
    let name = form.text("name", ScheduleName::parse);
    form.finish(|| Some(ScheduleChange { id: id?, name: name?, interval: interval? }))
}
