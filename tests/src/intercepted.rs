//! A table between the product and its table: a test sees each request on its way, and may stop it or lose its answer.

use std::sync::Arc;

use local::Options;
use shared::table::dynamodb::DynamoDb;
use shared::table::{Backend, BackendFuture, Batch, Fault, Item, Key, Page, Query, Table, Transacted, Write, Written};
use uuid::Uuid;

use crate::Product;

#[derive(Clone, Copy)]
pub enum Request<'a> {
    Get(&'a Key),
    GetBatch(&'a [Key]),
    Query(&'a Query),
    Write(&'a Write),
    Transact(&'a [Write]),
}

/// What a test does to each request. A fault takes the place of the answer.
pub trait Intercept: Send + Sync {
    /// Before the table is asked.
    fn before(&self, _request: Request<'_>) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }

    /// When the table has done, or refused, what it was asked.
    fn after(&self, _request: Request<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

pub struct Intercepted<I> {
    pub inner: Arc<dyn Backend>,
    pub intercept: I,
}

impl Product {
    /// The product's table, which no role narrows.
    pub async fn engine(&self) -> DynamoDb {
        local::engine::open(&self.server.table_url, &Options::default().table_name).await.expect("the table")
    }

    /// As `engine`, for an environment whose requests are intercepted.
    pub async fn intercepted_table(&self, intercept: impl Intercept + 'static) -> Table {
        let backend = Intercepted { inner: Arc::new(self.engine().await), intercept };
        Table::new(Arc::new(backend), self.server.app.random.clone())
    }
}

impl<I: Intercept> Intercepted<I> {
    async fn pass<T>(&self, request: Request<'_>, answer: BackendFuture<'_, T>) -> Result<T, Fault> {
        self.intercept.before(request).await?;
        let answer = answer.await;
        self.intercept.after(request)?;
        answer
    }
}

impl<I: Intercept> Backend for Intercepted<I> {
    fn get<'a>(&'a self, key: &'a Key) -> BackendFuture<'a, Option<Item>> {
        Box::pin(self.pass(Request::Get(key), self.inner.get(key)))
    }

    fn get_batch<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Batch> {
        Box::pin(self.pass(Request::GetBatch(keys), self.inner.get_batch(keys)))
    }

    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page> {
        Box::pin(self.pass(Request::Query(query), self.inner.query(query, after)))
    }

    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written> {
        Box::pin(self.pass(Request::Write(write), self.inner.write(write)))
    }

    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted> {
        Box::pin(self.pass(Request::Transact(writes), self.inner.transact(writes, token)))
    }
}
