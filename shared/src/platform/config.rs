//! Configuration: what the environment tells a function.

use aws_config::SdkConfig;
use secrecy::SecretString;

use crate::platform::env::var;
use crate::platform::secrets;

/// What the functions are told by their environment. Each takes what it needs. The default is what holds where nothing is
/// told.
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
    /// `PUBLISH_LEAD_SECONDS`: from how long before its start a broadcast may be published, half an hour unless told otherwise.
    pub publish_lead_seconds: i64,
    /// `PUBLISH_OVERRUN_SECONDS`: until how long after its end, an hour unless told otherwise.
    pub publish_overrun_seconds: i64,
    /// `PUBLISH_WITHOUT_TOKEN`: `window` unless it is `never` or `always`.
    pub publish_without_token: Option<String>,
    /// `POLLS_PER_SECOND`: what polls of one schedule the deployment bears, 5000 unless told otherwise.
    pub polls_per_second: i64,
    /// `LOG_POLLS_EVERY`: of how many successful polls one is written down, 20 unless told otherwise.
    pub log_polls_every: i64,
    /// `HOOKS_URL`: where ImageFlux reaches the function `webhook`; without it ImageFlux is asked, and tells nothing.
    pub hooks_url: Option<String>,
    /// `AUDIT_DAYS`: how long a row of the trail is kept, 400 days unless told otherwise.
    pub audit_days: i64,
    /// `API_URL`: where clients reach the API; without it, where the gateway says that they did.
    pub api_url: Option<String>,
}

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
const IMAGEFLUX: &str = "https://live-api.imageflux.jp/";

impl Default for Config {
    fn default() -> Self {
        Self {
            token_public_keys: None,
            token_signing_key: None,
            token_lifetime_seconds: 12 * HOUR,
            imageflux_endpoint: IMAGEFLUX.to_owned(),
            imageflux_access_token: None,
            channel_grace_seconds: DAY,
            deletes_orphans: false,
            cors_origins: Vec::new(),
            publish_lead_seconds: HOUR / 2,
            publish_overrun_seconds: HOUR,
            publish_without_token: None,
            polls_per_second: 5_000,
            log_polls_every: 20,
            hooks_url: None,
            audit_days: 400,
            api_url: None,
        }
    }
}

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
        let untold = Self::default();
        Ok(Self {
            token_public_keys: var("TOKEN_PUBLIC_KEYS"),
            token_signing_key,
            token_lifetime_seconds: whole_number("TOKEN_LIFETIME_SECONDS", untold.token_lifetime_seconds, 7 * DAY)?,
            imageflux_endpoint: var("IMAGEFLUX_ENDPOINT").unwrap_or(untold.imageflux_endpoint),
            imageflux_access_token,
            channel_grace_seconds: whole_number("CHANNEL_GRACE_SECONDS", untold.channel_grace_seconds, 365 * DAY)?,
            deletes_orphans: var("DELETE_ORPHAN_CHANNELS").as_deref() == Some("true"),
            cors_origins: origins(&var("CORS_ORIGINS").unwrap_or_default())?,
            publish_lead_seconds: whole_number("PUBLISH_LEAD_SECONDS", untold.publish_lead_seconds, 7 * DAY)?,
            publish_overrun_seconds: whole_number("PUBLISH_OVERRUN_SECONDS", untold.publish_overrun_seconds, 7 * DAY)?,
            publish_without_token: var("PUBLISH_WITHOUT_TOKEN"),
            polls_per_second: whole_number("POLLS_PER_SECOND", untold.polls_per_second, 1_000_000)?,
            log_polls_every: whole_number("LOG_POLLS_EVERY", untold.log_polls_every, 1_000)?,
            hooks_url: var("HOOKS_URL"),
            audit_days: whole_number("AUDIT_DAYS", untold.audit_days, 36_500)?,
            api_url: var("API_URL"),
        })
    }
}

/// `TABLE_NAME`, which is needed before all else.
pub fn table_name() -> Result<String, String> {
    var("TABLE_NAME").ok_or_else(|| "TABLE_NAME is not set".to_owned())
}

fn whole_number(name: &str, default: i64, most: i64) -> Result<i64, String> {
    let Some(value) = var(name) else { return Ok(default) };
    match value.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(format!("{name} is not a number from 1 to {most}")),
    }
}

/// Refuses what no browser ever sends as `Origin` (RFC 6454, section 6.2), and what would therefore match nothing.
fn origins(value: &str) -> Result<Vec<String>, String> {
    let origins: Vec<String> =
        value.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
    match origins.iter().find(|origin| !is_origin(origin)) {
        Some(wrong) => Err(format!(
            "CORS_ORIGINS: {wrong} is neither * nor scheme://host or scheme://host:port in lower case, without a path"
        )),
        None => Ok(origins),
    }
}

fn is_origin(text: &str) -> bool {
    if text == "*" || text == "null" {
        return true;
    }
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => "://",
    };
    let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    scheme.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && scheme.bytes().all(|byte| is_lower(byte) || b"+-.".contains(&byte))
        && !host.is_empty()
        && host.bytes().all(|byte| is_lower(byte) || b"-._[]:".contains(&byte))
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port))
        && !authority.ends_with(default_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_that_can_never_match_is_refused() {
        let good = "https://studio.example, http://127.0.0.1:8080,http://[::1]:3000,capacitor://localhost, *, null";
        assert_eq!(origins(good).map(|origins| origins.len()), Ok(6));
        assert_eq!(origins(" , "), Ok(Vec::new()));
        for wrong in [
            "https://studio.example/",
            "https://studio.example/app",
            "studio.example",
            "https://Studio.example",
            "HTTPS://studio.example",
            "https://studio.example:443",
            "http://studio.example:080",
            "https://studio.example?x",
            "https://",
            "https://*.example",
            "https://配信.example",
            "https://user@studio.example",
        ] {
            assert!(
                origins(&format!("https://a.example,{wrong}")).is_err_and(|error| error.contains(wrong)),
                "{wrong}"
            );
        }
    }
}
