//! A query as a value: a partition, or a part of it by its sort key.

use super::Item;

/// One partition, or a part of it by its sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub pk: String,
    pub range: Range,
    pub descending: bool,
    /// How many items at the most; without it, all there are.
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    All,
    Below(String),
    AtMost(String),
    Above(String),
    /// Both ends belong to it; the first is not after the second.
    Between(String, String),
}

impl Query {
    /// The whole partition, in ascending order.
    pub fn all(pk: impl Into<String>) -> Self {
        Self { pk: pk.into(), range: Range::All, descending: false, limit: None }
    }

    #[must_use]
    pub fn within(self, range: Range) -> Self {
        Self { range, ..self }
    }

    #[must_use]
    pub fn descending(self) -> Self {
        Self { descending: true, ..self }
    }

    #[must_use]
    pub fn at_most(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

/// One answer to a query, and the sort key to go on after when there is more.
pub struct Page {
    pub items: Vec<Item>,
    pub more_after: Option<String>,
}
