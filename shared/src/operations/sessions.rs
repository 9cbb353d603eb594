//! Logging in and out.

use chrono::{DateTime, Utc};

use super::locks::{Attempt, Failure};
use super::{Error, MAX_DECISIONS, admit, contended};
use crate::app::App;
use crate::crypto::passwords::{self, Recipe};
use crate::crypto::tokens::Bearer;
use crate::crypto::{access_code_digest, same};
use crate::domain::access_code::AccessCode;
use crate::domain::email::Email;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::password::Password;
use crate::domain::source::Source;
use crate::domain::trail::Origin;
use crate::platform::telemetry;
use crate::policy::Action;
use crate::store::credentials::{self, Account, Credential};
use crate::store::standings;
use crate::store::users::{self, Address, Pointer};

pub struct Login {
    pub email: Email,
    /// `None` when no account can have such a password.
    pub password: Option<Password>,
    pub access_code: AccessCode,
}

pub struct Session {
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

/// Whatever is wrong (the address, the password, the access code, the tenant), the answer and the work are the same:
/// `LoginFailed`, or `TooManyRequests` after too many of these.
pub async fn login(app: &App, source: &str, form: Result<Login, Error>) -> Result<Session, Error> {
    let form = form?;
    let attempt = Attempt::new(&form.email, &Source::parse(source));
    let (open, address) = tokio::join!(attempt.check(app), users::address(&app.table, &form.email));
    open?;
    let (pointer, credential) = match find_account(app, &form, address?).await? {
        Ok(account) => account,
        Err(failure) => return Err(attempt.fail(app, failure).await),
    };
    attempt.succeed(app).await?;
    let now = app.clock.now_second();
    let expires_at = now + app.token_lifetime;
    let bearer = Bearer {
        tenant: pointer.tenant,
        user: pointer.user,
        token: app.random.uuid().into(),
        token_version: credential.token_version,
        expires_at,
        origin: Origin::default(),
    };
    let token = app.tokens.issue(&bearer, now).map_err(Error::Internal)?;
    telemetry::note("tenant", app.tenant_mark(&bearer.tenant));
    telemetry::note("user", bearer.user.0);
    Ok(Session { token, expires_at })
}

/// The account that all three parts of the form open: one hashing pass for all accounts of the address.
async fn find_account(
    app: &App,
    form: &Login,
    address: Address,
) -> Result<Result<(Pointer, Credential), Failure>, Error> {
    // For an unknown address an account that does not exist is read and hashed for instead.
    let nobody = Pointer { tenant: TenantId::from(uuid::Uuid::nil()), user: UserId(0) };
    let candidates = if address.pointers.is_empty() { vec![nobody] } else { address.pointers };
    let salt = address.salt.unwrap_or_else(|| passwords::new_salt(&app.random));
    let wanted: Vec<_> = candidates.iter().map(|pointer| (&pointer.tenant, pointer.user)).collect();
    let accounts = credentials::accounts(&app.table, &wanted).await?;
    let mut recipes: Vec<Recipe> = accounts
        .iter()
        .map(|account| match &account.credential {
            Some(credential) => Recipe::of(&credential.phc),
            None => app.hashing.recipe(&salt),
        })
        .collect();
    recipes.sort();
    recipes.dedup();
    let impossible = Password::parse("an impossible password").map_err(|_| Error::LoginFailed)?;
    let password = form.password.as_ref().unwrap_or(&impossible);
    let mut result = Err(Failure::Password);
    for recipe in recipes {
        let phc = app
            .hashing
            .hash(password, recipe)
            .await
            .ok_or_else(|| Error::Internal("a password hash of an unknown kind".to_owned()))?;
        for (pointer, account) in candidates.iter().zip(&accounts) {
            let Opening { password, all } = opening(form, pointer, account, &phc);
            if let (true, Some(credential)) = (all, &account.credential) {
                result = Ok((pointer.clone(), credential.clone()));
            } else if password && result.is_err() {
                result = Err(Failure::AllButThePassword);
            }
        }
    }
    Ok(result)
}

/// What the form opens of one account.
struct Opening {
    password: bool,
    all: bool,
}

fn opening(form: &Login, pointer: &Pointer, account: &Account, phc: &str) -> Opening {
    let code = access_code_digest(&pointer.tenant, &form.access_code);
    let code_is_right = same(account.access_code_digest.as_deref().unwrap_or_default(), &code);
    let known_phc = account.credential.as_ref().map_or("", |credential| &credential.phc);
    let password_is_right = same(known_phc, phc) && form.password.is_some();
    // `&`, not `&&`: all three are looked at, so that the time taken does not tell which one is wrong.
    Opening { password: password_is_right, all: code_is_right & password_is_right & account.tenant_is_active }
}

pub async fn logout(app: &App, bearer: &Bearer, form: Result<(), Error>) -> Result<(), Error> {
    let (caller, ()) = admit(app, bearer, Action::Logout, async { form }).await?;
    let mut seen = caller.user;
    for _ in 0..MAX_DECISIONS {
        let new = seen.clone().revoking(&bearer.token, bearer.expires_at, app.clock.now());
        if standings::try_replace(&app.table, &bearer.tenant, &seen, new).await? {
            return Ok(());
        }
        // Somebody changed it meanwhile. When the token works no more, what was asked for is done.
        match standings::find(&app.table, &bearer.tenant, bearer.user).await? {
            Some(now) if now.admits(&bearer.token, bearer.token_version, bearer.expires_at) => seen = now,
            _ => return Ok(()),
        }
    }
    Err(contended())
}
