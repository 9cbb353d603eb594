//! `GET /api/health`: which version this is, and whether its table answers.

use serde::Serialize;
use shared::app::App;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::Error;

#[derive(Serialize)]
struct HealthReply {
    ok: bool,
    version: &'static str,
}

pub(crate) async fn handle(app: &App, _request: &Request) -> ApiResult {
    if !app.is_healthy().await {
        return Err(Error::Unavailable("the table does not answer".to_owned()));
    }
    response::json(&HealthReply { ok: true, version: env!("CARGO_PKG_VERSION") })
}
