//! Users and their permissions.

use super::idempotency::{self, Attempt, Begun, Keyed};
use super::passwords::{new_credential, salt_of};
use super::{Caller, Error, MAX_DECISIONS, admit, contended, trail};
use crate::app::App;
use crate::crypto::passwords::Recipe;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::standing::Standing;
use crate::domain::user::{NewUser, User, UserChange};
use crate::platform::telemetry;
use crate::policy::Action;
use crate::store::credentials::{self, Credential};
use crate::store::users;
use crate::store::{feeds, standings, tenants};
use crate::table::{Refusal, TableError, Transacted};

/// Which part of the list is asked for.
pub struct Part {
    pub limit: Option<usize>,
    /// The user after whom it begins.
    pub after: Option<UserId>,
}

/// How many users are read at once. A list without a limit goes on for as long as there is room.
const READ_AT_ONCE: usize = 1_000;

/// Gives out the users of the tenant by their number, as long as the answer takes them. Answers the last one given
/// when others follow.
pub async fn list_users(
    app: &App,
    bearer: &Bearer,
    form: Result<Part, Error>,
    mut takes: impl FnMut(User) -> bool,
) -> Result<Option<UserId>, Error> {
    let load = async {
        let Part { limit, after } = form?;
        let limit = limit.unwrap_or(usize::MAX);
        // One more than wanted tells whether others follow.
        let first = users::after(&app.table, &bearer.tenant, after, limit.min(READ_AT_ONCE) + 1).await?;
        Ok((limit, first))
    };
    let (caller, (limit, mut read)) = admit(app, bearer, Action::ListUsers, load).await?;
    let (mut given, mut last) = (0, None);
    // Beyond what is bounded, nothing is read before it is known that the caller may.
    while !read.is_empty() {
        let is_all = read.len() <= READ_AT_ONCE;
        for user in read {
            let id = user.id;
            if given == limit || !takes(user) {
                return Ok(last);
            }
            (given, last) = (given + 1, Some(id));
        }
        if is_all {
            break;
        }
        read = users::after(&app.table, &caller.tenant, last, READ_AT_ONCE + 1).await?;
    }
    Ok(None)
}

/// `EmailTaken` if the tenant has a user with that address.
pub async fn create_user(app: &App, bearer: &Bearer, form: Result<Keyed<NewUser>, Error>) -> Result<UserId, Error> {
    let (caller, Keyed { form: new, key }) = admit(app, bearer, Action::CreateUser, async { form }).await?;
    let address = users::address(&app.table, &new.email).await?;
    let is_taken = address.pointers.iter().any(|pointer| pointer.tenant == caller.tenant);
    if is_taken && key.is_none() {
        return Err(Error::EmailTaken);
    }
    let salt = salt_of(app, &new.email, &address).await?;
    let credential = new_credential(app, &new.password, &salt, 0).await?;
    // What is kept of the request tells the password no faster than the credential does.
    let key = key.map(|key| key.with_secret(&credential.phc));
    match idempotency::begin(app, &caller, "create_user", key.as_ref()).await? {
        Begun::Answered(answer) => {
            answer.parse().map(UserId).map_err(|_| Error::Internal("a kept answer is no user number".to_owned()))
        }
        Begun::Fresh(attempt) => {
            let result = async {
                if is_taken {
                    return Err(Error::EmailTaken);
                }
                create_once(app, &caller, new, &credential, &attempt).await
            };
            let result = result.await;
            attempt.end(app, result).await
        }
    }
}

async fn create_once(
    app: &App,
    caller: &Caller,
    new: NewUser,
    credential: &Credential,
    attempt: &Attempt,
) -> Result<UserId, Error> {
    let id = tenants::take_user_number(&app.table, &caller.tenant).await?;
    let user = User {
        id,
        name: new.name,
        email: new.email,
        permissions: new.permissions,
        is_master: false,
        created_at: app.clock.now_second(),
    };
    let mut writes = users::create(&caller.tenant, &user)?.to_vec();
    writes.push(credentials::create(&caller.tenant, id, credential)?);
    writes.push(trail::row(app, caller, "create_user", trail::user(id), &[])?);
    writes.extend(attempt.answer(&id.to_string()));
    match app.table.transact(&writes).await? {
        Transacted::Done => {
            telemetry::note("target_user", id.0);
            Ok(id)
        }
        Transacted::Refused(refusals) if refusals.first().is_some_and(Refusal::is_failed) => Err(Error::EmailTaken),
        Transacted::Refused(_) => Err(contended()),
    }
}

/// `MasterProtected` if anyone but the master edits the master, or anyone revokes one of its permissions.
pub async fn update_user(app: &App, bearer: &Bearer, form: Result<UserChange, Error>) -> Result<(), Error> {
    let load = async {
        let change = form?;
        let target = load_target(app, &bearer.tenant, &change).await?;
        Ok((change, target))
    };
    let (caller, (change, mut target)) = admit(app, bearer, Action::UpdateUser, load).await?;
    telemetry::note("target_user", change.id.0);
    for _ in 0..MAX_DECISIONS {
        let (standing, credential) = target;
        let user = standing.ok_or(Error::UserNotFound)?;
        let edits_itself = user.id == caller.user.id;
        if user.is_master && (!edits_itself || change.takes_a_permission_away()) {
            return Err(Error::MasterProtected);
        }
        if apply(app, &caller, &change, &user, credential).await? {
            return Ok(());
        }
        target = load_target(app, &caller.tenant, &change).await?;
    }
    Err(contended())
}

async fn load_target(
    app: &App,
    tenant: &TenantId,
    change: &UserChange,
) -> Result<(Option<Standing>, Option<Credential>), TableError> {
    let credential = async {
        match change.password {
            Some(_) => credentials::find(&app.table, tenant, change.id).await,
            None => Ok(None),
        }
    };
    tokio::try_join!(standings::find(&app.table, tenant, change.id), credential)
}

/// `false` when the user is no longer as it was seen. Transactions carry a token, so that an attempt that is late cannot
/// undo the next change.
async fn apply(
    app: &App,
    caller: &Caller,
    change: &UserChange,
    seen: &Standing,
    credential: Option<Credential>,
) -> Result<bool, Error> {
    let changed = seen.differences(change);
    if changed.is_empty() {
        return Ok(true);
    }
    telemetry::note("changes", changed.clone());
    let tenant = &caller.tenant;
    let mut new = seen.clone().changed(change);
    let mut writes = Vec::new();
    if let Some(password) = &change.password {
        let Some(old) = credential else { return Ok(false) };
        let hash = new_credential(app, password, Recipe::of(&old.phc).salt(), seen.token_version + 1).await?;
        writes.push(credentials::replace(tenant, seen.id, &old, &hash)?);
        new = new.with_a_new_password(None);
    }
    writes.extend(users::change(tenant, seen, new)?);
    writes.push(trail::row(app, caller, "update_user", trail::user(seen.id), &changed)?);
    Ok(matches!(app.table.transact(&writes).await?, Transacted::Done))
}

/// The user's messages, and the name on the user's schedules, stay.
pub async fn delete_user(app: &App, bearer: &Bearer, form: Result<UserId, Error>) -> Result<(), Error> {
    let load = async { users::find(&app.table, &bearer.tenant, form?).await?.ok_or(Error::UserNotFound) };
    let (caller, user) = admit(app, bearer, Action::DeleteUser, load).await?;
    telemetry::note("target_user", user.id.0);
    if user.is_master {
        return Err(Error::MasterProtected);
    }
    let mut writes = users::delete(&caller.tenant, &user).to_vec();
    writes.push(credentials::delete(&caller.tenant, user.id));
    writes.push(feeds::delete(&caller.tenant, user.id));
    writes.push(trail::row(app, &caller, "delete_user", trail::user(user.id), &[])?);
    match app.table.transact(&writes).await? {
        Transacted::Done => Ok(()),
        Transacted::Refused(_) => Err(Error::UserNotFound),
    }
}
