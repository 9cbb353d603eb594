//! The two secrets that a user knows: password and access code.

use super::{Caller, Error, MAX_DECISIONS, admit, contended, trail};
use crate::app::App;
use crate::crypto::access_code_digest;
use crate::crypto::passwords::{self, Recipe};
use crate::crypto::tokens::Bearer;
use crate::domain::access_code::AccessCode;
use crate::domain::email::Email;
use crate::domain::password::Password;
use crate::policy::Action;
use crate::store::credentials::{self, Credential};
use crate::store::standings;
use crate::store::users::{self, Address};
use crate::table::Transacted;

/// After this, of all the user's tokens only the one that made the call works.
pub async fn change_password(app: &App, bearer: &Bearer, form: Result<Password, Error>) -> Result<(), Error> {
    let load = async { Ok((form?, credentials::find(&app.table, &bearer.tenant, bearer.user).await?)) };
    let (mut caller, (password, mut credential)) = admit(app, bearer, Action::ChangePassword, load).await?;
    for _ in 0..MAX_DECISIONS {
        if let Some(seen) = credential {
            let hash = renewed(app, &password, &seen, &caller).await?;
            let writes = [
                credentials::replace(&caller.tenant, caller.user.id, &seen, &hash)?,
                standings::replace(
                    &caller.tenant,
                    &caller.user,
                    caller.user.clone().with_a_new_password(Some(&bearer.token)),
                )?,
                trail::row(app, &caller, "change_password", trail::user(caller.user.id), &["password"])?,
            ];
            if let Transacted::Done = app.table.transact(&writes).await? {
                return Ok(());
            }
        }
        // Somebody changed this password or deleted this user meanwhile; perhaps this token is dead now.
        let again = async { Ok(credentials::find(&app.table, &bearer.tenant, bearer.user).await?) };
        (caller, credential) = admit(app, bearer, Action::ChangePassword, again).await?;
    }
    Err(contended())
}

async fn renewed(app: &App, password: &Password, seen: &Credential, caller: &Caller) -> Result<Credential, Error> {
    new_credential(app, password, Recipe::of(&seen.phc).salt(), caller.user.token_version + 1).await
}

/// The salt of an address: one for all its accounts, in whatever tenants, also when several are made at once.
pub(super) async fn salt_of(app: &App, email: &Email, found: &Address) -> Result<String, Error> {
    match &found.salt {
        Some(salt) => Ok(salt.clone()),
        None => Ok(users::salt(&app.table, email, passwords::new_salt(&app.random)).await?),
    }
}

/// A password hash with today's parameters.
pub(super) async fn new_credential(
    app: &App,
    password: &Password,
    salt: &str,
    token_version: i64,
) -> Result<Credential, Error> {
    let phc = app
        .hashing
        .hash(password, app.hashing.recipe(salt))
        .await
        .ok_or_else(|| Error::Internal("a password could not be hashed".to_owned()))?;
    Ok(Credential { phc, token_version })
}

/// Changes the access code that all users of the tenant log in with. Tokens stay valid.
pub async fn change_access_code(app: &App, bearer: &Bearer, form: Result<AccessCode, Error>) -> Result<(), Error> {
    let (caller, code) = admit(app, bearer, Action::ChangeAccessCode, async { form }).await?;
    let digest = access_code_digest(&caller.tenant, &code);
    // With a token, so that an attempt that is late cannot undo the next change.
    let row = trail::row(app, &caller, "change_access_code", trail::TENANT, &["access_code"])?;
    app.table.transact(&[credentials::put_access_code(&caller.tenant, digest)?, row]).await?;
    Ok(())
}
