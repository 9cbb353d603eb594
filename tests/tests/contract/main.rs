//! `openapi.yaml` is what the product does, and what the product does is in `openapi.yaml`.
//!
//! Whatever is missing or different on one side makes a line that names it.

mod places;
mod schemas;
mod functions;
mod lists;
mod codes;
mod examples;
mod page;

use std::fmt::Debug;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What only one of two sides has, a line each.
fn differences<T: Ord + Debug>(
    (one, first): (&str, impl IntoIterator<Item = T>),
    (other, second): (&str, impl IntoIterator<Item = T>),
) -> Vec<String> {
    let first: std::collections::BTreeSet<T> = first.into_iter().collect();
    let second: std::collections::BTreeSet<T> = second.into_iter().collect();
    let missing = |what, has, lacks| format!("{what:?} is in {has}, but not in {lacks}");
    let only_first = first.difference(&second).map(|what| missing(what, one, other));
    let only_second = second.difference(&first).map(|what| missing(what, other, one));
    only_first.chain(only_second).collect()
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
