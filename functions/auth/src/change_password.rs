//! `PATCH /api/password`: a new password for the caller.

use shared::app::App;
use shared::domain::password::Password;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::{Error, passwords};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    passwords::change_password(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<Password, Error> {
    let mut form = Form::of_body(request)?;
    let password = form.secret("password", Password::parse);
    form.finish(|| password)
}
