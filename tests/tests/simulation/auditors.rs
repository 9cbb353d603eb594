//! The master, who reads the trail page by page while it grows.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use shared::domain::ids::UserId;
use shared::operations::trail::{self, Asked, Found};

use crate::history::{Call, Reply};
use crate::world::{Actor, instant};

/// What one reading from the newest row to the oldest showed.
#[derive(Clone, Debug)]
pub struct Reading {
    /// When it began, in milliseconds since the simulation did.
    pub began: i64,
    pub from: Option<DateTime<Utc>>,
    pub user: Option<UserId>,
    pub action: Option<String>,
    pub rows: Vec<String>,
}

/// All readings that came to their end.
pub type Readings = Arc<Mutex<Vec<Reading>>>;

pub async fn audit(actor: Actor, readings: Readings, times: u32) {
    for _ in 0..times {
        actor.rest_up_to(8_000).await;
        let from = (actor.random.below(3) == 0).then(|| instant(actor.world.now() - 20_000));
        let user = (actor.random.below(4) == 0).then_some(UserId::MASTER);
        let action = (actor.random.below(4) == 0).then(|| "update_user".to_owned());
        let limit = [None, Some(7), Some(50)][usize::try_from(actor.random.below(3)).unwrap_or(0)];
        let reading = Reading { began: actor.world.now(), from, user, action, rows: Vec::new() };
        read(&actor, reading, limit, &readings).await;
    }
}

/// All of it.
pub async fn read_all(actor: &Actor, readings: &Readings) {
    let reading = Reading { began: actor.world.now(), from: None, user: None, action: None, rows: Vec::new() };
    read(actor, reading, Some(400), readings).await;
}

/// A page that does not come is asked for again, a few times.
async fn read(actor: &Actor, mut reading: Reading, limit: Option<usize>, readings: &Readings) {
    let (mut after, mut patience) = (None, 3);
    while patience > 0 {
        let Reading { from, user, action, .. } = reading.clone();
        let asked = Asked { from, to: None, user, action, limit, after };
        let work = trail::list_audit(&actor.app, &actor.bearer, Ok(asked));
        let count = |found: &Found| found.entries.len().to_string();
        let Reply::Done(found) = actor.perform(Call::ReadTrail, work, count).await else {
            patience -= 1;
            continue;
        };
        reading.rows.extend(found.entries.iter().map(|entry| entry.id.to_string()));
        after = found.next;
        if after.is_none() {
            readings.lock().unwrap_or_else(PoisonError::into_inner).push(reading);
            return;
        }
    }
}
