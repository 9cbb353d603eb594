//! Planned broadcasts.

use std::pin::Pin;

use shared::app::App;
use shared::http::ApiResult;
use shared::http::request::Request;
use shared::operations::Error;

mod list_schedules;
mod create_schedule;
mod update_schedule;
mod delete_schedule;

/// From method and path to the operation.
#[must_use]
pub fn route<'a>(app: &'a App, request: &'a Request) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>> {
    Box::pin(async move {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/api/schedule") => list_schedules::handle(app, request).await,
            ("POST", "/api/schedule") => create_schedule::handle(app, request).await,
            ("PATCH", "/api/schedule") => update_schedule::handle(app, request).await,
            ("DELETE", "/api/schedule") => delete_schedule::handle(app, request).await,
            (_, "/api/schedule") => Err(Error::MethodNotAllowed("GET, POST, PATCH, DELETE")),
            _ => Err(Error::RouteNotFound),
        }
    })
}
