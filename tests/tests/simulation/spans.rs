//! What an item was, and for how long somebody could see it so.

use std::collections::BTreeMap;

use shared::table::{Item, Key};

use crate::checks::Evidence;

/// What one item was from the one time until all saw what came after it, in milliseconds since the beginning.
#[derive(Debug)]
pub struct Span<'a> {
    pub from: i64,
    pub to: i64,
    pub item: Option<&'a Item>,
}

/// What the items were whose keys are wanted, one span after the other; before the first there was nothing.
pub struct Spans<'a> {
    by_key: BTreeMap<&'a Key, Vec<Span<'a>>>,
}

impl<'a> Spans<'a> {
    pub fn of(evidence: &'a Evidence, wanted: impl Fn(&Key) -> bool) -> Self {
        let mut by_key: BTreeMap<&Key, Vec<Span>> = BTreeMap::new();
        for commit in &evidence.journal {
            for (key, item) in commit.changes.iter().filter(|(key, _)| wanted(key)) {
                let spans =
                    by_key.entry(key).or_insert_with(|| vec![Span { from: i64::MIN, to: i64::MAX, item: None }]);
                if let Some(last) = spans.last_mut() {
                    last.to = commit.seen_at;
                }
                spans.push(Span { from: commit.at, to: i64::MAX, item: item.as_ref() });
            }
        }
        Self { by_key }
    }

    /// Whether the item was at any moment between the two as it is wanted.
    pub fn any(&self, key: &Key, from: i64, to: i64, wanted: impl Fn(Option<&Item>) -> bool) -> bool {
        match self.by_key.get(key) {
            None => wanted(None),
            Some(spans) => spans.iter().filter(|span| span.from <= to && span.to >= from).any(|span| wanted(span.item)),
        }
    }
}
