//! Finishes what was left half done. Invoked on a timer; running twice at once does no harm.
//!
//! An event `{"action": "reconcile"}`, on a slower timer, also compares the account's channels with ours.

use std::collections::BTreeMap;
use std::pin::Pin;

use serde_json::{Value, json};
use shared::app::App;
use shared::lambda::EventResult;
use shared::operations::sweeping::{Left, Swept};
use shared::operations::{reconciling, sweeping};
use shared::platform::telemetry;

/// A sweep, or a reconciliation if the event's `action` says so. An unknown action is refused.
pub fn handle<'a>(
    app: &'a App,
    event: Value,
    _request_id: &'a str,
) -> Pin<Box<dyn Future<Output = EventResult> + Send + 'a>> {
    Box::pin(async move {
        match &event["action"] {
            Value::Null => sweep(app).await,
            action if action == "sweep" => sweep(app).await,
            action if action == "reconcile" => reconcile(app).await,
            action => Err(format!("unknown action {action}")),
        }
    })
}

async fn sweep(app: &App) -> EventResult {
    let Swept { finished, left, unreadable, oldest_left } =
        sweeping::sweep(app).await.map_err(|error| error.to_string())?;
    telemetry::note("finished", finished);
    telemetry::note("left", left.len());
    telemetry::note("left_by_kind", by_kind(&left));
    telemetry::note("left_because", left.iter().map(because).collect::<Vec<_>>());
    telemetry::note("unreadable", unreadable.clone());
    telemetry::metric("UnreadableEntries", unreadable.len(), "Count");
    telemetry::metric("UnfinishedAgeSeconds", oldest_left, "Seconds");
    Ok(json!({"finished": finished, "left": left.len(), "unreadable": unreadable.len(),
              "oldest_left_seconds": oldest_left}))
}

fn by_kind(left: &[Left]) -> Value {
    let mut counts = BTreeMap::new();
    for entry in left {
        *counts.entry(entry.kind).or_insert(0) += 1;
    }
    json!(counts)
}

fn because(entry: &Left) -> Value {
    json!({"kind": entry.kind, "key": entry.key, "reason": entry.reason})
}

async fn reconcile(app: &App) -> EventResult {
    let reconciled = reconciling::reconcile(app).await.map_err(|error| error.to_string())?;
    telemetry::metric("OrphanChannels", reconciled.orphans - reconciled.deleted, "Count");
    telemetry::note("deleted", reconciled.deleted);
    Ok(json!({"orphans": reconciled.orphans, "deleted": reconciled.deleted}))
}
