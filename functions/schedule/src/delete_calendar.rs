//! `DELETE /api/calendar`: the address of one's own calendar works no more.

use shared::app::App;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::{Error, feeds};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    feeds::delete_calendar(app, &bearer, read(request)).await?;
    response::ok()
}

/// Nothing is asked for; a body may be sent all the same.
fn read(request: &Request) -> Result<(), Error> {
    Form::of_query_or_body(request)?.finish(|| Some(()))
}
