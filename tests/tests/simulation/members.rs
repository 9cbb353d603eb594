//! Members of the staff, whose permissions come and go while they work, and who changes them.

use futures_util::future::join;
use shared::domain::access_code::AccessCode;
use shared::domain::ids::{ScheduleId, UserId};
use shared::domain::permission::{Permission, Permissions};
use shared::domain::user::{UserChange, UserName};
use shared::operations::exporting::{self, Export};
use shared::operations::users::{self, Part};
use shared::operations::{broadcasts, feeds, passwords};

use crate::history::{Call, Reply};
use crate::people::{self, ACCESS_CODE};
use crate::planners::Known;
use crate::world::Actor;

/// What a user may do who is made under an address: guests only view.
pub fn first_permissions(email: &str) -> Permissions {
    if email.starts_with("guest") { [Permission::View].into_iter().collect() } else { Permissions::ALL }
}

/// Two guests, and two who may do everything.
pub async fn hire(master: &Actor) -> Vec<UserId> {
    let mut hired = Vec::new();
    for email in ["guest0@example.jp", "guest1@example.jp", "member0@example.jp", "member1@example.jp"] {
        let Reply::Done(user) = people::create(master, email, false).await else { panic!("a user") };
        hired.push(user);
    }
    hired
}

/// Does what needs one permission or another, whether or not it is held just now.
pub async fn work(actor: Actor, staff: Vec<UserId>, chat: ScheduleId, known: Known, steps: u32) {
    for step in 0..steps {
        actor.rest_up_to(3_000).await;
        match actor.random.below(8) {
            0 => list_users(&actor).await,
            1 | 2 => export(&actor, chat).await,
            3 => reset_delivery(&actor, known.any(&actor).map_or(chat, |(id, _)| id)).await,
            4 => create_calendar(&actor).await,
            5 => delete_calendar(&actor).await,
            _ => edit_any(&actor, &staff, &format!("by {} {step}", actor.bearer.user)).await,
        }
    }
}

/// Two who invite the same people at the same moment.
pub async fn rival([one, other]: [Actor; 2], times: u32) {
    for time in 0..times {
        one.rest_up_to(8_000).await;
        let email = format!("rival{time}@example.jp");
        join(people::create(&one, &email, false), people::create(&other, &email, false)).await;
    }
}

/// Gives and takes permissions and names, of several at once.
pub async fn keep(actor: Actor, staff: Vec<UserId>, name: String, steps: u32) {
    for step in 0..steps {
        actor.rest_up_to(2_000).await;
        edit_any(&actor, &staff, &format!("{name}-{step}")).await;
    }
}

/// Gives the tenant another access code, and soon the usual one again.
pub async fn change_codes(actor: Actor, times: u32) {
    for time in 0..times {
        actor.rest_up_to(15_000).await;
        change_code(&actor, format!("code {time}")).await;
        for _ in 0..4 {
            actor.rest_up_to(2_000).await;
            if let Reply::Done(()) = change_code(&actor, ACCESS_CODE.to_owned()).await {
                break;
            }
        }
    }
}

async fn change_code(actor: &Actor, code: String) -> Reply<()> {
    let new = AccessCode::parse(&code).expect("a code");
    let work = passwords::change_access_code(&actor.app, &actor.bearer, Ok(new));
    actor.perform(Call::ChangeAccessCode { code }, work, |()| String::new()).await
}

async fn edit_any(actor: &Actor, staff: &[UserId], name: &str) {
    let user = staff[index(actor, staff.len())];
    let name = (actor.random.below(3) == 0).then(|| name.to_owned());
    let mut permissions: Vec<(Permission, bool)> = Vec::new();
    for permission in Permission::ALL {
        if actor.random.below(3) == 0 {
            permissions.push((permission, actor.random.below(2) == 0));
        }
    }
    if name.is_none() && permissions.is_empty() {
        return;
    }
    let call = Call::UpdateUser { user, name: name.clone(), permissions: permissions.clone() };
    let name = name.map(|name| UserName::parse(&name).expect("a short name"));
    let change = UserChange { id: user, name, password: None, permissions };
    let work = users::update_user(&actor.app, &actor.bearer, Ok(change));
    actor.perform(call, work, |()| String::new()).await;
}

async fn list_users(actor: &Actor) {
    let part = Part { limit: None, after: None };
    let work = users::list_users(&actor.app, &actor.bearer, Ok(part), |_| true);
    actor.perform(Call::ListUsers, work, |_| String::new()).await;
}

async fn export(actor: &Actor, schedule: ScheduleId) {
    let export = Export { schedule, after: None };
    let work = exporting::export_messages(&actor.app, &actor.bearer, Ok(export), |_| true);
    actor.perform(Call::Export, work, |_| String::new()).await;
}

async fn reset_delivery(actor: &Actor, id: ScheduleId) {
    let work = broadcasts::reset_delivery(&actor.app, &actor.bearer, Ok(id));
    actor.perform(Call::ResetDelivery { id }, work, |()| String::new()).await;
}

async fn create_calendar(actor: &Actor) {
    let work = feeds::create_calendar(&actor.app, &actor.bearer, Ok(()));
    actor.perform(Call::CreateCalendar, work, |_| String::new()).await;
}

async fn delete_calendar(actor: &Actor) {
    let work = feeds::delete_calendar(&actor.app, &actor.bearer, Ok(()));
    actor.perform(Call::DeleteCalendar, work, |()| String::new()).await;
}

fn index(actor: &Actor, length: usize) -> usize {
    usize::try_from(actor.random.below(length as u64)).unwrap_or(0)
}
