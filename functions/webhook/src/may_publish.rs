//! `POST /hooks/imageflux/{key}/auth`: whether somebody may connect to a channel.

use serde::Serialize;
use shared::app::App;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::hooks::{self, Publisher, Sent};

#[derive(Serialize)]
struct Permission {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// Comes back in the events of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_metadata: Option<EventMetadata>,
}

#[derive(Serialize)]
struct EventMetadata {
    user_id: i64,
}

/// ImageFlux takes a refusal only with status 200.
#[derive(Serialize)]
struct Refusal {
    allowed: bool,
    reason: &'static str,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    match hooks::may_publish(app, request.path_parameter("key"), request.object()).await? {
        Sent::Nowhere => Ok(response::nothing()),
        Sent::Answered(Ok(Publisher { user })) => response::json(&Permission {
            allowed: true,
            client_id: user.map(|user| format!("u{user}")),
            event_metadata: user.map(|user| EventMetadata { user_id: user.0 }),
        }),
        Sent::Answered(Err(refused)) => response::json(&Refusal { allowed: false, reason: refused.as_str() }),
    }
}
