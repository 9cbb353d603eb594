//! What every operation is given. Built once per process, before the first request.

use std::convert::Infallible;
use std::sync::Arc;

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::crypto;
use crate::crypto::passwords::Cost;
use crate::crypto::tokens::Tokens;
use crate::domain::ids::{ScheduleId, TenantId, TokenId};
use crate::domain::pace::{self, Pace, Told};
use crate::domain::schedule::Schedule;
use crate::domain::tail::Tail;
use crate::imageflux::ImageFlux;
use crate::imageflux::transport::Https;
use crate::platform::cache::Cache;
use crate::platform::clock::Clock;
use crate::platform::config::{self, Config};
use crate::platform::https;
use crate::platform::memory::Memory;
use crate::platform::random::Random;
use crate::platform::telemetry::OneIn;
use crate::policy::publishing::{Rule, Window, WithoutToken};
use crate::store::live::Seen;
use crate::store::tenants;
use crate::table::dynamodb::DynamoDb;
use crate::table::{Table, TableError};

#[derive(Clone)]
pub struct App {
    pub table: Table,
    pub imageflux: ImageFlux,
    pub tokens: Arc<Tokens>,
    pub token_lifetime: TimeDelta,
    pub hashing: Cost,
    pub cors_origins: Arc<[String]>,
    /// How long after its schedule's end a channel is kept.
    pub channel_grace: TimeDelta,
    /// Whether channels of the account that no schedule knows are deleted; otherwise they are reported.
    pub deletes_orphans: bool,
    pub publishing: Rule,
    pub pace: Pace,
    /// By how many milliseconds this environment's ten seconds, after which it exchanges what it counted, are ahead of
    /// the clock's: not all exchange at once.
    pub exchanges_at: i64,
    /// How long a row of the trail is kept.
    pub audit_kept: TimeDelta,
    /// Where ImageFlux reaches the function `webhook`, and where clients reach the API; neither ends in a slash.
    pub hooks_url: Option<Arc<str>>,
    pub api_url: Option<Arc<str>>,
    /// Which polls are written down.
    pub poll_lines: Arc<OneIn>,
    pub clock: Clock,
    pub random: Random,
    pub caches: Arc<Caches>,
    /// Tokens that were refused a moment ago and never work again.
    pub dead_tokens: Arc<Memory<TokenId>>,
}

/// What this environment read and all may see; `operations::reading` says how old it may be. Never an authorisation.
#[derive(Default)]
pub struct Caches {
    pub schedules: Cache<(TenantId, ScheduleId), Option<Schedule>, TableError>,
    /// The newest entries of a schedule's chat.
    pub tails: Cache<(TenantId, ScheduleId), Tail, TableError>,
    /// What is known of a broadcast's connections.
    pub lives: Cache<(TenantId, ScheduleId), Seen, TableError>,
    /// How hard polls press.
    pub told: Cache<(TenantId, ScheduleId), Told, Infallible>,
    /// Whether the tenant may work.
    pub tenants: Cache<TenantId, bool, TableError>,
}

/// For how long a dead token is refused without a look at the table, in milliseconds: a client that goes on asking costs
/// little, and one that stopped takes no room.
pub const DEAD_TOKENS: i64 = 10_000;

#[derive(Deserialize)]
struct SigningKey {
    kid: String,
    private_key: String,
}

impl App {
    /// From the environment, with one cheap read to have the connection to the table open while secrets are fetched.
    pub async fn from_env() -> Result<Self, String> {
        let sdk = https::sdk_config_from_env().await?;
        let random = Random::default();
        let table = Table::new(Arc::new(DynamoDb::new(&sdk, config::table_name()?)), random.clone());
        // Whether the read succeeds, the first request will see.
        let (config, _warmed) = tokio::join!(Config::from_env(&sdk), tenants::table_answers(&table));
        Self::new(&config?, table, Clock::default(), random)
    }

    pub fn new(config: &Config, table: Table, clock: Clock, random: Random) -> Result<Self, String> {
        let no_token = SecretString::from("");
        let access_token = config.imageflux_access_token.as_ref().unwrap_or(&no_token);
        Ok(Self {
            table,
            imageflux: ImageFlux::new(Arc::new(Https::new(&config.imageflux_endpoint, access_token)?)),
            tokens: Arc::new(tokens(config)?),
            token_lifetime: TimeDelta::seconds(config.token_lifetime_seconds),
            hashing: Cost::Full,
            cors_origins: config.cors_origins.clone().into(),
            channel_grace: TimeDelta::seconds(config.channel_grace_seconds),
            deletes_orphans: config.deletes_orphans,
            publishing: publishing(config)?,
            pace: Pace { polls_per_second: config.polls_per_second },
            exchanges_at: i64::try_from(random.below(pace::SLOT.unsigned_abs())).unwrap_or_default(),
            hooks_url: address(config.hooks_url.as_deref()),
            audit_kept: TimeDelta::days(config.audit_days),
            api_url: address(config.api_url.as_deref()),
            poll_lines: Arc::new(OneIn::new(config.log_polls_every.unsigned_abs(), &random)),
            clock,
            random,
            caches: Arc::default(),
            dead_tokens: Arc::new(Memory::of_millis(DEAD_TOKENS)),
        })
    }

    /// Whether the table answers.
    pub async fn is_healthy(&self) -> bool {
        tenants::table_answers(&self.table).await
    }

    /// How a tenant is named in logs: recognisable, but not its id.
    pub fn tenant_mark(&self, tenant: &TenantId) -> String {
        crypto::digest(&[b"log", tenant.as_str().as_bytes()])[..12].to_owned()
    }
}

fn publishing(config: &Config) -> Result<Rule, String> {
    let without_token = match &config.publish_without_token {
        None => WithoutToken::default(),
        Some(text) => WithoutToken::parse(text).ok_or("PUBLISH_WITHOUT_TOKEN is not window, never or always")?,
    };
    let lead = TimeDelta::seconds(config.publish_lead_seconds);
    let overrun = TimeDelta::seconds(config.publish_overrun_seconds);
    Ok(Rule { window: Window { lead, overrun }, without_token })
}

fn address(configured: Option<&str>) -> Option<Arc<str>> {
    configured.map(|url| url.trim_end_matches('/').into())
}

fn tokens(config: &Config) -> Result<Tokens, String> {
    // Functions behind no API have no keys and accept no token.
    let Some(public_keys) = &config.token_public_keys else { return Ok(Tokens::none()) };
    let tokens = Tokens::new(public_keys)?;
    let Some(signing_key) = &config.token_signing_key else { return Ok(tokens) };
    let key: SigningKey = serde_json::from_str(signing_key.expose_secret())
        .map_err(|_| r#"TOKEN_SIGNING_KEY is not {"kid": ..., "private_key": ...}"#)?;
    tokens.with_signing_key(&key.kid, &key.private_key)
}
