//! `GET /api/user`: the users of the tenant by their number; all of them, or a page at a time.

use serde::{Serialize, Serializer};
use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::permission::{Permission, Permissions};
use shared::domain::user::User;
use shared::http::cursor::{self, Scope};
use shared::http::form::Form;
use shared::http::pages::Page;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime};
use shared::operations::Error;
use shared::operations::users::{self, Part};

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
    let part = read(request, &bearer);
    let limit = part.as_ref().ok().and_then(|part| part.limit);
    let mut page = Page::default();
    let next = users::list_users(app, &bearer, part, |user| page.takes(&UserReply::from(user))).await?;
    let next = next.map(|last| {
        let limit = limit.map(|limit| ("limit", limit.to_string()));
        limit.into_iter().chain([("cursor", cursor::from_user(&scope(&bearer), last))]).collect()
    });
    page.answer(request, next)
}

fn read(request: &Request, bearer: &Bearer) -> Result<Part, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let limit = form.limit();
    let after = form.optional_text("cursor", |text| cursor::to_user(&scope(bearer), text));
    form.finish(|| Some(Part { limit, after }))
}

fn scope(bearer: &Bearer) -> Scope<'_> {
    Scope { tenant: &bearer.tenant, list: "users" }
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
