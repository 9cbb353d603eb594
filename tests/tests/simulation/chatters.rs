//! People who talk, and people who follow what is said through cursors.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join;
use shared::domain::ids::{MessageId, ScheduleId};
use shared::domain::message::MessageBody;
use shared::domain::progress::Progress;
use shared::http::cursor::{self, Scope};
use shared::operations::chat::{self, Conversation, Read};
use shared::operations::idempotency::{IdempotencyKey, Keyed};
use shared::operations::moderating::{self, Named};
use shared::operations::posting::{self, Post};

use crate::faults::Harm;
use crate::history::{Call, Reply};
use crate::planners::Known;
use crate::world::Actor;

/// What one answer told a reader: the ids of messages, and of those that are no longer there.
#[derive(Clone, Debug)]
pub struct Page {
    pub messages: Vec<String>,
    pub deleted: Vec<String>,
}

/// All that a reader was told, answer by answer.
pub type Pages = Arc<Mutex<Vec<Page>>>;

pub async fn talk(actor: Actor, schedule: ScheduleId, others: Known, name: String, steps: u32) {
    for step in 0..steps {
        let elsewhere = (actor.random.below(5) == 0).then(|| others.any(&actor)).flatten();
        let schedule = elsewhere.map_or_else(|| schedule, |(schedule, _)| schedule);
        Box::pin(say(&actor, &schedule, &format!("{name}-{step}"))).await;
        actor.rest_up_to(2_500).await;
    }
}

async fn say(actor: &Actor, schedule: &ScheduleId, body: &str) {
    let has_key = actor.random.below(2) == 0;
    for _ in 0..6 {
        let reply = if has_key && actor.world.nemesis.strikes(Harm::Duplicate) {
            let twins = join(say_once(actor, schedule, body, has_key), say_once(actor, schedule, body, has_key));
            match Box::pin(twins).await {
                (Reply::Done(id), _) | (_, Reply::Done(id)) => Reply::Done(id),
                _ => Reply::Unknown,
            }
        } else {
            say_once(actor, schedule, body, has_key).await
        };
        match reply {
            Reply::Unknown if has_key => actor.rest_up_to(20_000).await,
            _ => return,
        }
    }
}

async fn say_once(actor: &Actor, schedule: &ScheduleId, body: &str, has_key: bool) -> Reply<MessageId> {
    let call = Call::Post { schedule: *schedule, body: body.to_owned() };
    let post = Post { schedule: *schedule, body: MessageBody::parse(body).expect("a short text") };
    let key = has_key.then(|| IdempotencyKey::new(body, body.as_bytes()));
    let work = posting::post_message(&actor.app, &actor.bearer, Ok(Keyed { form: post, key }));
    actor.perform(call, work, ToString::to_string).await
}

/// Looks at the newest messages now and then and takes one of them away, sometimes twice at once.
pub async fn delete_some(actor: Actor, schedule: ScheduleId, steps: u32) {
    for _ in 0..steps {
        actor.rest_up_to(3_000).await;
        let read = Read { schedule, after: None, limit: None, tail: Some(8) };
        let work = chat::list_messages(&actor.app, &actor.bearer, Ok(read), |_| true);
        let Reply::Done(seen) = actor.perform(Call::ReadChat, work, |_| String::new()).await else { continue };
        let messages = seen.given.messages;
        let Some(index) = actor.random.below(messages.len() as u64 + 1).checked_sub(1) else { continue };
        let message = messages[usize::try_from(index).unwrap_or(0)].id;
        if actor.world.nemesis.strikes(Harm::Duplicate) {
            join(delete(&actor, schedule, message), delete(&actor, schedule, message)).await;
        } else {
            delete(&actor, schedule, message).await;
        }
    }
}

async fn delete(actor: &Actor, schedule: ScheduleId, message: MessageId) {
    let work = moderating::delete_message(&actor.app, &actor.bearer, Ok(Named { schedule, message }));
    actor.perform(Call::DeleteMessage { schedule, message }, work, |()| String::new()).await;
}

/// Follows a chat as long as it takes to see that there is nothing more after the last of so many looks. Each look is
/// answered by any of the environments, which share nothing but the table, and whose readers share what they read.
pub struct Reader {
    environments: Vec<Actor>,
    schedule: ScheduleId,
    after: Option<Progress>,
    pages: Pages,
}

impl Reader {
    pub fn new(environments: Vec<Actor>, schedule: ScheduleId, pages: Pages) -> Self {
        Self { environments, schedule, after: None, pages }
    }

    fn any_environment(&self) -> Actor {
        let count = self.environments.len();
        let index = self.environments[0].random.below(count as u64);
        self.environments[usize::try_from(index).unwrap_or(0)].clone()
    }

    pub async fn follow(mut self, looks: u32) -> Self {
        for _ in 0..looks {
            let actor = self.any_environment();
            let limit = [None, Some(1), Some(3), Some(20)][usize::try_from(actor.random.below(4)).unwrap_or(0)];
            self.look(limit).await;
            actor.rest_up_to(2_500).await;
        }
        self
    }

    pub async fn catch_up(mut self) {
        while self.look(Some(100)).await {}
    }

    /// Whether there is more.
    async fn look(&mut self, limit: Option<usize>) -> bool {
        let actor = self.any_environment();
        let read = Read { schedule: self.schedule, after: self.after.clone(), limit, tail: None };
        let work = chat::list_messages(&actor.app, &actor.bearer, Ok(read), |_| true);
        let count = |conversation: &Conversation| conversation.given.messages.len().to_string();
        let Reply::Done(seen) = actor.perform(Call::ReadChat, work, count).await else { return false };
        let mut seen = seen.given;
        let page = Page {
            messages: seen.messages.iter().map(|message| message.id.to_string()).collect(),
            deleted: seen.deleted.iter().map(ToString::to_string).collect(),
        };
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).push(page);
        (actor.world.seams.alter_progress)(&mut seen.progress, actor.app.clock.now_millis());
        let scope = Scope { tenant: &actor.bearer.tenant, list: &self.schedule.to_string() };
        let cursor = cursor::from_progress(&scope, &seen.progress);
        self.after = Some(cursor::to_progress(&scope, &cursor).expect("its own cursor"));
        seen.has_more
    }
}
