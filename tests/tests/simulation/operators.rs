//! The operator, and a small tenant that is suspended, resumed, and given a new password for its master.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use shared::domain::email::Email;
use shared::domain::ids::{TenantId, UserId};
use shared::domain::password::Password;
use shared::domain::tenant::State;
use shared::domain::trail::Author;
use shared::operations::locks;
use shared::operations::tenants::{self, Created, NewTenant};

use crate::history::Call;
use crate::people::{self, Memory};
use crate::run::new_tenant;
use crate::world::{Actor, World};

/// A tenant that the operator has to do with.
#[derive(Clone)]
pub struct Watched {
    world: Arc<World>,
    tenant: TenantId,
    /// Of the master.
    memory: Memory,
}

impl Watched {
    pub fn new(world: &Arc<World>, tenant: TenantId, number: usize) -> Self {
        let memory = Memory::default();
        memory.add(UserId::MASTER, &format!("master{number}@example.jp"));
        Self { world: Arc::clone(world), tenant, memory }
    }

    pub fn at_work(&self) -> Vec<BoxFuture<'static, ()>> {
        let operators = (2_400..2_402).map(|number| self.clone().operate(self.operator(number), number, 8).boxed());
        let masters = (2_410..2_412).map(|number| {
            let master = self.world.actor(number, &self.tenant, UserId::MASTER);
            people::come_in_and_look(master, self.memory.clone(), 14).boxed()
        });
        operators.chain(masters).collect()
    }

    fn operator(&self, number: u64) -> Actor {
        self.world.actor(number, &self.tenant, UserId::OPERATOR)
    }

    async fn operate(self, actor: Actor, number: u64, steps: u32) {
        for step in 0..steps {
            actor.rest_up_to(4_000).await;
            match actor.random.below(8) {
                0 | 1 => {
                    set_state(&actor, State::Suspended).await;
                    actor.rest_up_to(6_000).await;
                    set_state(&actor, State::Active).await;
                }
                2 | 3 => self.reset_master(&actor, &format!("password {number} {step}")).await,
                4 => set_archive_destinations(&actor).await,
                5 => unlock(&actor).await,
                _ => create_another(&actor).await,
            }
        }
        set_state(&actor, State::Active).await;
    }

    async fn reset_master(&self, actor: &Actor, password: &str) {
        let call = Call::SetPassword { user: UserId::MASTER, password: password.to_owned() };
        let new = Password::parse(password).expect("a password");
        let author = operator();
        let work = tenants::reset_master(&actor.app, &author, &self.tenant, &new);
        actor.perform(call, work, ToString::to_string).await;
        self.memory.now_perhaps(UserId::MASTER, password);
    }
}

fn operator() -> Author {
    Author::operator("simulation")
}

async fn set_state(actor: &Actor, state: State) {
    let author = operator();
    let work = tenants::set_state(&actor.app, &author, &actor.bearer.tenant, state);
    actor.perform(Call::SetState { state }, work, ToString::to_string).await;
}

async fn set_archive_destinations(actor: &Actor) {
    let (author, ids) = (operator(), BTreeSet::from(["archive".to_owned()]));
    let work = tenants::set_archive_destinations(&actor.app, &author, &actor.bearer.tenant, &ids);
    actor.perform(Call::SetArchiveDestinations, work, ToString::to_string).await;
}

async fn unlock(actor: &Actor) {
    let email = Email::parse("person0@example.jp").expect("an address");
    let work = locks::unlock(&actor.app, Some(&email), None);
    actor.perform(Call::Unlock, work, |()| String::new()).await;
}

/// Asked for by several at once: all are told of the same one.
async fn create_another(actor: &Actor) {
    let author = operator();
    let new = NewTenant { name: "another".to_owned(), ..new_tenant(9) };
    let work = tenants::create_tenant(&actor.app, &author, None, new);
    let id = |created: &Created| match created {
        Created::Tenant(id) => id.to_string(),
        Created::IdIsTaken => "taken".to_owned(),
    };
    actor.perform(Call::CreateTenant, work, id).await;
}
