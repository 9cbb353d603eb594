//! What tests of several operations need.

pub mod broadcast;
pub mod calendar;
pub mod evening;
pub mod feed;
pub mod operations;
pub mod pages;
pub mod sessions;

/// The only failing field and the code of its rule, as `Answer::invalid_fields` lists them.
pub fn named(field: &str, code: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), code.to_owned())]
}
