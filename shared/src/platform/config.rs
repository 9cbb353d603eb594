//! Configuration: what the environment tells a function.

use aws_config::SdkConfig;
use secrecy::SecretString;

use crate::platform::env::var;
use crate::platform::secrets;

/// What the functions are told by their environment. Each takes what it needs.
#[derive(Clone)]
pub struct Config {
    /// `TOKEN_PUBLIC_KEYS`: `kid=key[,kid=key]`, keys in unpadded base64url.
    pub token_public_keys: Option<String>,
    /// `TOKEN_SIGNING_KEY`, or the secret that `TOKEN_SIGNING_KEY_SECRET` names: `{"kid": ..., "private_key": <PKCS#8 in base64>}`.
    pub token_signing_key: Option<SecretString>,
    /// `TOKEN_LIFETIME_SECONDS`, 43200 unless told otherwise.
    pub token_lifetime_seconds: i64,
    /// `IMAGEFLUX_ENDPOINT`
    pub imageflux_endpoint: String,
    /// `IMAGEFLUX_ACCESS_TOKEN`, or the secret that `IMAGEFLUX_ACCESS_TOKEN_SECRET` names.
    pub imageflux_access_token: Option<SecretString>,
    /// `CHANNEL_GRACE_SECONDS`: how long after its schedule's end a channel is kept, a day unless told otherwise.
    pub channel_grace_seconds: i64,
    /// `DELETE_ORPHAN_CHANNELS`: `true` only if no other system creates channels with the same access token.
    pub deletes_orphans: bool,
    /// `CORS_ORIGINS`: `*`, or a comma-separated list; without it no other origin may read answers.
    pub cors_origins: Vec<String>,
}

const HOUR: i64 = 60 * 60;
const IMAGEFLUX: &str = "https://live-api.imageflux.jp/";

impl Config {
    /// The two secrets are fetched side by side, each only where its function has it.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub async fn from_env(sdk: &SdkConfig) -> Result<Self, String> {
        let (token_signing_key, imageflux_access_token) =
            tokio::try_join!(secrets::find(sdk, "TOKEN_SIGNING_KEY"), secrets::find(sdk, "IMAGEFLUX_ACCESS_TOKEN"))?;
        Self::with_secrets(token_signing_key, imageflux_access_token)
    }

    /// As `from_env`, but for the secrets, which somebody else found.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn with_secrets(
        token_signing_key: Option<SecretString>,
        imageflux_access_token: Option<SecretString>,
    ) -> Result<Self, String> {
        Ok(Self {
            token_public_keys: var("TOKEN_PUBLIC_KEYS"),
            token_signing_key,
            token_lifetime_seconds: seconds("TOKEN_LIFETIME_SECONDS", 12 * HOUR, 7 * 24 * HOUR)?,
            imageflux_endpoint: var("IMAGEFLUX_ENDPOINT").unwrap_or_else(|| IMAGEFLUX.to_owned()),
            imageflux_access_token,
            channel_grace_seconds: seconds("CHANNEL_GRACE_SECONDS", 24 * HOUR, 365 * 24 * HOUR)?,
            deletes_orphans: var("DELETE_ORPHAN_CHANNELS").as_deref() == Some("true"),
            cors_origins: origins(&var("CORS_ORIGINS").unwrap_or_default()),
        })
    }
}

/// `TABLE_NAME`, which is needed before all else.
///
/// # Errors
/// When it is not set.
pub fn table_name() -> Result<String, String> {
    var("TABLE_NAME").ok_or_else(|| "TABLE_NAME is not set".to_owned())
}

fn seconds(name: &str, default: i64, most: i64) -> Result<i64, String> {
    let Some(value) = var(name) else { return Ok(default) };
    match value.parse() {
        Ok(seconds) if (1..=most).contains(&seconds) => Ok(seconds),
        _ => Err(format!("{name} is not a number from 1 to {most}")),
    }
}

fn origins(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()
}
