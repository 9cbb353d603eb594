//! The edge of every function: what all requests and answers have in common.
//!
//! Routing, request ids, cross-origin headers, deadlines, caught panics, the rendering of refusals, and
//! the one log line of a request are here and nowhere else.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use lambda_http::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use lambda_http::{Body, Response};
use serde_json::{Map, Value, json};

use super::ApiResult;
use super::compression;
use super::event::{Event, Invocation};
use super::refusal::{Kind, Refusal};
use super::request::Request;
use super::response::Reply;
use super::routes::{self, Readers, Route};
use crate::app::App;
use crate::operations::Error;
use crate::platform::clock::Clock;
use crate::platform::telemetry::{self, Level};

/// Time kept back from the deadline to write the answer.
const TO_ANSWER: Duration = Duration::from_millis(500);

/// Answers one event of the gateway. Never fails: what goes wrong is an answer too.
pub async fn serve(app: &App, table: &'static [Route], event: &Event, invocation: &Invocation) -> Response<Body> {
    let started = telemetry::now();
    let mut request = Request::new(event, invocation, app.random.uuid().to_string(), Clock::default().now_millis());
    let at_path = request.find(table, event);
    let first = at_path.as_ref().ok().and_then(|routes| routes.first());
    let readers = first.map(|route| route.readers).unwrap_or_default();
    if request.method == Method::OPTIONS && readers != Readers::None {
        return response(app, &request, readers, preflight(&request, at_path.as_deref().unwrap_or_default()));
    }
    let route = at_path.and_then(|routes| chosen(&request, &routes));
    let name = route.as_ref().ok().copied();
    let (result, record) = telemetry::observe(answer(app, route, &request)).await;
    let stands_for = if result.is_ok() { record.stands_for(&app.poll_lines) } else { Some(1) };
    if let Some(stands_for) = stands_for {
        let mut line = record.into_json();
        line.insert("ms".to_owned(), json!(started.elapsed().as_millis()));
        line.insert("stands_for".to_owned(), json!(stands_for));
        log(line, &request, name, &result);
    }
    let reply = result.unwrap_or_else(|refusal| rendered(&refusal, &request));
    response(app, &request, readers, reply)
}

/// The route that a request is for, among those of its path.
fn chosen(request: &Request, at_path: &[&'static Route]) -> Result<&'static Route, Refusal> {
    routes::of_method(at_path, request.method.as_str())
        .ok_or_else(|| Refusal::MethodNotAllowed(routes::allowed(at_path)))
}

async fn answer(app: &App, route: Result<&Route, Refusal>, request: &Request) -> Result<Reply, Refusal> {
    let result = within_time(app, route?, request).await;
    // Only our own 500s count for the alarm that rolls a deployment back; a failing dependency is no fault of this version.
    if let Err(Error::Internal(_)) = result {
        telemetry::metric("InternalErrors", 1, "Count");
    }
    result.map_err(Refusal::from)
}

async fn within_time(app: &App, route: &Route, request: &Request) -> ApiResult {
    let work = AssertUnwindSafe((route.handler)(app, request)).catch_unwind();
    let result = match request.time_left {
        None => Ok(work.await),
        Some(left) => tokio::time::timeout(left.saturating_sub(TO_ANSWER), work).await,
    };
    match result {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(Error::Internal("a handler panicked".to_owned())),
        Err(_elapsed) => Err(Error::Unavailable("the function's time is up".to_owned())),
    }
}

fn log(mut line: Map<String, Value>, request: &Request, route: Option<&Route>, result: &Result<Reply, Refusal>) {
    let (status, code) = match result {
        Ok(reply) => (reply.status, reply.code),
        Err(refusal) => {
            let Kind { status, code } = refusal.describe().kind;
            (status, code)
        }
    };
    line.insert("request_id".to_owned(), json!(request.id));
    if !request.invocation.is_empty() {
        line.insert("invocation".to_owned(), json!(request.invocation));
    }
    // The path as the table has it: a path that is no route of ours, or its parameters, may hold anything.
    let name = route.map_or_else(|| "unknown".to_owned(), |route| format!("{} {}", request.method, route.path));
    line.insert("route".to_owned(), json!(name));
    if let Some(route) = route {
        line.insert("operation".to_owned(), json!(route.operation));
    }
    line.insert("status".to_owned(), json!(status.as_u16()));
    line.insert("code".to_owned(), json!(code));
    if let Some(cause) = result.as_ref().err().and_then(Refusal::cause) {
        line.insert("cause".to_owned(), json!(cause));
    }
    // An answer is no fault, whatever its status: players are told 503 while they wait for a broadcast.
    let is_fault = result.is_err() && status.is_server_error();
    telemetry::emit(if is_fault { Level::Error } else { Level::Info }, line);
}

fn rendered(refusal: &Refusal, request: &Request) -> Reply {
    let body = refusal.body(&request.id, request.language());
    let content_type = if body.is_empty() { "" } else { "application/problem+json" };
    let Kind { status, code } = refusal.describe().kind;
    Reply { status, code, content_type, body, headers: refusal.headers() }
}

/// Whatever headers a page means to send are allowed: no cookie is involved.
fn preflight(request: &Request, at_path: &[&Route]) -> Reply {
    let methods = if at_path.is_empty() { "GET, POST, PATCH, DELETE".to_owned() } else { routes::allowed(at_path) };
    let asked = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).and_then(|asked| asked.to_str().ok());
    let headers = asked.unwrap_or("authorization, content-type, accept-language, idempotency-key");
    Reply::empty(StatusCode::NO_CONTENT)
        .with("access-control-allow-methods", methods)
        .with("access-control-allow-headers", headers.to_owned())
        .with("access-control-max-age", "7200".to_owned())
}

fn response(app: &App, request: &Request, readers: Readers, reply: Reply) -> Response<Body> {
    // What is unchanged depends on what it stands for (RFC 9110, section 15.4.5).
    let is_compressible = compression::is_compressible(&reply.body) || reply.status == StatusCode::NOT_MODIFIED;
    let has_body = !reply.body.is_empty() && request.method != Method::HEAD;
    let gzip = if is_compressible && has_body && request.takes_gzip { compression::gzip(&reply.body) } else { None };
    let is_gzip = gzip.is_some();
    let mut response = Response::new(match gzip {
        Some(bytes) => Body::Binary(bytes),
        None if has_body => Body::Text(reply.body),
        None => Body::Empty,
    });
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    if !reply.content_type.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    }
    let id = [("x-request-id", request.id.clone())];
    for (name, value) in reply.headers.into_iter().chain(id).chain(cross_origin(app, request, readers)) {
        let value = if is_gzip && name == "etag" { weak(value) } else { value };
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if let Some(vary) = vary(depends_on_origin(app, readers), is_compressible) {
        headers.insert(header::VARY, HeaderValue::from_static(vary));
    }
    if is_gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// A tag that stands for the plain form and for gzip alike (RFC 9110, section 8.8.3).
fn weak(tag: String) -> String {
    if tag.starts_with("W/") { tag } else { format!("W/{tag}") }
}

/// What a cache keeps for one origin, or one coding, is not for another, or for none.
fn vary(by_origin: bool, by_coding: bool) -> Option<&'static str> {
    match (by_origin, by_coding) {
        (true, true) => Some("Origin, Accept-Encoding"),
        (true, false) => Some("Origin"),
        (false, true) => Some("Accept-Encoding"),
        (false, false) => None,
    }
}

/// Whether the answer says which origin may read it.
fn depends_on_origin(app: &App, readers: Readers) -> bool {
    readers == Readers::Configured && !app.cors_origins.is_empty() && !is_for_any_origin(app, readers)
}

fn is_for_any_origin(app: &App, readers: Readers) -> bool {
    readers == Readers::All || readers == Readers::Configured && app.cors_origins.iter().any(|allowed| allowed == "*")
}

/// Tokens travel in a header that scripts set themselves, never in cookies, so `*` gives nothing away.
fn cross_origin(app: &App, request: &Request, readers: Readers) -> Vec<(&'static str, String)> {
    let allowed = if is_for_any_origin(app, readers) {
        Some("*")
    } else if depends_on_origin(app, readers) {
        request.origin().filter(|origin| app.cors_origins.iter().any(|allowed| allowed == origin))
    } else {
        None
    };
    let Some(origin) = allowed else { return Vec::new() };
    vec![
        ("access-control-allow-origin", origin.to_owned()),
        ("access-control-expose-headers", "x-request-id, link, retry-after, allow".to_owned()),
    ]
}
