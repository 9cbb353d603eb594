//! `PATCH /api/access-code`: a new word for all of the tenant's users to log in with.

use shared::app::App;
use shared::domain::access_code::AccessCode;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::{Error, passwords};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    passwords::change_access_code(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<AccessCode, Error> {
    let mut form = Form::of_body(request)?;
    let access_code = form.secret("access_code", AccessCode::parse);
    form.finish(|| access_code)
}
