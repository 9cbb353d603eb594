//! A broadcast that is prolonged again and again when its channel has just been taken away: sweepers and presenters meet
//! at the moment when its time of grace ends.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::{BoxFuture, FutureExt, join};
use shared::domain::ids::{ScheduleId, TenantId, UserId};
use shared::domain::interval::Interval;
use shared::operations::broadcasts;

use crate::checks::{Evidence, Findings};
use crate::history::{Call, Entry, Outcome};
use crate::planners;
use crate::world::{Actor, CHANNEL_GRACE, World, instant};

const START: i64 = -400;
const FIRST_END: i64 = 2;
const TIMES: i64 = 3;
/// The time when nobody asks at the brink, so that no channel is there when the broadcast is prolonged.
const QUIET: i64 = 1;
/// From one end to the next: the grace, three seconds without a channel, and three to go.
const EACH: i64 = CHANNEL_GRACE + 6;

#[derive(Clone)]
pub struct Brink {
    world: Arc<World>,
    tenant: TenantId,
    id: ScheduleId,
}

impl Brink {
    /// In a tenant of its own.
    pub async fn plan(world: &Arc<World>, tenant: TenantId) -> Self {
        let master = world.actor(300, &tenant, UserId::MASTER);
        let id = planners::create_between(&master, "again", START, FIRST_END).await;
        Self { world: Arc::clone(world), tenant, id }
    }

    pub fn at_work(&self) -> Vec<BoxFuture<'static, ()>> {
        let mut work = vec![self.clone().prolong(self.actor(301)).boxed()];
        work.extend([302, 303].map(|number| self.clone().present(self.actor_ahead(number, -1_000)).boxed()));
        work.push(self.clone().sweep([312, 313].map(|number| self.actor_ahead(number, 1_000))).boxed());
        work
    }

    async fn prolong(self, actor: Actor) {
        for time in 0..TIMES {
            let end = FIRST_END + time * EACH;
            self.until(1_000 * (end + CHANNEL_GRACE + 3)).await;
            let new = if time + 1 == TIMES { 10_000 } else { end + EACH };
            let at = |seconds| instant(0) + TimeDelta::seconds(seconds);
            let interval = Interval::new(at(START), at(new)).expect("a start before its end");
            planners::move_to(&actor, self.id, format!("again {time}"), interval).await;
        }
    }

    /// Their clocks are behind, and those of the sweepers ahead, so that for two seconds the ones may still ask for a
    /// channel which the others may take away.
    async fn present(self, actor: Actor) {
        for time in 0..TIMES {
            let brink = FIRST_END + time * EACH + CHANNEL_GRACE;
            if time != QUIET {
                self.until(1_000 * brink - 900).await;
                for _ in 0..8 {
                    self.deliver(&actor).await;
                    actor.rest_up_to(250).await;
                }
            }
            self.until(1_000 * (brink + 3) + 500).await;
            for ask in 0..3 {
                // Who asks first makes the channel, and dies more often than anybody else.
                let dies = ask == 0 && actor.random.below(2) == 0;
                self.deliver_until(&actor, dies.then(|| 1 + actor.random.below(30))).await;
                actor.rest_up_to(1_000).await;
            }
        }
    }

    /// Both at once, so that both see the same.
    async fn sweep(self, [one, other]: [Actor; 2]) {
        for time in 0..TIMES {
            self.until(1_000 * (FIRST_END + time * EACH + CHANNEL_GRACE) - 1_100).await;
            for _ in 0..6 {
                join(planners::sweep(&one), planners::sweep(&other)).await;
                one.rest_up_to(300).await;
            }
        }
    }

    /// When all is quiet.
    pub async fn deliver_at_last(&self) {
        for number in [320, 321] {
            self.deliver(&self.actor(number)).await;
        }
    }

    /// In the end whoever asks is given a channel: nobody's claim holds longer than its lease.
    pub fn check(&self, evidence: &Evidence, findings: &mut Findings) {
        let asks = |entry: &&Entry| matches!(entry.call, Call::GetDelivery { id } if id == self.id);
        for entry in evidence.entries.iter().rev().filter(asks).take(2) {
            let is_told = !matches!(entry.outcome, Outcome::Unknown(_));
            findings.require(is_told, "a claim ends with its lease", || format!("{entry:?}"));
        }
    }

    async fn deliver(&self, actor: &Actor) {
        self.deliver_until(actor, self.world.nemesis.death()).await;
    }

    async fn deliver_until(&self, actor: &Actor, death: Option<u64>) {
        let work = broadcasts::get_delivery(&actor.app, &actor.bearer, Ok(self.id));
        let channel = |delivery: &broadcasts::Delivery| delivery.channel.channel_id.clone();
        actor.perform_until(death, Call::GetDelivery { id: self.id }, work, channel).await;
    }

    async fn until(&self, millis: i64) {
        let wait = u64::try_from(millis - self.world.now()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }

    fn actor_ahead(&self, number: u64, millis: i64) -> Actor {
        self.world.skewed_actor(number, &self.tenant, UserId::MASTER, millis)
    }

    fn actor(&self, number: u64) -> Actor {
        self.world.actor(number, &self.tenant, UserId::MASTER)
    }
}
