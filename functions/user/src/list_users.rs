//! `GET /api/user`: all users of the tenant, by their number.

use serde::{Serialize, Serializer};
use shared::app::App;
use shared::domain::permission::{Permission, Permissions};
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
    #[serde(serialize_with = "ones_and_zeros")]
    permissions: Permissions,
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
            permissions: user.permissions,
        }
    }
}

/// Each permission by its name: 1 or 0, which is what clients were promised.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn ones_and_zeros<S: Serializer>(held: &Permissions, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(Permission::ALL.map(|permission| (permission.name(), u8::from(held.include(permission)))))
}
