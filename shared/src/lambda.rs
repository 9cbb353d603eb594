//! How a function runs on Lambda.

use std::pin::Pin;

use lambda_http::{Error, LambdaEvent, lambda_runtime, service_fn};
use serde_json::{Value, json};

use crate::app::App;
use crate::http::Route;
use crate::http::edge;
use crate::http::event::{Event, Invocation};
use crate::platform::telemetry::{self, Level};

/// Serves the routes until Lambda ends the process.
///
/// # Errors
/// When the environment is incomplete; the message names what is missing.
pub async fn run(routes: &'static [Route]) -> Result<(), Error> {
    let app = App::from_env().await?;
    let app = &app;
    let service = service_fn(move |event: LambdaEvent<Event>| async move {
        let LambdaEvent { payload, context } = event;
        let invocation = Invocation { id: context.request_id, deadline: context.deadline };
        Ok::<_, Error>(answer_request(app, routes, &payload, &invocation).await)
    });
    lambda_runtime::run(service).await
}

/// An event of the gateway in, its answer out. Never fails.
pub async fn answer_request(app: &App, routes: &'static [Route], event: &Event, invocation: &Invocation) -> Value {
    event.answer(edge::serve(app, routes, event, invocation).await)
}

/// What becomes of an event that is no request: its answer, or a line that says what is wrong with it.
pub type EventResult = Result<Value, String>;

/// A function behind no API. It is told Lambda's id of the request.
pub type EventHandler = for<'a> fn(&'a App, Value, &'a str) -> Pin<Box<dyn Future<Output = EventResult> + Send + 'a>>;

/// Serves events until Lambda ends the process.
///
/// # Errors
/// When the environment is incomplete; the message names what is missing.
pub async fn run_on_events(handler: EventHandler) -> Result<(), Error> {
    let app = App::from_env().await?;
    let app = &app;
    let service = service_fn(move |event: LambdaEvent<Value>| async move {
        answer_event(app, handler, event.payload, &event.context.request_id).await.map_err(Error::from)
    });
    lambda_runtime::run(service).await
}

/// Carries out one event and logs what it cost.
pub async fn answer_event(app: &App, handler: EventHandler, event: Value, request_id: &str) -> EventResult {
    let started = telemetry::now();
    let (result, record) = telemetry::observe(handler(app, event, request_id)).await;
    let mut line = record.into_json();
    line.insert("request_id".to_owned(), json!(request_id));
    line.insert("ms".to_owned(), json!(started.elapsed().as_millis()));
    line.insert("outcome".to_owned(), json!(if result.is_ok() { "ok" } else { "failed" }));
    if let Err(cause) = &result {
        line.insert("cause".to_owned(), json!(cause));
    }
    telemetry::emit(if result.is_ok() { Level::Info } else { Level::Error }, line);
    result
}
