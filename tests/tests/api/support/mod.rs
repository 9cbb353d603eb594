//! What tests of several operations need.

pub mod broadcast;
pub mod calendar;
pub mod evening;
pub mod feed;
pub mod operations;
pub mod pages;
pub mod sessions;

use api_tests::Product;
use shared::table::{Transacted, Write};

/// Writes many items, some at a time. All conditions must hold.
pub async fn write_all(product: &Product, writes: &[Write]) {
    for some in writes.chunks(25) {
        let written = product.server.app.table.transact(some).await.expect("the table answers");
        assert!(matches!(written, Transacted::Done), "{written:?}");
    }
}

/// The only failing field and the code of its rule, as `Answer::invalid_fields` lists them.
pub fn named(field: &str, code: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), code.to_owned())]
}
