//! The chat of a broadcast.

use std::pin::Pin;

use shared::app::App;
use shared::http::ApiResult;
use shared::http::request::Request;
use shared::operations::Error;

mod list_messages;
mod post_message;

/// From method and path to the operation.
#[must_use]
pub fn route<'a>(app: &'a App, request: &'a Request) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>> {
    Box::pin(async move {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/api/chat") => list_messages::handle(app, request).await,
            ("POST", "/api/chat") => post_message::handle(app, request).await,
            (_, "/api/chat") => Err(Error::MethodNotAllowed("GET, POST")),
            _ => Err(Error::RouteNotFound),
        }
    })
}
