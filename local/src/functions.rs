//! Every function by its name, invoked with an event as Lambda does.

use serde_json::Value;
use shared::app::App;
use shared::http::Route;
use shared::http::event::Invocation;
use shared::lambda::{EventHandler, answer_event, answer_request};

/// The functions behind the API and what each answers. What is nobody's path goes to the first, as in the deployment.
pub const API: &[(&str, &[Route])] = &[
    ("auth", auth::ROUTES),
    ("schedule", schedule::ROUTES),
    ("delivery-view", delivery_view::ROUTES),
    ("user", user::ROUTES),
    ("chat", chat::ROUTES),
];

/// What ImageFlux calls, behind an API of its own.
pub const HOOKS: (&str, &[Route]) = ("webhook", webhook::ROUTES);

/// The key of API Gateway's route for whatever has no other.
const DEFAULT_ROUTE: &str = "$default";

#[derive(Clone, Copy)]
pub enum Function {
    Http(&'static [Route]),
    Events(EventHandler),
}

/// `None` when there is no such function.
#[must_use]
pub fn named(name: &str) -> Option<Function> {
    if let Some((_, routes)) = behind_gateways().find(|(function, _)| *function == name) {
        return Some(Function::Http(routes));
    }
    match name {
        "tenant" => Some(Function::Events(tenant::handle)),
        "sweeper" => Some(Function::Events(sweeper::handle)),
        _ => None,
    }
}

/// The function that API Gateway sends a path's requests to.
#[must_use]
pub fn behind(path: &str) -> &'static str {
    behind_gateways().find(|(_, routes)| routes.iter().any(|route| route.is_gateway_path_of(path))).unwrap_or(&API[0]).0
}

/// On this machine both APIs have one address.
fn behind_gateways() -> impl Iterator<Item = &'static (&'static str, &'static [Route])> {
    API.iter().chain([&HOOKS])
}

/// The key of the gateway's route for a request: one for the method, one for all methods of the path, or the default.
#[must_use]
pub fn route_key(method: &str, path: &str) -> String {
    let routes = behind_gateways().flat_map(|(_, routes)| *routes);
    let at_path: Vec<&Route> = routes.filter(|route| route.is_gateway_path_of(path)).collect();
    let Some(first) = at_path.first() else { return DEFAULT_ROUTE.to_owned() };
    let method = if at_path.iter().any(|route| route.method == method) { method } else { "ANY" };
    format!("{method} {}", first.gateway_path())
}

/// Event in, answer out, both JSON.
///
/// # Errors
/// When the function says so; what is behind the API answers whatever it is given.
pub async fn invoke(app: &App, function: Function, event: Value) -> Result<Value, String> {
    match function {
        Function::Events(handler) => answer_event(app, handler, event, &app.random.uuid().to_string()).await,
        Function::Http(routes) => Ok(answer_request(app, routes, &event.into(), &Invocation::default()).await),
    }
}
