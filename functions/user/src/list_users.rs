//! `GET /api/user`: all users of the tenant, by their number.

use serde::Serialize;
use shared::app::App;
use shared::domain::permission::Permissions;
use shared::domain::user::User;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, response};
use shared::operations::{Error, users};

#[derive(Serialize)]
struct UserReply {
    user_id: i64,
    name: String,
    email: String,
    is_master: bool,
    created_datetime: String,
    permissions: PermissionsReply,
}

/// 1 or 0, as the document prints them.
#[derive(Serialize)]
struct PermissionsReply {
    delivery: u8,
    view: u8,
    schedule: u8,
    user: u8,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let users = users::list_users(app, &bearer, read(request)).await?;
    response::json(&users.into_iter().map(UserReply::from).collect::<Vec<_>>())
}

fn read(request: &Request) -> Result<(), Error> {
    Form::of_query_or_body(request)?.finish(|| Some(()))
}

impl From<User> for UserReply {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id.0,
            name: user.name.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
            is_master: user.is_master,
            created_datetime: datetime::with_space(user.created_at),
            permissions: user.permissions.into(),
        }
    }
}

impl From<Permissions> for PermissionsReply {
    fn from(permissions: Permissions) -> Self {
        let Permissions { delivery, view, schedule, user } = permissions;
        Self { delivery: delivery.into(), view: view.into(), schedule: schedule.into(), user: user.into() }
    }
}
