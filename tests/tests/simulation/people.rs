//! People who come, log in, change their passwords and go.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::crypto::tokens::Bearer;
use shared::domain::access_code::AccessCode;
use shared::domain::email::Email;
use shared::domain::ids::UserId;
use shared::domain::password::Password;
use shared::domain::user::{NewUser, UserChange, UserName};
use shared::operations::idempotency::{IdempotencyKey, Keyed};
use shared::operations::listing::{self, Window};
use shared::operations::passwords;
use shared::operations::sessions::{self, Login};
use shared::operations::users;

use crate::history::{Call, Reply};
use crate::members;
use crate::world::Actor;

pub const ACCESS_CODE: &str = "code";
pub const FIRST_PASSWORD: &str = "first password";

/// What people remember, each of a user of their own or of one they share.
#[derive(Clone, Default)]
pub struct Memory {
    users: Arc<Mutex<BTreeMap<UserId, Secrets>>>,
}

#[derive(Clone, Default)]
struct Secrets {
    email: String,
    /// One that worked, or would have.
    password: String,
    tokens: Vec<Bearer>,
}

impl Memory {
    fn users(&self) -> MutexGuard<'_, BTreeMap<UserId, Secrets>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, user: UserId, email: &str) {
        let password = FIRST_PASSWORD.to_owned();
        self.users().insert(user, Secrets { email: email.to_owned(), password, tokens: Vec::new() });
    }

    fn any(&self, actor: &Actor) -> Option<(UserId, Secrets)> {
        let users = self.users();
        let index = usize::try_from(actor.random.below(users.len().max(1) as u64)).ok()?;
        users.iter().nth(index).map(|(user, secrets)| (*user, secrets.clone()))
    }

    /// Somebody may have set another password.
    pub fn now_perhaps(&self, user: UserId, password: &str) {
        self.change(user, |secrets| password.clone_into(&mut secrets.password));
    }

    pub fn ids(&self) -> Vec<UserId> {
        self.users().keys().copied().collect()
    }

    fn change(&self, user: UserId, change: impl FnOnce(&mut Secrets)) {
        if let Some(secrets) = self.users().get_mut(&user) {
            change(secrets);
        }
    }
}

/// Goes in and out. The actor's own bearer is the master's, for what only a manager of users does.
pub async fn come_and_go(mut actor: Actor, memory: Memory, name: String, steps: u32) {
    let master = actor.bearer.clone();
    for step in 0..steps {
        let name = format!("{name}-{step}");
        actor.bearer = master.clone();
        let Some((user, secrets)) = memory.any(&actor) else { return };
        let index = usize::try_from(actor.random.below(secrets.tokens.len().max(1) as u64)).unwrap_or(0);
        match (actor.random.below(100), secrets.tokens.get(index)) {
            (0..45, Some(token)) => look_around(&mut actor, token).await,
            (45..55, Some(token)) => log_out(&mut actor, token).await,
            (55..65, Some(token)) => change_password(&mut actor, &memory, token, &name).await,
            (65..70, _) => set_password(&actor, &memory, user, &name).await,
            (70..80, _) => invite(&actor, &memory, &name).await,
            (80..84, _) => dismiss(&actor, user).await,
            _ => log_in(&actor, &memory, user, &secrets).await,
        }
        actor.rest_up_to(1_500).await;
    }
}

/// Goes in and looks, for as long as the tokens and the password work.
pub async fn come_in_and_look(mut actor: Actor, memory: Memory, steps: u32) {
    let first = actor.bearer.clone();
    for _ in 0..steps {
        actor.bearer = first.clone();
        let Some((user, secrets)) = memory.any(&actor) else { return };
        let index = usize::try_from(actor.random.below(secrets.tokens.len().max(1) as u64)).unwrap_or(0);
        match (actor.random.below(4), secrets.tokens.get(index)) {
            (1.., Some(token)) => look_around(&mut actor, token).await,
            _ => log_in(&actor, &memory, user, &secrets).await,
        }
        actor.rest_up_to(2_000).await;
    }
}

async fn log_in(actor: &Actor, memory: &Memory, user: UserId, secrets: &Secrets) {
    let Secrets { email, password, .. } = secrets;
    let call = Call::LogIn { user, password: password.clone() };
    let form = Login {
        email: address(email),
        password: Password::parse(password).ok(),
        access_code: AccessCode::parse(ACCESS_CODE).expect("a code"),
    };
    let source = actor.random.below(1_000).to_string();
    let work = async {
        let session = sessions::login(&actor.app, &source, Ok(form)).await?;
        Ok(actor.app.tokens.verify(&session.token, actor.app.clock.now()).expect("a token that works"))
    };
    let id = |bearer: &Bearer| bearer.token.to_string();
    if let Reply::Done(bearer) = actor.perform(call, work, id).await {
        memory.change(user, |secrets| secrets.tokens.push(bearer));
    }
}

async fn look_around(actor: &mut Actor, bearer: &Bearer) {
    actor.bearer = bearer.clone();
    let work = listing::list_schedules(&actor.app, bearer, Ok(Window::default()));
    actor.perform(Call::LookAround, work, |_| String::new()).await;
}

async fn log_out(actor: &mut Actor, bearer: &Bearer) {
    actor.bearer = bearer.clone();
    let work = sessions::logout(&actor.app, bearer, Ok(()));
    actor.perform(Call::LogOut, work, |()| String::new()).await;
}

async fn change_password(actor: &mut Actor, memory: &Memory, bearer: &Bearer, password: &str) {
    actor.bearer = bearer.clone();
    let new = Password::parse(&format!("password {password}")).expect("a password");
    let call = Call::ChangePassword { password: format!("password {password}") };
    let work = passwords::change_password(&actor.app, bearer, Ok(new));
    if let Reply::Done(()) | Reply::Unknown = actor.perform(call, work, |()| String::new()).await {
        memory.change(bearer.user, |secrets| secrets.password = format!("password {password}"));
    }
}

async fn set_password(actor: &Actor, memory: &Memory, user: UserId, password: &str) {
    let password = format!("password {password}");
    let call = Call::SetPassword { user, password: password.clone() };
    let change = UserChange {
        id: user,
        name: None,
        password: Some(Password::parse(&password).expect("a password")),
        permissions: Vec::new(),
    };
    let work = users::update_user(&actor.app, &actor.bearer, Ok(change));
    if let Reply::Done(()) | Reply::Unknown = actor.perform(call, work, |()| String::new()).await {
        memory.change(user, |secrets| secrets.password = password);
    }
}

/// Half of them want one of a few addresses; the others have one of their own, and a key.
async fn invite(actor: &Actor, memory: &Memory, name: &str) {
    let wants_a_nice_one = actor.random.below(2) == 0;
    let nice = format!("nice{}@example.jp", actor.random.below(3));
    let email = if wants_a_nice_one { nice } else { format!("{name}@example.jp") };
    for _ in 0..5 {
        match create(actor, &email, !wants_a_nice_one).await {
            Reply::Done(user) => return memory.add(user, &email),
            Reply::Unknown if !wants_a_nice_one => actor.rest_up_to(20_000).await,
            _ => return,
        }
    }
}

pub async fn dismiss(actor: &Actor, user: UserId) {
    let work = users::delete_user(&actor.app, &actor.bearer, Ok(user));
    actor.perform(Call::DeleteUser { user }, work, |()| String::new()).await;
}

/// A new user with the permissions that the address tells.
pub async fn create(actor: &Actor, email: &str, has_key: bool) -> Reply<UserId> {
    let call = Call::CreateUser { email: email.to_owned() };
    let new = NewUser {
        name: UserName::parse("somebody").expect("a name"),
        email: address(email),
        password: Password::parse(FIRST_PASSWORD).expect("a password"),
        permissions: members::first_permissions(email),
    };
    let key = has_key.then(|| IdempotencyKey::new(email, email.as_bytes()));
    let work = users::create_user(&actor.app, &actor.bearer, Ok(Keyed { form: new, key }));
    actor.perform(call, work, ToString::to_string).await
}

fn address(email: &str) -> Email {
    Email::parse(email).expect("an address")
}
