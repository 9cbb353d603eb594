//! Who runs the broadcasts: members whose permissions change, hosts of the chat, and whoever reads the trail.

use std::sync::{Arc, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};
use shared::domain::ids::{ScheduleId, TenantId, UserId};
use shared::domain::trail::Author;
use shared::operations::tenants;

use crate::auditors::{self, Readings};
use crate::brink::Brink;
use crate::checks::{Evidence, Findings};
use crate::operators::Watched;
use crate::people::Memory;
use crate::planners::{self, Known};
use crate::run::new_tenant;
use crate::world::{Actor, World};
use crate::{
    change_checks, chatters, hosts, members, neighbours, permission_checks, presenters, reconcilers, room_checks,
    tenant_checks, trail_checks,
};

pub struct Staff {
    world: Arc<World>,
    master: Actor,
    members: Vec<UserId>,
    /// Others whose names and permissions change.
    people: Vec<UserId>,
    chat: ScheduleId,
    neighbours: (ScheduleId, ScheduleId),
    brink: Brink,
    watched: Watched,
    readings: Readings,
}

impl Staff {
    pub async fn hire(world: &Arc<World>, master: &Actor, chat: ScheduleId, memory: &Memory) -> Self {
        Self {
            world: Arc::clone(world),
            master: master.clone(),
            members: members::hire(master).await,
            people: memory.ids(),
            chat,
            neighbours: neighbours::plan(master).await,
            brink: Brink::plan(world, a_tenant(world, 3).await).await,
            watched: Watched::new(world, a_tenant(world, 4).await, 4),
            readings: Readings::default(),
        }
    }

    pub fn at_work(&self, known: &Known) -> Vec<BoxFuture<'static, ()>> {
        let mut work: Vec<BoxFuture<'static, ()>> = Vec::new();
        let all: Vec<UserId> = self.members.iter().chain(&self.people).copied().collect();
        for (number, user) in (200..).zip(&self.members) {
            let known = known.clone();
            work.push(
                chatters::talk(self.actor(number, *user), self.chat, known.clone(), format!("m{user}"), 12).boxed(),
            );
            work.push(members::work(self.actor(number + 10, *user), all.clone(), self.chat, known, 8).boxed());
        }
        for (number, user) in (220..).zip(&self.members[2..]) {
            let (known, name) = (known.clone(), format!("m{user}"));
            work.push(planners::plan(self.actor(number, *user), known.clone(), name, 4).boxed());
            work.push(presenters::present(self.actor(number + 10, *user), vec![self.chat], known, 4).boxed());
        }
        for (number, user) in (240..).zip([UserId::MASTER, self.members[2]]) {
            let guests = self.members.clone();
            work.push(hosts::moderate(self.actor(number, user), self.chat, guests, 16).boxed());
        }
        for number in 250..252 {
            let keeper = self.actor(number, UserId::MASTER);
            work.push(members::keep(keeper, all.clone(), format!("k{number}"), 12).boxed());
        }
        for number in 260..262 {
            let auditor = self.actor(number, UserId::MASTER);
            work.push(auditors::audit(auditor, Arc::clone(&self.readings), 5).boxed());
        }
        let actors = [270, 271].map(|number| self.actor(number, UserId::MASTER));
        work.extend(neighbours::squeeze(actors, self.neighbours));
        for number in 280..282 {
            let reconciler = self.actor(number, UserId::MASTER);
            work.push(reconcilers::reconcile_now_and_then(reconciler, 15).boxed());
        }
        work.extend(self.brink.at_work());
        work.extend(self.watched.at_work());
        let rivals = [292, 293].map(|number| self.actor(number, UserId::MASTER));
        work.push(members::rival(rivals, 4).boxed());
        work.push(members::change_codes(self.actor(290, UserId::MASTER), 2).boxed());
        work
    }

    /// When nothing goes wrong any more.
    pub async fn finish(&self) {
        self.brink.deliver_at_last().await;
        auditors::read_all(&self.master, &self.readings).await;
    }

    pub fn check(&self, evidence: &Evidence, findings: &mut Findings) {
        self.brink.check(evidence, findings);
        reconcilers::check(evidence, findings);
        tenant_checks::check(evidence, findings);
        permission_checks::check(evidence, findings);
        room_checks::check(evidence, findings);
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        trail_checks::check(evidence, &readings, findings);
        change_checks::check(evidence, findings);
    }

    /// What is left when everything was checked.
    pub async fn settle(&self, findings: &mut Findings) {
        reconcilers::settle(&self.master, findings).await;
    }

    fn actor(&self, number: u64, user: UserId) -> Actor {
        self.world.actor(2_000 + number, &self.master.bearer.tenant, user)
    }
}

async fn a_tenant(world: &Arc<World>, number: u64) -> TenantId {
    let tenant = TenantId::from(uuid::Uuid::from_u128(1 + u128::from(number)));
    let operator = world.actor(1_000 + number, &tenant, UserId::MASTER);
    let new = new_tenant(usize::try_from(number).unwrap_or(0));
    let author = Author::operator("simulation");
    tenants::create_tenant(&operator.app, &author, Some(tenant.clone()), new).await.expect("a tenant");
    tenant
}
