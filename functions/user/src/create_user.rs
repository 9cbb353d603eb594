//! `POST /api/user`: a new user of the tenant.

use serde::Serialize;
use shared::app::App;
use shared::domain::email::Email;
use shared::domain::password::Password;
use shared::domain::user::{NewUser, UserName};
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::idempotency::Keyed;
use shared::operations::{Error, users};

#[derive(Serialize)]
struct CreateUserReply {
    ok: bool,
    user_id: i64,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let id = users::create_user(app, &bearer, read(request)).await?;
    response::json(&CreateUserReply { ok: true, user_id: id.0 })
}

fn read(request: &Request) -> Result<Keyed<NewUser>, Error> {
    let mut form = Form::of_body(request)?;
    let name = form.text("name", UserName::parse);
    let email = form.text("email", Email::parse);
    let password = form.secret("password", Password::parse);
    let permissions = form.permissions();
    form.finish_keyed(|| Some(NewUser { name: name?, email: email?, password: password?, permissions: permissions? }))
}
