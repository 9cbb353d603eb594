//! Lists that come in pages.

use api_tests::Actor;
use serde_json::Value;

/// The path in `Link: <...>; rel="next"`.
pub fn next(link: &str) -> Option<String> {
    let path = link.strip_prefix('<')?.strip_suffix(r#">; rel="next""#)?;
    Some(path.to_owned())
}

/// Follows the links from a path on: every page.
pub async fn pages(actor: &Actor, path: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut path = Some(path.to_owned());
    while let Some(this) = path {
        let answer = actor.get(&this).await;
        path = next(&answer.header("link"));
        pages.push(answer.ok().as_array().expect("an array").clone());
        assert!(pages.len() < 100, "the links never end");
    }
    pages
}
