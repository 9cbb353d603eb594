//! Finishes what was left half done. Invoked on a timer; running twice at once does no harm.
//!
//! An event `{"action": "reconcile"}`, on a slower timer, also compares the account's channels with ours.

use std::pin::Pin;

use serde_json::{Value, json};
use shared::app::App;
use shared::lambda::EventResult;
use shared::operations::{reconciling, sweeping};
use shared::platform::telemetry;

/// A reconciliation if the event says so, else a sweep.
#[must_use]
pub fn handle(app: &App, event: Value) -> Pin<Box<dyn Future<Output = EventResult> + Send + '_>> {
    Box::pin(async move {
        if event["action"] == "reconcile" {
            let reconciled = reconciling::reconcile(app).await.map_err(|error| format!("{error:?}"))?;
            telemetry::metric("OrphanChannels", reconciled.orphans - reconciled.deleted, "Count");
            telemetry::note("deleted", reconciled.deleted);
            return Ok(json!({"orphans": reconciled.orphans, "deleted": reconciled.deleted}));
        }
        let swept = sweeping::sweep(app).await.map_err(|error| format!("{error:?}"))?;
        telemetry::note("finished", swept.finished);
        telemetry::note("left", swept.left);
        telemetry::metric("UnfinishedAgeSeconds", swept.oldest_left, "Seconds");
        Ok(json!({"finished": swept.finished, "left": swept.left, "oldest_left_seconds": swept.oldest_left}))
    })
}
