//! `POST /hooks/imageflux/{key}/event`: what happens on a channel.

use shared::app::App;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::hooks::{self, Sent};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    match hooks::record_event(app, request.path_parameter("key"), request.object()).await? {
        Sent::Nowhere => Ok(response::nothing()),
        Sent::Answered(()) => response::ok(),
    }
}
