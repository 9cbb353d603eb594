//! The whole API on this machine: the functions behind one listener, with a table and an ImageFlux of its own.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use secrecy::SecretString;
use shared::app::App;
use shared::operations::sweeping::Swept;
use shared::operations::{reconciling, sweeping};
use shared::platform::clock::Clock;
use shared::platform::config::Config;
use shared::platform::env::var;
use shared::platform::random::Random;
use shared::platform::telemetry::{self, Level};
use shared::table::{Backend, Table};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub mod apps;
mod data;
pub mod demo;
pub mod engine;
pub mod event;
pub mod functions;
pub mod gateway;
mod page;
pub mod simulator;

use apps::{Apps, Guard};
use simulator::Simulator;

/// Far above API Gateway's limit and the product's own, which answers for itself.
const MAX_BODY: usize = 64 * 1024 * 1024;
const SWEEP_EVERY: Duration = Duration::from_secs(2);
/// As the product's clock counts.
const RECONCILE_EVERY: chrono::TimeDelta = chrono::TimeDelta::minutes(15);

pub struct Options {
    pub listen: String,
    /// The folder that keeps table and simulated account; without it both are in memory.
    pub data: Option<PathBuf>,
    pub clock: Clock,
    /// Another table engine than the embedded one, by its URL.
    pub table_url: Option<String>,
    pub table_name: String,
    /// Another ImageFlux than the simulated one: endpoint and access token.
    pub imageflux: Option<(String, String)>,
    /// What the functions would be told, but for ImageFlux.
    pub config: Config,
    /// What narrows each function's table to its role; without it every function may do everything.
    pub guard: Option<Guard>,
    /// Whether a sweeper runs beside the API, as the timer has it on AWS.
    pub sweeps: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            data: None,
            clock: Clock::default(),
            table_url: None,
            table_name: "imageflux-option".to_owned(),
            imageflux: None,
            config: Config {
                token_public_keys: Some(demo::PUBLIC_KEYS.to_owned()),
                token_signing_key: Some(SecretString::from(demo::SIGNING_KEY)),
                cors_origins: vec!["*".to_owned()],
                log_polls_every: 1,
                ..Config::default()
            },
            guard: None,
            sweeps: true,
        }
    }
}

impl Options {
    /// As the functions do, it reads the variables of `shared::platform::config`; what they must be told has a default here.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_env() -> Result<Self, String> {
        let defaults = Self::default();
        let signing_key = var("TOKEN_SIGNING_KEY").map(SecretString::from);
        let mut config = Config::with_secrets(signing_key, None)?;
        if config.token_public_keys.is_none() {
            config.token_public_keys = defaults.config.token_public_keys;
            config.token_signing_key = defaults.config.token_signing_key;
        }
        if var("LOG_POLLS_EVERY").is_none() {
            config.log_polls_every = defaults.config.log_polls_every;
        }
        if config.cors_origins.is_empty() {
            config.cors_origins = defaults.config.cors_origins;
        }
        Ok(Self {
            listen: "127.0.0.1:3000".to_owned(),
            table_url: var("AWS_ENDPOINT_URL_DYNAMODB"),
            table_name: var("TABLE_NAME").unwrap_or(defaults.table_name),
            imageflux: var("IMAGEFLUX_ENDPOINT")
                .map(|endpoint| (endpoint, var("IMAGEFLUX_ACCESS_TOKEN").unwrap_or_default())),
            config,
            ..Self::default()
        })
    }
}

/// A running product.
pub struct Server {
    pub address: SocketAddr,
    /// As an operator on AWS would have it: with the whole table.
    pub app: App,
    /// As the functions have it.
    pub apps: Apps,
    pub simulator: Simulator,
    /// Where the table answers, in DynamoDB's protocol.
    pub table_url: String,
    /// Where ImageFlux answers, simulated or not.
    pub imageflux_url: String,
}

impl Server {
    /// Starts everything and answers when requests can come.
    ///
    /// # Errors
    /// When a port is taken or the data cannot be opened.
    pub async fn start(options: Options) -> Result<Self, String> {
        if let Some(folder) = &options.data {
            data::open(folder)?;
        }
        let listener =
            TcpListener::bind(&options.listen).await.map_err(|error| format!("{}: {error}", options.listen))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        // Who can reach the API can reach the table and ImageFlux, as a function in a container must. But they
        // ask for no password, so `0.0.0.0` opens the API alone.
        let beside = if address.ip().is_unspecified() { IpAddr::from(Ipv4Addr::LOCALHOST) } else { address.ip() };
        let table_url = match options.table_url {
            Some(url) => url,
            None => engine::serve(options.data.as_deref(), beside).await?,
        };
        let table: Arc<dyn Backend> = Arc::new(engine::open(&table_url, &options.table_name).await?);
        let simulator = Simulator::open(options.data.as_deref(), options.clock.clone())?;
        let is_simulated = options.imageflux.is_none();
        let (endpoint, token) = match options.imageflux {
            Some(upstream) => upstream,
            None => (simulator.serve(beside).await?, "simulated".to_owned()),
        };
        let own_url = format!("http://{}", SocketAddr::new(beside, address.port()));
        let config = Config {
            imageflux_endpoint: endpoint.clone(),
            imageflux_access_token: Some(SecretString::from(token)),
            // The simulated account is this product's alone.
            deletes_orphans: options.config.deletes_orphans || is_simulated,
            hooks_url: options.config.hooks_url.or_else(|| Some(own_url.clone())),
            api_url: options.config.api_url.or(Some(own_url)),
            ..options.config
        };
        let random = Random::default();
        let app = App::new(&config, Table::new(table.clone(), random.clone()), options.clock, random)?;
        let apps = Apps::new(app.clone(), table, options.guard);
        demo::seed(&apps.of("tenant")).await?;
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(gateway::invoke))
            .merge(page::files())
            .fallback(gateway::handle)
            .with_state(apps.clone())
            .merge(simulator.controls())
            .layer(DefaultBodyLimit::max(MAX_BODY));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        spawn(async move { axum::serve(listener, service).await });
        if options.sweeps {
            spawn(sweep_for_ever(apps.of("sweeper")));
        }
        Ok(Self { address, app, apps, simulator, table_url, imageflux_url: endpoint })
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn sweep_for_ever(app: App) {
    let mut reconciled_at = app.clock.now();
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        if app.clock.now() - reconciled_at > RECONCILE_EVERY {
            reconciled_at = app.clock.now();
            let (reconciled, _) = telemetry::observe(reconciling::reconcile(&app)).await;
            let said = reconciled.map_or_else(|error| error.to_string(), |reconciled| format!("{reconciled:?}"));
            write_down(said);
        }
        let (swept, _) = telemetry::observe(sweeping::sweep(&app)).await;
        match swept {
            Ok(swept) if swept == Swept::default() => {}
            Ok(swept) => write_down(format!("{swept:?}")),
            Err(error) => write_down(error.to_string()),
        }
    }
}

fn write_down(sweeper: String) {
    telemetry::emit(Level::Info, serde_json::Map::from_iter([("sweeper".to_owned(), sweeper.into())]));
}

/// This is no Lambda: here, tasks in the background live as long as the process.
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    #[expect(clippy::disallowed_methods, reason = "the local server has a process of its own")]
    tokio::spawn(task)
}
