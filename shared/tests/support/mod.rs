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
        imageflux_endpoint: "http://127.0.0.1:9/".to_owned(),
        cors_origins: cors_origins.iter().map(|origin| (*origin).to_owned()).collect(),
        log_polls_every: 1,
        ..Config::default()
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
