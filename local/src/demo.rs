//! What exists on this machine and nowhere else: a tenant to try, and keys that everybody knows.

use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::access_code::AccessCode;
use shared::domain::email::Email;
use shared::domain::ids::{TenantId, UserId};
use shared::domain::password::Password;
use shared::domain::permission::Permissions;
use shared::domain::trail::{Author, Origin};
use shared::domain::user::{NewUser, UserName};
use shared::operations::tenants::{self, NewTenant};

/// The customer's document's own sample.
pub const EMAIL: &str = "imageflux@example.com";
pub const PASSWORD: &str = "Password123";
pub const ACCESS_CODE: &str = "0987654321";

pub const TENANT: &str = "00000000-0000-4000-8000-000000000001";

pub const PUBLIC_KEYS: &str = "local=L6xem65n9bwFbqHsyR_bTtTB509WlOHd7DNM3AHCTCg";
pub const SIGNING_KEY: &str =
    r#"{"kid": "local", "private_key": "MC4CAQAwBQYDK2VwBCIEIDehPfi9t8qTmCx44ZXyV4CjZo5vG3HAu6c0XOU0GD8C"}"#;

/// Makes the demo tenant, unless a run before this one did.
///
/// # Errors
/// When the table does not answer.
pub async fn seed(app: &App) -> Result<(), String> {
    let tenant = TenantId::from(TENANT);
    let wrong = |error| format!("the demo tenant: {error:?}");
    if shared::store::tenants::find(&app.table, &tenant).await.map_err(|error| error.to_string())?.is_some() {
        return Ok(());
    }
    let master = NewUser {
        name: UserName::parse("imageflux").map_err(wrong)?,
        email: Email::parse(EMAIL).map_err(wrong)?,
        password: Password::parse(PASSWORD).map_err(wrong)?,
        permissions: Permissions::ALL,
    };
    let access_code = AccessCode::parse(ACCESS_CODE).map_err(wrong)?;
    let new = NewTenant { name: "demo".to_owned(), access_code, master };
    tenants::create_tenant(app, &Author::operator("demo"), Some(tenant), new)
        .await
        .map_err(|error| format!("the demo tenant: {error}"))?;
    Ok(())
}

/// A token for the files under `events/`: the demo master's, valid until the year 2100.
///
/// # Errors
/// When there is no signing key.
pub fn event_token(app: &App, id: &str) -> Result<String, String> {
    let expires_at = chrono::DateTime::from_timestamp(4_102_444_800, 0).ok_or("no such time")?;
    let bearer = Bearer {
        tenant: TENANT.into(),
        user: UserId::MASTER,
        token: id.into(),
        token_version: 0,
        expires_at,
        origin: Origin::default(),
    };
    app.tokens.issue(&bearer, chrono::DateTime::UNIX_EPOCH)
}
