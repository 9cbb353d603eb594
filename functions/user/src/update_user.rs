//! `PATCH /api/user`: another name, password or other permissions; what is absent stays.

use shared::app::App;
use shared::domain::password::Password;
use shared::domain::user::{UserChange, UserName};
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::{Error, users};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    users::update_user(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<UserChange, Error> {
    let mut form = Form::of_body(request)?;
    let id = form.user_id();
    let name = form.changed_text("name", UserName::parse);
    let password = form.optional_secret("password", Password::parse);
    let permissions = form.changed_permissions();
    form.finish(|| Some(UserChange { id: id?, name, password, permissions }))
}
