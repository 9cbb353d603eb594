//! More mistakes, planted where a whole transaction or what is read has to be another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shared::table::{
    Backend, BackendFuture, Batch, Change, Condition, Effect, Item, Key, Page, Query, Transacted, Value, Write, Written,
};
use uuid::Uuid;

use crate::checks::text;
use crate::flaws::drop_conditions;
use crate::table::SimulatedTable;
use crate::world::Seams;

/// A table that is asked for something else, and shows something else.
struct Planted {
    table: SimulatedTable,
    mistake: Mistake,
    /// The standings that were read first, of a mistake that keeps them.
    standings: Mutex<HashMap<Key, Option<Item>>>,
}

#[derive(Clone, Copy, Default)]
struct Mistake {
    /// All writes of a transaction, or the one write.
    writes: Option<fn(&mut Vec<Write>)>,
    /// Those that are taken out of a transaction, and made one by one after it.
    afterwards: Option<fn(&Write) -> bool>,
    /// Whether an item that is read beside others is not looked at.
    overlooks: Option<fn(&Key) -> bool>,
    /// What becomes of an item that a query reads.
    queried: Option<fn(&Query, &mut Item)>,
    /// Whether an environment reads each standing only once.
    keeps_standings: bool,
}

impl Planted {
    fn altered(&self, mut writes: Vec<Write>) -> Vec<Write> {
        if let Some(alter) = self.mistake.writes {
            alter(&mut writes);
        }
        writes
    }
}

impl Backend for Planted {
    fn get<'a>(&'a self, key: &'a Key) -> BackendFuture<'a, Option<Item>> {
        if !self.mistake.keeps_standings || !key.pk.starts_with("PASS#") {
            return self.table.get(key);
        }
        Box::pin(async move {
            let kept = || self.standings.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(item) = kept().get(key).cloned() {
                return Ok(item);
            }
            let item = self.table.get(key).await?;
            kept().insert(key.clone(), item.clone());
            Ok(item)
        })
    }

    fn get_batch<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Batch> {
        Box::pin(async move {
            let mut batch = self.table.get_batch(keys).await?;
            if let Some(overlooks) = self.mistake.overlooks {
                batch.found.retain(|key, _| !overlooks(key));
            }
            Ok(batch)
        })
    }

    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page> {
        Box::pin(async move {
            let mut page = self.table.query(query, after).await?;
            if let Some(alter) = self.mistake.queried {
                page.items.iter_mut().for_each(|item| alter(query, item));
            }
            Ok(page)
        })
    }

    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written> {
        let writes = self.altered(vec![write.clone()]);
        Box::pin(async move { self.table.write(writes.first().unwrap_or(write)).await })
    }

    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted> {
        let mut writes = self.altered(writes.to_vec());
        let afterwards = self.mistake.afterwards.map_or_else(Vec::new, |is_later| {
            let (later, now) = std::mem::take(&mut writes).into_iter().partition(is_later);
            writes = now;
            later
        });
        Box::pin(async move {
            let transacted = self.table.transact(&writes, token).await?;
            if let Transacted::Done = transacted {
                for write in &afterwards {
                    self.table.write(write).await?;
                }
            }
            Ok(transacted)
        })
    }
}

fn with(mistake: Mistake) -> Seams {
    Seams {
        table: Box::new(move |table, _| Arc::new(Planted { table, mistake, standings: Mutex::default() })),
        ..Seams::default()
    }
}

fn each(writes: &mut [Write], alter: impl Fn(&mut Write)) {
    writes.iter_mut().for_each(alter);
}

fn is_row(write: &Write) -> bool {
    write.key.pk.starts_with("AUDIT#")
}

/// Changes leave no row in the trail.
pub fn without_a_row_in_the_trail() -> Seams {
    let writes: fn(&mut Vec<Write>) = |writes| {
        if writes.len() > 1 {
            writes.retain(|write| !is_row(write));
        }
    };
    with(Mistake { writes: Some(writes), ..Mistake::default() })
}

/// The row is written when the change is done.
pub fn with_the_row_afterwards() -> Seams {
    with(Mistake { afterwards: Some(is_row), ..Mistake::default() })
}

/// A row names both rules of a chat, whichever has another value.
pub fn with_a_row_that_names_all_of_the_rules() -> Seams {
    let writes: fn(&mut Vec<Write>) = |writes| {
        each(writes, |write| {
            if let Effect::Put(row) = &mut write.effect
                && text(row, "action") == "update_chat_settings"
            {
                let names = ["is_open", "slow_seconds"].map(|name| Value::S(name.to_owned()));
                row.insert("changed".to_owned(), Value::L(names.into()));
            }
        });
    };
    with(Mistake { writes: Some(writes), ..Mistake::default() })
}

/// A user is changed to what follows from what was seen, whoever changed it since.
pub fn without_the_version_of_a_standing() -> Seams {
    let writes: fn(&mut Vec<Write>) = |writes| {
        if writes.iter().any(|write| write.key.pk.starts_with("USER#")) {
            each(writes, |write| {
                if write.key.pk.starts_with("PASS#") {
                    drop_conditions(write, |condition| matches!(condition, Condition::Equals("version", _)));
                }
            });
        }
    };
    with(Mistake { writes: Some(writes), ..Mistake::default() })
}

/// A broadcast that is moved towards its predecessor does not ask when that ends.
pub fn without_the_end_of_the_predecessor() -> Seams {
    let writes: fn(&mut Vec<Write>) = |writes| {
        let is_removal = |write: &Write| write.key.pk.starts_with("CAL#") && write.effect == Effect::Delete;
        if writes.iter().any(is_removal) {
            each(writes, |write| {
                if write.key.pk.starts_with("CAL#") {
                    drop_conditions(write, |condition| matches!(condition, Condition::AtMost("ends", _)));
                }
            });
        }
    };
    with(Mistake { writes: Some(writes), ..Mistake::default() })
}

/// Whichever channel a schedule has is taken away, not the one that was seen.
pub fn without_the_channel_that_was_seen() -> Seams {
    let writes: fn(&mut Vec<Write>) = |writes| {
        each(writes, |write| {
            let is_retirement =
                matches!(&write.effect, Effect::Update(changes) if changes.contains(&Change::Remove("channel_id")));
            if is_retirement {
                drop_conditions(write, |condition| matches!(condition, Condition::Equals("channel_id", _)));
            }
        });
    };
    with(Mistake { writes: Some(writes), ..Mistake::default() })
}

/// Whoever claimed the channel of a schedule has it for ever, dead or not.
pub fn with_a_claim_for_ever() -> Seams {
    let writes: fn(&mut Vec<Write>) = |writes| {
        each(writes, |write| {
            if let Some(Condition::All(parts)) = &mut write.condition {
                for part in parts {
                    if let Condition::Any(either) = part {
                        either.retain(|condition| !matches!(condition, Condition::AtMost("attach_until", _)));
                    }
                }
            }
        });
    };
    with(Mistake { writes: Some(writes), ..Mistake::default() })
}

/// Nobody looks whether somebody is muted.
pub fn without_a_look_at_mutes() -> Seams {
    let overlooks: fn(&Key) -> bool = |key| key.pk.starts_with("ROOM#") && key.sk.starts_with("MUTE#");
    with(Mistake { overlooks: Some(overlooks), ..Mistake::default() })
}

/// Nobody looks at the rules of a chat.
pub fn without_a_look_at_the_rules() -> Seams {
    let overlooks: fn(&Key) -> bool = |key| key.pk.starts_with("ROOM#") && key.sk == "RULES";
    with(Mistake { overlooks: Some(overlooks), ..Mistake::default() })
}

/// What somebody may do is read once in the life of an environment.
pub fn with_standings_that_are_kept() -> Seams {
    with(Mistake { keeps_standings: true, ..Mistake::default() })
}

/// A channel that was seen to be nobody's counts as seen long ago.
pub fn without_the_time_between_sightings() -> Seams {
    let queried: fn(&Query, &mut Item) = |query, item| {
        if query.pk == "ORPHANS" {
            item.insert("first_seen".to_owned(), Value::N("0".to_owned()));
        }
    };
    with(Mistake { queried: Some(queried), ..Mistake::default() })
}
