//! What API Gateway does: an HTTP request becomes an event, and the answer becomes HTTP again.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use serde_json::{Value, json};

use crate::apps::Apps;
use crate::event::GatewayRequest;
use crate::functions;

/// Longer than API Gateway's, and short enough to be a URL of an event.
const MAX_URI: usize = 64_000;

/// Every request that is not an invocation.
pub async fn handle(
    State(apps): State<Apps>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if uri.to_string().len() > MAX_URI {
        return plain(StatusCode::URI_TOO_LONG, "URI too long");
    }
    let name = functions::behind(uri.path());
    let Some(function) = functions::named(name) else {
        return plain(StatusCode::NOT_FOUND, "no such function");
    };
    let app = apps.of(name);
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = GatewayRequest {
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: body.to_vec(),
        source_ip: peer.ip().to_string(),
        id: app.random.uuid().to_string(),
        time: app.clock.now(),
        query: uri.query().unwrap_or_default().to_owned(),
        route_key: functions::route_key(method.as_str(), uri.path()),
        ..GatewayRequest::new(method.as_str(), uri.path())
    };
    // As a function does, it goes on when its client hangs up.
    let invoked = crate::spawn(async move { functions::invoke(&app, function, request.payload_2()).await });
    match invoked.await.unwrap_or_else(|panicked| Err(panicked.to_string())) {
        Ok(answer) if method == Method::HEAD => response(&answer).map(|_| of_unknown_length()),
        Ok(answer) => response(&answer),
        // What a gateway answers when a function fails.
        Err(error) => plain(StatusCode::BAD_GATEWAY, &error),
    }
}

/// `POST /2015-03-31/functions/{name}/invocations`, as `aws lambda invoke` sends it.
pub async fn invoke(State(apps): State<Apps>, Path(name): Path<String>, body: Bytes) -> Response<Body> {
    let Some(function) = functions::named(&name) else {
        let error = json!({"Type": "User", "Message": format!("Function not found: {name}")});
        return with_json(StatusCode::NOT_FOUND, &error);
    };
    let event = match serde_json::from_slice(&body) {
        Ok(event) => event,
        Err(error) => {
            let error = json!({"Type": "User", "Message": format!("Could not parse request body into json: {error}")});
            return with_json(StatusCode::BAD_REQUEST, &error);
        }
    };
    match functions::invoke(&apps.of(&name), function, event).await {
        Ok(answer) => with_json(StatusCode::OK, &answer),
        Err(error) => {
            let mut response = with_json(StatusCode::OK, &json!({"errorType": "Error", "errorMessage": error}));
            response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
            response
        }
    }
}

fn response(answer: &Value) -> Response<Body> {
    let status = answer["statusCode"].as_u64().and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    let body = answer["body"].as_str().unwrap_or_default();
    let body = if answer["isBase64Encoded"] == json!(true) {
        STANDARD.decode(body).unwrap_or_default()
    } else {
        body.as_bytes().to_vec()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        if let (Ok(name), Some(Ok(value))) =
            (HeaderName::try_from(name.as_str()), value.as_str().map(HeaderValue::from_str))
        {
            response.headers_mut().insert(name, value);
        }
    }
    for (name, values) in answer["multiValueHeaders"].as_object().into_iter().flatten() {
        let Ok(name) = HeaderName::try_from(name.as_str()) else { continue };
        response.headers_mut().remove(&name);
        for value in values.as_array().into_iter().flatten() {
            if let Some(Ok(value)) = value.as_str().map(HeaderValue::from_str) {
                response.headers_mut().append(name.clone(), value);
            }
        }
    }
    response
}

/// No body, and no `Content-Length: 0` that would say so of a GET, too.
fn of_unknown_length() -> Body {
    Body::from_stream(stream::empty::<Result<Bytes, Infallible>>())
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    with_json(status, &json!({"message": text}))
}

/// Any JSON with any status.
pub fn with_json(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
