//! Who is on air in each simulation, and who watches.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use shared::domain::ids::{ScheduleId, TenantId, UserId};
use tokio::time::{Duration, sleep};

use crate::history::Reply;
use crate::on_air::Air;
use crate::people;
use crate::planners::{self, Known};
use crate::publishers;
use crate::viewers;
use crate::world::{Actor, PUBLISH_LEAD, World};

pub struct Evening {
    air: Air,
    world: Arc<World>,
    /// That of those who go on air, where nobody moves or cancels anything, and one where they do.
    tenants: [TenantId; 2],
    presenters: Vec<UserId>,
    broadcasts: Vec<ScheduleId>,
    /// Environments of the function for viewers, of the one tenant and of the other.
    environments: Vec<Actor>,
    elsewhere: Actor,
}

impl Evening {
    pub async fn prepare(world: &Arc<World>, tenants: [&TenantId; 2]) -> Self {
        let master = world.actor(1_020, tenants[0], UserId::MASTER);
        let mut presenters = Vec::new();
        for number in 0..3 {
            match people::create(&master, &format!("presenter{number}@example.jp"), false).await {
                Reply::Done(user) => presenters.push(user),
                _ => panic!("a user"),
            }
        }
        let mut broadcasts = Vec::new();
        // One on which nobody is let in any more after a while, one that lasts, one on which nobody is let in yet.
        for (name, start, end) in
            [("closing", -60, 10), ("long", 20, 1_500), ("opening", PUBLISH_LEAD + 20, PUBLISH_LEAD + 900)]
        {
            broadcasts.push(planners::create_between(&master, name, start, end).await);
        }
        let webhooks = (200..203).map(|number| world.actor(number, tenants[0], UserId::MASTER)).collect();
        Self {
            air: Air::new(world, webhooks),
            world: Arc::clone(world),
            tenants: tenants.map(Clone::clone),
            presenters,
            broadcasts,
            environments: (210..212).map(|number| world.actor(number, tenants[0], UserId::MASTER)).collect(),
            elsewhere: world.actor(212, tenants[1], UserId::MASTER),
        }
    }

    pub fn actors(&self, known: &Known) -> Vec<BoxFuture<'static, ()>> {
        let [tenant, elsewhere] = &self.tenants;
        let mut actors = Vec::new();
        for (number, user) in (220..).zip(&self.presenters) {
            let presenter = self.world.actor(number, tenant, *user);
            let theirs = self.broadcasts.clone();
            actors.push(publishers::publish(presenter, self.air.clone(), theirs, Known::default(), 20).boxed());
        }
        let moved = self.world.actor(230, elsewhere, UserId::MASTER);
        actors.push(publishers::publish(moved, self.air.clone(), Vec::new(), known.clone(), 14).boxed());
        let manager = self.world.actor(231, tenant, UserId::MASTER);
        actors.push(publishers::permit(manager, self.presenters.clone(), 8).boxed());
        for environment in self.environments.iter().flat_map(|environment| [environment, environment]) {
            let viewer = environment.clone();
            actors.push(viewers::view(viewer, self.broadcasts.clone(), Known::default(), 16, 4_000).boxed());
        }
        actors.push(viewers::view(self.elsewhere.clone(), Vec::new(), known.clone(), 14, 4_000).boxed());
        actors
    }

    /// While nothing goes wrong any more, but what some publishers do.
    pub async fn calm_down(&self) {
        let living: Vec<String> = {
            let record = self.air.studio().record();
            record.connections.iter().filter(|(_, one)| one.ended.is_none()).map(|(id, _)| id.clone()).collect()
        };
        for id in living {
            match self.world.nemesis.one_of(3) {
                0 => self.air.disconnect(&id, true),
                1 => self.air.disconnect(&id, false),
                _ => {}
            }
        }
        let view = |environment: &Actor| {
            viewers::view(environment.clone(), self.broadcasts.clone(), Known::default(), 14, 7_000)
        };
        join_all(self.environments.iter().map(view)).await;
    }

    /// Twice, so that who found that another was asking sees what it was told.
    pub async fn look_at_all(&self) {
        for _ in 0..2 {
            for schedule in self.air.schedules() {
                let is_here = self.broadcasts.contains(&schedule);
                let environment = if is_here { &self.environments[0] } else { &self.elsewhere };
                viewers::look(environment, schedule).await;
            }
            sleep(Duration::from_secs(11)).await;
        }
    }
}
