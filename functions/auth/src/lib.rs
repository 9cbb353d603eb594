//! Logging in and out, and what one logs in with.

use std::pin::Pin;

use shared::app::App;
use shared::http::ApiResult;
use shared::http::request::Request;
use shared::operations::Error;

mod login;
mod logout;
mod change_password;
mod change_access_code;
mod get_health;

/// From method and path to the operation.
#[must_use]
pub fn route<'a>(app: &'a App, request: &'a Request) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>> {
    Box::pin(async move {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/api/login") => login::handle(app, request).await,
            ("POST", "/api/logout") => logout::handle(app, request).await,
            ("PATCH", "/api/password") => change_password::handle(app, request).await,
            ("PATCH", "/api/access-code") => change_access_code::handle(app, request).await,
            ("GET", "/api/health") => get_health::handle(app, request).await,
            (_, "/api/login" | "/api/logout") => Err(Error::MethodNotAllowed("POST")),
            (_, "/api/password" | "/api/access-code") => Err(Error::MethodNotAllowed("PATCH")),
            (_, "/api/health") => Err(Error::MethodNotAllowed("GET")),
            _ => Err(Error::RouteNotFound),
        }
    })
}
