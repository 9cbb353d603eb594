//! Mistakes planted between the product and its dependencies. A simulation that does not find them proves nothing.

use std::sync::Arc;

use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::ids::ScheduleId;
use shared::domain::moment::Moment;
use shared::domain::progress::Progress;
use shared::domain::schedule::{Keys, Plan, Schedule};
use shared::operations::Error;
use shared::operations::schedules::NewSchedule;
use shared::platform::random::Random;
use shared::store::{calendar, schedules};
use shared::table::{
    Backend, BackendFuture, Batch, Condition, Effect, Item, Key, Page, Query, Transacted, Value, Write, Written,
};
use uuid::Uuid;

use crate::checks::text;
use crate::table::SimulatedTable;
use crate::world::Seams;

/// A table that is asked for something else than the product asked for.
struct Altered {
    table: SimulatedTable,
    alter: Arc<dyn Fn(&mut Write) + Send + Sync>,
    /// Where new client tokens come from when those of the product are not used.
    tokens: Option<Random>,
}

impl Altered {
    fn altered(&self, write: &Write) -> Write {
        let mut write = write.clone();
        (self.alter)(&mut write);
        write
    }
}

impl Backend for Altered {
    fn get<'a>(&'a self, key: &'a Key) -> BackendFuture<'a, Option<Item>> {
        self.table.get(key)
    }

    fn get_batch<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Batch> {
        self.table.get_batch(keys)
    }

    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page> {
        self.table.query(query, after)
    }

    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written> {
        let write = self.altered(write);
        Box::pin(async move { self.table.write(&write).await })
    }

    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted> {
        let writes: Vec<Write> = writes.iter().map(|write| self.altered(write)).collect();
        let token = self.tokens.as_ref().map_or(token, Random::uuid);
        Box::pin(async move { self.table.transact(&writes, token).await })
    }
}

pub fn altering(
    alter: impl Fn(&mut Write) + Send + Sync + 'static,
) -> impl Fn(SimulatedTable, &Random) -> Arc<dyn Backend> {
    let alter: Arc<dyn Fn(&mut Write) + Send + Sync> = Arc::new(alter);
    move |table, _| Arc::new(Altered { table, alter: Arc::clone(&alter), tokens: None })
}

/// Whoever writes to the calendar does not ask whether the next node is still the same.
pub fn without_the_condition_on_the_next() -> Seams {
    let table = altering(|write| {
        if write.key.pk.starts_with("CAL#") {
            drop_conditions(write, |condition| matches!(condition, Condition::Equals("nxt", _)));
        }
    });
    Seams { table: Box::new(table), ..Seams::default() }
}

/// Every attempt of a transaction is a transaction of its own.
pub fn with_a_new_token_for_each_attempt() -> Seams {
    let table = |table, random: &Random| -> Arc<dyn Backend> {
        let tokens = Some(Random::from_seed(random.below(u64::MAX)));
        Arc::new(Altered { table, alter: Arc::new(|_| {}), tokens })
    };
    Seams { table: Box::new(table), ..Seams::default() }
}

/// That a channel has to be deleted is not written down.
pub fn without_the_note_of_a_needless_channel() -> Seams {
    let table = altering(|write| {
        if let Effect::Put(item) = &write.effect
            && text(item, "kind") == "channel"
        {
            "NOWHERE".clone_into(&mut write.key.pk);
        }
    });
    Seams { table: Box::new(table), ..Seams::default() }
}

/// The answer under an idempotency key is not kept with the effect.
pub fn without_the_answer_beside_the_effect() -> Seams {
    let table = altering(|write| {
        if write.key.pk.starts_with("IDEM#") && matches!(write.effect, Effect::Update(_)) {
            "NOWHERE".clone_into(&mut write.key.pk);
            write.condition = None;
        }
    });
    Seams { table: Box::new(table), ..Seams::default() }
}

/// A channel is created before its slot is reserved.
pub fn with_the_channel_first() -> Seams {
    Seams { channel_first: true, ..Seams::default() }
}

/// What many would write: create the channel, then the schedule; delete the channel if that is refused.
pub async fn create_channel_first(app: &App, bearer: &Bearer, new: NewSchedule) -> Result<ScheduleId, Error> {
    let channel = app.imageflux.create_channel(&new.hls, None).await.map_err(|failed| Error::from(failed.error))?;
    let channel_id = channel.channel_id.clone();
    let plan = Plan {
        id: app.random.uuid().into(),
        name: new.name,
        interval: new.interval,
        created_at: app.clock.now_second(),
        created_by: "master".to_owned(),
        revision: 0,
        changed_at: app.clock.now_second(),
    };
    let (tenant, id, interval) = (&bearer.tenant, plan.id, plan.interval);
    let (start, end) = (Moment::from(interval.start()), Moment::from(interval.end()));
    let owners = calendar::before(&app.table, tenant, end, 1).await?;
    if let Some(owner) = owners.first().filter(|owner| owner.ends <= start && owner.nxt >= end) {
        let mut writes = calendar::take(tenant, owner, &plan, None)?.to_vec();
        let keys = Keys { publishing: "publishing".into(), watching: "watching".into() };
        writes.push(schedules::create(tenant, &Schedule { plan, channel: Some(channel), keys })?);
        if let Transacted::Done = app.table.transact(&writes).await? {
            return Ok(id);
        }
    }
    app.imageflux.delete_channel(&channel_id).await?;
    Err(Error::Unavailable("the time is taken".to_owned()))
}

/// Nobody hears that a schedule is about to move.
pub fn without_the_announcement_of_a_move() -> Seams {
    let table = altering(|write| {
        if write.key.pk.starts_with("MOVE#") {
            "NOWHERE".clone_into(&mut write.key.pk);
        }
    });
    Seams { table: Box::new(table), ..Seams::default() }
}

/// A cursor takes everything up to now for settled.
pub fn without_the_time_to_settle() -> Seams {
    Seams { readers_ahead: shared::domain::progress::SETTLED_AFTER, ..Seams::default() }
}

/// The watermark is counted from now, and a second behind it, though the messages were read up to a second ago.
pub fn with_a_watermark_behind_now() -> Seams {
    let alter_progress = |progress: &mut Progress, now: i64| {
        progress.watermark = progress.watermark.max(now - 1_000);
        let watermark = progress.watermark;
        progress.given.retain(|id| id.made_at() > watermark);
    };
    Seams { alter_progress, ..Seams::default() }
}

/// The watermark falls back to what another environment read earlier, and the ids above it are forgotten.
pub fn with_a_watermark_that_falls() -> Seams {
    let alter_progress = |progress: &mut Progress, _: i64| progress.watermark -= 1_000;
    Seams { alter_progress, ..Seams::default() }
}

/// A message is marked, and nothing in the order says so.
pub fn without_the_deletion_in_the_order() -> Seams {
    let table = altering(|write| {
        if let Effect::Put(item) = &write.effect
            && write.key.pk.starts_with("CHAT#")
            && item.contains_key("d")
        {
            "NOWHERE".clone_into(&mut write.key.pk);
        }
    });
    Seams { table: Box::new(table), ..Seams::default() }
}

/// Two users may have one e-mail address.
pub fn without_the_guard_of_an_address() -> Seams {
    let table = altering(|write| {
        if write.key.pk.starts_with("EMAIL#") {
            drop_conditions(write, |condition| *condition == Condition::Absent);
        }
    });
    Seams { table: Box::new(table), ..Seams::default() }
}

/// A new password does not end the tokens of the old one.
pub fn without_an_end_to_old_tokens() -> Seams {
    let table = altering(|write| {
        if let Effect::Put(standing) = &mut write.effect
            && write.key.pk.starts_with("PASS#")
        {
            standing.insert("token_version".to_owned(), Value::N("0".to_owned()));
        }
    });
    Seams { table: Box::new(table), ..Seams::default() }
}

/// Drops a condition, or the parts of one, that hold a write back.
pub fn drop_conditions(write: &mut Write, unwanted: impl Fn(&Condition) -> bool) {
    match &mut write.condition {
        Some(Condition::All(parts)) => parts.retain(|part| !unwanted(part)),
        Some(condition) if unwanted(condition) => {
            // Whoever only asks must ask something.
            let anything = Condition::Any(vec![Condition::Present, Condition::Absent]);
            write.condition = (write.effect == Effect::Check).then_some(anything);
        }
        _ => {}
    }
}
