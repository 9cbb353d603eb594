//! People who go on air, also long after the end, when their channel was taken away.

use shared::domain::ids::ScheduleId;
use shared::operations::broadcasts::{self, Delivery};

use crate::history::Call;
use crate::planners::Known;
use crate::world::Actor;

pub async fn present(actor: Actor, old: Vec<ScheduleId>, known: Known, steps: usize) {
    for step in 0..steps {
        let other = (actor.random.below(4) == 0).then(|| known.any(&actor)).flatten();
        let id = other.map_or_else(|| old[step % old.len()], |(id, _)| id);
        let work = broadcasts::get_delivery(&actor.app, &actor.bearer, Ok(id));
        actor.perform(Call::GetDelivery { id }, work, |delivery: &Delivery| delivery.channel.channel_id.clone()).await;
        actor.rest_up_to(6_000).await;
    }
}
