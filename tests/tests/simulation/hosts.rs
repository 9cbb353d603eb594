//! Hosts, who mute guests, close the chat and slow it down.

use shared::domain::ids::{ScheduleId, UserId};
use shared::operations::moderating::{self, Guest, Mute, RulesChange};

use crate::history::Call;
use crate::world::Actor;

pub async fn moderate(actor: Actor, schedule: ScheduleId, guests: Vec<UserId>, steps: u32) {
    for _ in 0..steps {
        actor.rest_up_to(2_500).await;
        let user = guests[usize::try_from(actor.random.below(guests.len() as u64)).unwrap_or(0)];
        match actor.random.below(10) {
            0..4 => mute(&actor, schedule, user).await,
            4 | 5 => unmute(&actor, schedule, user).await,
            6..9 => change_rules(&actor, schedule).await,
            _ => look(&actor, schedule).await,
        }
    }
}

async fn mute(actor: &Actor, schedule: ScheduleId, user: UserId) {
    let seconds = 1 + seconds_below(actor, 15);
    let mute = Mute { guest: Guest { schedule, user }, seconds };
    let work = moderating::mute_user(&actor.app, &actor.bearer, Ok(mute));
    actor.perform(Call::Mute { schedule, user, seconds }, work, |()| String::new()).await;
}

async fn unmute(actor: &Actor, schedule: ScheduleId, user: UserId) {
    let work = moderating::unmute_user(&actor.app, &actor.bearer, Ok(Guest { schedule, user }));
    actor.perform(Call::Unmute { schedule, user }, work, |()| String::new()).await;
}

/// Open more often than not, so that guests are heard.
async fn change_rules(actor: &Actor, schedule: ScheduleId) {
    let is_open = (actor.random.below(2) == 0).then(|| actor.random.below(3) > 0);
    let slow_seconds = (is_open.is_none() || actor.random.below(2) == 0).then(|| seconds_below(actor, 7));
    let change = RulesChange { schedule, is_open, slow_seconds };
    let work = moderating::update_chat_settings(&actor.app, &actor.bearer, Ok(change));
    actor.perform(Call::ChangeRules { schedule, is_open, slow_seconds }, work, |()| String::new()).await;
}

async fn look(actor: &Actor, schedule: ScheduleId) {
    let work = moderating::get_chat_settings(&actor.app, &actor.bearer, Ok(schedule));
    actor.perform(Call::LookAtRules, work, |room| format!("{room:?}")).await;
}

fn seconds_below(actor: &Actor, bound: u64) -> i64 {
    i64::try_from(actor.random.below(bound)).unwrap_or(0)
}
