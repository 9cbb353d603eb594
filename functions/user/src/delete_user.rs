//! `DELETE /api/user`: a user less; what it wrote and planned stays.

use shared::app::App;
use shared::domain::ids::UserId;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::{Error, users};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    users::delete_user(app, &bearer, read(request)).await?;
    response::ok()
}

fn read(request: &Request) -> Result<UserId, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let id = form.user_id();
    form.finish(|| id)
}
