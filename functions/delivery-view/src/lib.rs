//! What a presenter needs to publish, and a viewer to watch.

use std::pin::Pin;

use shared::app::App;
use shared::http::ApiResult;
use shared::http::request::Request;
use shared::operations::Error;

mod get_delivery;
mod get_view;

/// From method and path to the operation.
#[must_use]
pub fn route<'a>(app: &'a App, request: &'a Request) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>> {
    Box::pin(async move {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/api/delivery") => get_delivery::handle(app, request).await,
            ("GET", "/api/view") => get_view::handle(app, request).await,
            (_, "/api/delivery" | "/api/view") => Err(Error::MethodNotAllowed("GET")),
            _ => Err(Error::RouteNotFound),
        }
    })
}
