//! People who publish, drop, reconnect and stop, and those who give and take the right to.

use shared::domain::ids::{ScheduleId, UserId};
use shared::domain::permission::Permission;
use shared::domain::user::UserChange;
use shared::operations::broadcasts::{self, Delivery};
use shared::operations::users;

use crate::history::{Call, Reply};
use crate::on_air::{Air, Deed, Place, altered_at_its_end};
use crate::people;
use crate::planners::Known;
use crate::world::Actor;

/// What somebody keeps in their encoder.
#[derive(Clone)]
struct Pass {
    place: Place,
    token: String,
}

/// `broadcasts` are theirs; sometimes it is one that others move and cancel.
pub async fn publish(actor: Actor, air: Air, broadcasts: Vec<ScheduleId>, known: Known, steps: u32) {
    let mut passes: Vec<Pass> = Vec::new();
    let mut on: Vec<String> = Vec::new();
    for _ in 0..steps {
        let pass = one_of(&actor, &passes);
        match (actor.random.below(100), pass) {
            (0..14, Some(_)) | (_, None) => {
                let known = (broadcasts.is_empty() || actor.random.below(4) == 0).then(|| known.any(&actor)).flatten();
                let id = known.map(|(id, _)| id).or_else(|| one_of(&actor, &broadcasts));
                if let Some(id) = id {
                    passes.extend(look_up(&actor, id).await);
                }
            }
            (14..18, Some(pass)) => reset(&actor, pass.place.schedule).await,
            (18..22, Some(pass)) => air.call_amiss(&pass.place).await,
            (22..42, Some(_)) if !on.is_empty() => air.disconnect(&on.remove(0), true),
            (42..46, Some(_)) if !on.is_empty() => air.disconnect(&on.remove(0), false),
            (46..56, Some(pass)) => {
                if let Some(receiver) = air.connect(&pass.place, false, None).await {
                    on.push(receiver);
                }
            }
            (way, Some(pass)) => {
                let other = one_of(&actor, &passes).unwrap_or_else(|| pass.clone());
                let new = connect(&actor, &air, &pass, &other).await;
                // Who reconnects comes before they are known to have gone, or after.
                if let (true, false) = (way % 2 == 0, on.is_empty()) {
                    air.disconnect(&on.remove(0), true);
                }
                on.extend(new);
            }
        }
        actor.rest_up_to(3_500).await;
    }
}

async fn look_up(actor: &Actor, id: ScheduleId) -> Option<Pass> {
    let work = broadcasts::get_delivery(&actor.app, &actor.bearer, Ok(id));
    let channel = |delivery: &Delivery| delivery.channel.channel_id.clone();
    let Reply::Done(delivery) = actor.perform(Call::GetDelivery { id }, work, channel).await else { return None };
    let tenant = actor.bearer.tenant.clone();
    let place = Place { tenant, schedule: id, channel: delivery.channel.channel_id };
    Some(Pass { place, token: delivery.publish_token })
}

async fn reset(actor: &Actor, schedule: ScheduleId) {
    let work = broadcasts::reset_delivery(&actor.app, &actor.bearer, Ok(schedule));
    actor.perform(Call::OnAir(Deed::ResetTokens { schedule }), work, |()| String::new()).await;
}

/// Most often with the right token; sometimes with none, with one of another broadcast, or with one that was mistyped.
async fn connect(actor: &Actor, air: &Air, pass: &Pass, other: &Pass) -> Option<String> {
    let right = pass.token.as_str();
    match actor.random.below(20) {
        0 | 1 => air.connect(&pass.place, true, None).await,
        2 | 3 => air.connect(&pass.place, true, Some((&other.token, right))).await,
        4 | 5 => air.connect(&pass.place, true, Some((&altered_at_its_end(right), right))).await,
        6 => air.connect(&pass.place, true, Some((&format!("Bearer {right}"), right))).await,
        _ => air.connect(&pass.place, true, Some((right, right))).await,
    }
}

/// Gives and takes `delivery`, and in the end dismisses the last of them.
pub async fn permit(actor: Actor, publishers: Vec<UserId>, steps: u32) {
    for step in 0..steps {
        actor.rest_up_to(9_000).await;
        let Some(user) = one_of(&actor, &publishers) else { return };
        let may = actor.random.below(3) > 0;
        let permissions = vec![(Permission::Delivery, may)];
        let call = Call::UpdateUser { user, name: None, permissions: permissions.clone() };
        let change = UserChange { id: user, name: None, password: None, permissions };
        let work = users::update_user(&actor.app, &actor.bearer, Ok(change));
        actor.perform(call, work, |()| String::new()).await;
        if let (true, Some(last)) = (step == steps / 2, publishers.last()) {
            people::dismiss(&actor, *last).await;
        }
    }
}

fn one_of<T: Clone>(actor: &Actor, many: &[T]) -> Option<T> {
    let index = actor.random.below(many.len().max(1) as u64);
    many.get(usize::try_from(index).ok()?).cloned()
}
