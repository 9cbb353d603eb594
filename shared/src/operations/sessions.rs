//! Logging in and out, and the two secrets that a user knows: password and access code.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;

use super::{Caller, Error, MAX_DECISIONS, admit, contended};
use crate::app::App;
use crate::crypto::passwords::{self, Recipe};
use crate::crypto::tokens::Bearer;
use crate::crypto::{access_code_digest, digest, same};
use crate::domain::access_code::AccessCode;
use crate::domain::email::Email;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::password::Password;
use crate::platform::telemetry;
use crate::policy::Action;
use crate::store::credentials::{self, Account, Credential};
use crate::store::rates::{self, Failures, LoginCounters};
use crate::store::standings;
use crate::store::users::{self, Pointer};
use crate::table::Transacted;

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

/// Failures that are allowed within the window, for one e-mail address and from one source address.
const FAILURES_PER_EMAIL: i64 = 10;
const FAILURES_PER_SOURCE: i64 = 100;
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Whatever is wrong (the address, the password, the access code, the tenant), the answer and the work are the same:
/// `LoginFailed`, or `TooManyRequests` after too many of these.
pub async fn login(app: &App, source: &str, form: Result<Login, Error>) -> Result<Session, Error> {
    let form = form?;
    let (account, source) = (digest(&[form.email.canonical().as_bytes()]), digest(&[source.as_bytes()]));
    let counters = LoginCounters::new(&account, &source);
    // So that the log shows the shape of an attack, and nobody's address.
    telemetry::note("account", &account[..12]);
    telemetry::note("source", &source[..12]);
    let (open, pointers) = tokio::join!(check_rate_limits(app, &counters), users::pointers(&app.table, &form.email));
    open?;
    let Some((pointer, credential)) = find_account(app, &form, pointers?).await? else {
        return Err(count_failure(app, &counters).await);
    };
    // Others may have failed meanwhile: of many guesses at once, no more may succeed than one after the other.
    check_rate_limits(app, &counters).await?;
    let now = app.clock.now_second();
    let expires_at = now + app.token_lifetime;
    let bearer = Bearer {
        tenant: pointer.tenant,
        user: pointer.user,
        token: app.random.uuid().into(),
        token_version: credential.token_version,
        expires_at,
    };
    let token = app.tokens.issue(&bearer, now).map_err(Error::Internal)?;
    telemetry::note("tenant", app.tenant_mark(&bearer.tenant));
    telemetry::note("user", bearer.user.0);
    Ok(Session { token, expires_at })
}

/// The account that all three parts of the form open: one hashing pass for all accounts of the address.
async fn find_account(app: &App, form: &Login, pointers: Vec<Pointer>) -> Result<Option<(Pointer, Credential)>, Error> {
    // For an unknown address an account that does not exist is read and hashed for instead.
    let nobody =
        Pointer { tenant: TenantId::from(uuid::Uuid::nil()), user: UserId(0), salt: passwords::new_salt(&app.random) };
    let candidates = if pointers.is_empty() { vec![nobody] } else { pointers };
    let accounts =
        try_join_all(candidates.iter().map(|pointer| credentials::account(&app.table, &pointer.tenant, pointer.user)))
            .await?;
    let mut recipes: Vec<Recipe> = candidates
        .iter()
        .zip(&accounts)
        .map(|(pointer, account)| match &account.credential {
            Some(credential) => Recipe::of(&credential.phc),
            None => app.hashing.recipe(&pointer.salt),
        })
        .collect();
    recipes.sort();
    recipes.dedup();
    let impossible = Password::parse("an impossible password").map_err(|_| Error::LoginFailed)?;
    let password = form.password.as_ref().unwrap_or(&impossible);
    let mut found = None;
    for recipe in recipes {
        let phc = app
            .hashing
            .hash(password, recipe)
            .await
            .ok_or_else(|| Error::Internal("a password hash of an unknown kind".to_owned()))?;
        for (pointer, account) in candidates.iter().zip(&accounts) {
            if opens(form, pointer, account, &phc) {
                found = account.credential.clone().map(|credential| (pointer.clone(), credential));
            }
        }
    }
    Ok(found)
}

fn opens(form: &Login, pointer: &Pointer, account: &Account, phc: &str) -> bool {
    let code = access_code_digest(&pointer.tenant, &form.access_code);
    let code_is_right = same(account.access_code_digest.as_deref().unwrap_or_default(), &code);
    let known_phc = account.credential.as_ref().map_or("", |credential| &credential.phc);
    let password_is_right = same(known_phc, phc) && form.password.is_some();
    // `&`, not `&&`: all three are looked at, so that the time taken does not tell which one is wrong.
    code_is_right & password_is_right & account.tenant_is_active
}

async fn check_rate_limits(app: &App, counters: &LoginCounters) -> Result<(), Error> {
    let now = app.clock.now().timestamp();
    let failures = rates::failures(&app.table, counters, now).await?;
    let limits = [FAILURES_PER_EMAIL, FAILURES_PER_SOURCE];
    let wait = failures.into_iter().zip(limits).filter_map(|(failures, limit)| wait_at(failures?, limit, now)).max();
    match wait {
        Some(seconds) => Err(too_many(seconds)),
        None => Ok(()),
    }
}

/// Counts a failed log-in and makes its answer: `LoginFailed`, or `TooManyRequests` above the limit.
async fn count_failure(app: &App, counters: &LoginCounters) -> Error {
    let now = app.clock.now().timestamp();
    match rates::count_failure(&app.table, counters, now, WINDOW.num_seconds()).await {
        Err(error) => error.into(),
        Ok((email, source)) => {
            let wait = wait_at(email, FAILURES_PER_EMAIL + 1, now).max(wait_at(source, FAILURES_PER_SOURCE + 1, now));
            wait.map_or(Error::LoginFailed, too_many)
        }
    }
}

/// How many seconds are left of a window whose count has reached the limit.
fn wait_at(failures: Failures, limit: i64, now: i64) -> Option<u64> {
    let left = u64::try_from(failures.expires_at - now).ok()?;
    (failures.count >= limit && left > 0).then_some(left)
}

fn too_many(seconds: u64) -> Error {
    telemetry::note("locked_out", true);
    Error::TooManyRequests(seconds)
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
    app.table.transact(&[credentials::put_access_code(&caller.tenant, digest)?]).await?;
    Ok(())
}
