//! `POST /api/delivery/reset`: makes every publish token of a schedule void.

use shared::app::App;
use shared::domain::ids::ScheduleId;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::{Error, broadcasts};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    broadcasts::reset_delivery(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<ScheduleId, Error> {
    let mut form = Form::of_body(request)?;
    let id = form.schedule_id();
    form.finish(|| id)
}
