//! The edge of every function: what all requests and answers have in common.
//!
//! Request ids, cross-origin headers, deadlines, caught panics, the rendering of refusals, and the one
//! log line of a request are here and nowhere else.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use lambda_http::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use lambda_http::{Body, Response};
use serde_json::{Map, Value, json};

use super::request::Request;
use super::response::Reply;
use super::{ApiResult, Route, problem};
use crate::app::App;
use crate::operations::Error;
use crate::platform::telemetry;

/// Time kept back from the deadline to write the answer.
const TO_ANSWER: Duration = Duration::from_millis(500);

/// Answers one event of the gateway. Never fails: what goes wrong is an answer too.
pub async fn serve(app: &App, route: Route, event: lambda_http::Request) -> Response<Body> {
    let started = telemetry::now();
    let request =
        Request::new(event, app.random.uuid().to_string(), crate::platform::clock::Clock::default().now_millis());
    if request.method == Method::OPTIONS {
        return preflight(app, &request);
    }
    let (result, record) = telemetry::observe(answer(app, route, &request)).await;
    let mut line = record.into_json();
    line.insert("ms".to_owned(), json!(started.elapsed().as_millis()));
    log(line, &request, &result);
    let mut response = match result {
        Ok(Reply { body, headers }) => with_body(StatusCode::OK, "application/json", body, headers),
        Err(error) => {
            let status = StatusCode::from_u16(problem::status_and_code(&error).0).unwrap_or_default();
            let body = problem::body(&error, &request.id, request.language());
            with_body(status, "application/problem+json", body, problem::headers(&error))
        }
    };
    add_common_headers(app, &request, &mut response);
    response
}

async fn answer(app: &App, route: Route, request: &Request) -> ApiResult {
    let work = AssertUnwindSafe(route(app, request)).catch_unwind();
    let result = match request.time_left {
        None => Ok(work.await),
        Some(left) => tokio::time::timeout(left.saturating_sub(TO_ANSWER), work).await,
    };
    let result = match result {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(Error::Internal("a handler panicked".to_owned())),
        Err(_elapsed) => Err(Error::Unavailable("the function's time is up".to_owned())),
    };
    // An error of a dependency is not one of this version, so it shall move no deployment back.
    if let Err(Error::Internal(_)) = result {
        telemetry::metric("InternalErrors", 1, "Count");
    }
    result
}

fn log(mut line: Map<String, Value>, request: &Request, result: &ApiResult) {
    let (status, code) = match result {
        Ok(_) => (200, "ok"),
        Err(error) => problem::status_and_code(error),
    };
    line.insert("request_id".to_owned(), json!(request.id));
    if !request.invocation.is_empty() {
        line.insert("invocation".to_owned(), json!(request.invocation));
    }
    line.insert("route".to_owned(), json!(route_name(request, result)));
    line.insert("status".to_owned(), json!(status));
    line.insert("code".to_owned(), json!(code));
    line.insert("cold".to_owned(), json!(telemetry::is_first()));
    if let Some(cause) = result.as_ref().err().and_then(problem::cause) {
        line.insert("cause".to_owned(), json!(cause));
    }
    telemetry::emit(&Value::Object(line));
}

/// Method and path; a path that is no route of ours may hold anything and is not written down.
fn route_name(request: &Request, result: &ApiResult) -> String {
    match result {
        Err(Error::RouteNotFound | Error::MethodNotAllowed(_)) => "unknown".to_owned(),
        _ => format!("{} {}", request.method, request.path),
    }
}

fn preflight(app: &App, request: &Request) -> Response<Body> {
    let headers = vec![
        ("access-control-allow-methods", "GET, POST, PATCH, DELETE".to_owned()),
        ("access-control-allow-headers", "authorization, content-type, accept-language, idempotency-key".to_owned()),
        ("access-control-max-age", "7200".to_owned()),
    ];
    let mut response = with_body(StatusCode::NO_CONTENT, "", String::new(), headers);
    add_common_headers(app, request, &mut response);
    response
}

fn with_body(
    status: StatusCode,
    content_type: &'static str,
    body: String,
    headers: Vec<(&'static str, String)>,
) -> Response<Body> {
    let mut response = Response::new(if body.is_empty() { Body::Empty } else { Body::Text(body) });
    *response.status_mut() = status;
    if !content_type.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn add_common_headers(app: &App, request: &Request, response: &mut Response<Body>) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(&request.id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    let Some(allowed) = allowed_origin(app, request) else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    let exposed = HeaderValue::from_static("x-request-id, link, retry-after, allow");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// Tokens travel in a header that scripts set themselves, never in cookies, so `*` gives nothing away.
fn allowed_origin(app: &App, request: &Request) -> Option<HeaderValue> {
    if app.cors_origins.iter().any(|allowed| allowed == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    let origin = request.origin()?;
    app.cors_origins.iter().any(|allowed| allowed == origin).then(|| HeaderValue::from_str(origin).ok()).flatten()
}
