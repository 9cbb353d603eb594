//! `POST /api/calendar`: an address under which one's own calendar program finds the broadcasts.

use serde::Serialize;
use shared::app::App;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, public_address, response};
use shared::operations::{Error, feeds};

#[derive(Serialize)]
struct CalendarReply {
    calendar_url: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let api = public_address::of_api(app, request)
        .ok_or_else(|| Error::Unavailable("neither API_URL nor the gateway says where the API is".to_owned()))?;
    let key = feeds::create_calendar(app, &bearer, read(request)).await?;
    response::json(&CalendarReply { calendar_url: format!("{api}/calendar/{key}.ics") })
}

/// Nothing is asked for; a body may be sent all the same.
fn read(request: &Request) -> Result<(), Error> {
    Form::of_query_or_body(request)?.finish(|| Some(()))
}
