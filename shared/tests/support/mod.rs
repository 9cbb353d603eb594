//! An app without a table, for requests that need none.

use std::sync::Arc;

use shared::app::App;
use shared::platform::clock::Clock;
use shared::platform::config::Config;
use shared::platform::random::Random;
use shared::table::{Backend, BackendFuture, Batch, Fault, Item, Key, Page, Query, Table, Transacted, Write, Written};
use uuid::Uuid;

pub fn app(cors_origins: &[&str]) -> App {
    let config = Config {
        token_public_keys: None,
        token_signing_key: None,
        token_lifetime_seconds: 60,
        imageflux_endpoint: "http://127.0.0.1:9/".to_owned(),
        imageflux_access_token: None,
        channel_grace_seconds: 60,
        deletes_orphans: false,
        cors_origins: cors_origins.iter().map(|origin| (*origin).to_owned()).collect(),
        publish_lead_seconds: 30 * 60,
        publish_overrun_seconds: 60 * 60,
        publish_without_token: None,
        polls_per_second: 5_000,
        log_polls_every: 1,
        hooks_url: None,
        audit_days: 400,
        api_url: None,
    };
    let random = Random::default();
    App::new(&config, Table::new(Arc::new(NoTable), random.clone()), Clock::default(), random).unwrap()
}

/// These requests need no table.
struct NoTable;

impl NoTable {
    fn absent<'a, T: Send + 'a>() -> BackendFuture<'a, T> {
        Box::pin(async { Err(Fault::Broken("there is no table".to_owned())) })
    }
}

impl Backend for NoTable {
    fn get<'a>(&'a self, _: &'a Key) -> BackendFuture<'a, Option<Item>> {
        Self::absent()
    }

    fn get_batch<'a>(&'a self, _: &'a [Key]) -> BackendFuture<'a, Batch> {
        Self::absent()
    }

    fn query<'a>(&'a self, _: &'a Query, _: Option<String>) -> BackendFuture<'a, Page> {
        Self::absent()
    }

    fn write<'a>(&'a self, _: &'a Write) -> BackendFuture<'a, Written> {
        Self::absent()
    }

    fn transact<'a>(&'a self, _: &'a [Write], _: Uuid) -> BackendFuture<'a, Transacted> {
        Self::absent()
    }
}
