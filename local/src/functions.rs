//! Every function by its name, invoked with an event as Lambda does.

use lambda_http::lambda_runtime::{LambdaEvent, tower::Service};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, Error, service_fn};
use serde_json::Value;
use shared::app::App;
use shared::http::{Route, edge};
use shared::lambda::{EventHandler, answer_event};

#[derive(Clone, Copy)]
pub enum Function {
    Http(Route),
    Events(EventHandler),
}

/// `None` when there is no such function.
#[must_use]
pub fn named(name: &str) -> Option<Function> {
    Some(match name {
        "auth" => Function::Http(auth::route),
        "schedule" => Function::Http(schedule::route),
        "delivery-view" => Function::Http(delivery_view::route),
        "user" => Function::Http(user::route),
        "chat" => Function::Http(chat::route),
        "tenant" => Function::Events(tenant::handle),
        "sweeper" => Function::Events(sweeper::handle),
        _ => return None,
    })
}

/// The function behind a path; what is nobody's path goes to `auth`, as in the deployment.
#[must_use]
pub fn behind(path: &str) -> &'static str {
    match path {
        "/api/schedule" => "schedule",
        "/api/delivery" | "/api/view" => "delivery-view",
        "/api/user" => "user",
        "/api/chat" => "chat",
        _ => "auth",
    }
}

/// Event in, answer out, both JSON.
///
/// # Errors
/// When the event is none for this function, or the function says so.
pub async fn invoke(app: &App, function: Function, event: Value) -> Result<Value, String> {
    match function {
        Function::Events(handler) => answer_event(app, handler, event, &app.random.uuid().to_string()).await,
        Function::Http(route) => {
            let request: LambdaRequest = serde_json::from_value(event).map_err(|error| error.to_string())?;
            let service = service_fn(|event| async move { Ok::<_, Error>(edge::serve(app, route, event).await) });
            let event = LambdaEvent::new(request, Context::default());
            let response = Adapter::from(service).call(event).await.map_err(|error| error.to_string())?;
            serde_json::to_value(response).map_err(|error| error.to_string())
        }
    }
}
