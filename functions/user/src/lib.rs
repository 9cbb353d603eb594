//! Users and their permissions.

use std::pin::Pin;

use shared::app::App;
use shared::http::ApiResult;
use shared::http::request::Request;
use shared::operations::Error;

mod list_users;
mod create_user;
mod update_user;
mod delete_user;

/// From method and path to the operation.
#[must_use]
pub fn route<'a>(app: &'a App, request: &'a Request) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>> {
    Box::pin(async move {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/api/user") => list_users::handle(app, request).await,
            ("POST", "/api/user") => create_user::handle(app, request).await,
            ("PATCH", "/api/user") => update_user::handle(app, request).await,
            ("DELETE", "/api/user") => delete_user::handle(app, request).await,
            (_, "/api/user") => Err(Error::MethodNotAllowed("GET, POST, PATCH, DELETE")),
            _ => Err(Error::RouteNotFound),
        }
    })
}
