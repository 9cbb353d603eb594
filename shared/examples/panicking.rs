//! A function with a handler that panics: what the edge makes of it, in a release build under the emulator.
//!
//! `GET /api/panic` panics, whatever else is asked answers 200.

#![expect(clippy::unused_async, reason = "a handler is asynchronous, whatever it does")]

use shared::app::App;
use shared::http::request::Request;
use shared::http::{ApiResult, response};

shared::routes! {
    GET "/api/panic" => panic;
    GET "/api/user" => work;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::lambda::run(ROUTES).await
}

mod panic {
    use super::{ApiResult, App, Request};

    pub(crate) async fn handle(_app: &App, _request: &Request) -> ApiResult {
        panic!("asked to panic")
    }
}

mod work {
    use super::{ApiResult, App, Request, response};

    pub(crate) async fn handle(_app: &App, _request: &Request) -> ApiResult {
        response::ok()
    }
}
