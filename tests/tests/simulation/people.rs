//! People who come, log in, change their passwords and go.

use shared::domain::email::Email;
use shared::domain::ids::UserId;
use shared::domain::password::Password;
use shared::domain::permission::Permissions;
use shared::domain::user::{NewUser, UserName};
use shared::operations::idempotency::{IdempotencyKey, Keyed};
use shared::operations::users;

use crate::history::{Call, Reply};
use crate::world::Actor;

pub const FIRST_PASSWORD: &str = "first password";

/// A new user with all permissions.
pub async fn create(actor: &Actor, email: &str, has_key: bool) -> Option<UserId> {
    let call = Call::CreateUser { email: email.to_owned(), has_key };
    let new = NewUser {
        name: UserName::parse("somebody").expect("a name"),
        email: Email::parse(email).expect("an address"),
        password: Password::parse(FIRST_PASSWORD).expect("a password"),
        permissions: Permissions::ALL,
    };
    let key = has_key.then(|| IdempotencyKey::new(email, email.as_bytes()));
    let work = users::create_user(&actor.app, &actor.bearer, Ok(Keyed { form: new, key }));
    match actor.perform(call, work, ToString::to_string).await {
        Reply::Done(id) => Some(id),
        Reply::Refused | Reply::Unknown => None,
    }
}
