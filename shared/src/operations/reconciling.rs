//! Comparing the channels that the account lists with those that the table knows.
//!
//! A create that was never answered may have made a channel, and ImageFlux has no way to ask. Such a
//! channel shows here: listed, but nobody's. It is reported; it is deleted only where the operator says
//! that the access token is this system's alone, and only when a second look, at least a quarter of an
//! hour after the first, finds it nobody's still: longer than any create is under way.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::Error;
use crate::app::App;
use crate::store::orphans::{self, Orphan};
use crate::store::todo;

const BETWEEN_SIGHTINGS: TimeDelta = TimeDelta::minutes(15);
/// After this, no deletion is begun: the function has a minute.
const TIME: Duration = Duration::from_secs(40);
/// Channels that one run deletes; more at once is a mistake until a person says otherwise.
const DELETIONS: usize = 20;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Channels that no schedule knows, including those seen for the first time.
    pub orphans: usize,
    pub deleted: usize,
}

/// Concludes nothing, and fails, unless both sides can be read whole.
pub async fn reconcile(app: &App) -> Result<Reconciled, Error> {
    let (now, started) = (app.clock.now_second(), Instant::now());
    // The account first: what is created after this look cannot be mistaken.
    let listed = app.imageflux.list_channel_ids().await?;
    // What is not done yet names every channel that lives, so what ever was planned need not be read.
    let known = todo::channel_ids(&app.table).await?;
    let nobodys: BTreeSet<&String> = listed.iter().filter(|channel_id| !known.contains(*channel_id)).collect();
    let seen_before = orphans::list(&app.table).await?;
    let mut reconciled = Reconciled { orphans: nobodys.len(), deleted: 0 };
    let mut tried = 0;
    for channel_id in &nobodys {
        let Some(Orphan { first_seen, .. }) = seen_before.iter().find(|orphan| orphan.channel_id == **channel_id)
        else {
            app.table.write(&orphans::first_seen(channel_id, now)?).await?;
            continue;
        };
        let is_old = now.timestamp() - first_seen >= BETWEEN_SIGHTINGS.num_seconds();
        if app.deletes_orphans && is_old && tried < DELETIONS && started.elapsed() < TIME {
            tried += 1;
            // One that cannot be deleted is reported again, and keeps no other.
            if app.imageflux.delete_channel(channel_id).await.is_ok() {
                app.table.write(&orphans::forget(channel_id)).await?;
                reconciled.deleted += 1;
            }
        }
    }
    for orphan in seen_before.iter().filter(|orphan| !nobodys.contains(&orphan.channel_id)) {
        app.table.write(&orphans::forget(&orphan.channel_id)).await?;
    }
    Ok(reconciled)
}
