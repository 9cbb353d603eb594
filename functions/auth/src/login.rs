//! `POST /api/login`: a token for an e-mail address, a password and the tenant's access code.

use serde::Serialize;
use shared::app::App;
use shared::domain::access_code::AccessCode;
use shared::domain::email::Email;
use shared::domain::password::Password;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, response};
use shared::operations::Error;
use shared::operations::sessions::{self, Login};

#[derive(Serialize)]
struct LoginReply {
    token: String,
    expires_at: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let session = sessions::login(app, &request.source, read(request)).await?;
    response::json(&LoginReply { token: session.token, expires_at: datetime::with_slashes(session.expires_at) })
}

fn read(request: &Request) -> Result<Login, Error> {
    let mut form = Form::of_body(request)?;
    let email = form.text("email", Email::parse);
    // A password that no account can have is a failed log-in like any other.
    let password = form.secret("password", |text| Ok(Password::parse(text).ok()));
    let access_code = form.secret("access_code", AccessCode::parse);
    form.finish(|| Some(Login { email: email?, password: password?, access_code: access_code? }))
}
