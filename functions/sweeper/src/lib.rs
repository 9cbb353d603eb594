//! Finishes what was left half done. Invoked on a timer; running twice at once does no harm.

use std::pin::Pin;

use serde_json::{Value, json};
use shared::app::App;
use shared::lambda::EventResult;
use shared::operations::sweeping;
use shared::telemetry;

/// One sweep, whatever the event says.
#[must_use]
pub fn handle(app: &App, _event: Value) -> Pin<Box<dyn Future<Output = EventResult> + Send + '_>> {
    Box::pin(async move {
        let swept = sweeping::sweep(app).await.map_err(|error| format!("{error:?}"))?;
        telemetry::note("finished", swept.finished);
        telemetry::note("left", swept.left);
        telemetry::note("oldest_left_seconds", swept.oldest_left);
        Ok(json!({"finished": swept.finished, "left": swept.left, "oldest_left_seconds": swept.oldest_left}))
    })
}
