//! A function with a handler that panics: what the edge makes of it, in a release build under the emulator.
//!
//! `GET /api/panic` panics, whatever else is asked answers 200.

use std::pin::Pin;

use shared::app::App;
use shared::http::ApiResult;
use shared::http::request::Request;
use shared::http::response;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(route).await
}

fn route<'a>(_app: &'a App, request: &'a Request) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>> {
    Box::pin(async move {
        assert!(request.path != "/api/panic", "asked to panic");
        response::ok()
    })
}
