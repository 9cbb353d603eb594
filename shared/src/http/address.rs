//! Where a path leads. It is compared as the gateway sent it, so that each call passes its own route's throttle.

use super::routes::{self, PathParameters, Route};

/// What is found at a path.
pub enum Address {
    /// The routes of a path; what stands before it and what its parameters are.
    Here {
        stage: String,
        path: String,
        routes: Vec<&'static Route>,
        parameters: PathParameters,
    },
    /// Nothing, but there may be something at this path, which has no slash too many.
    Moved(String),
    Nowhere,
}

/// A stage may stand before the path, but only the gateway's own, and only if nothing is found with it.
#[must_use]
pub fn of(table: &'static [Route], path: &str, stage: Option<&str>) -> Address {
    let inner =
        stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage)).filter(|inner| inner.starts_with('/'));
    for inner in [Some(path), inner].into_iter().flatten() {
        if let Some(found) = routes::find(table, inner) {
            let stage = path[..path.len() - inner.len()].to_owned();
            return Address::Here { stage, path: inner.to_owned(), routes: found.routes, parameters: found.parameters };
        }
    }
    tidied(path).map_or(Address::Nowhere, Address::Moved)
}

/// The path without repeated and trailing slashes, if it has any and is plain otherwise. Dot segments, back-slashes
/// and the like, which a client would make something else of, lead nowhere.
fn tidied(path: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
    if !path.starts_with('/') || !path.bytes().all(is_plain) {
        return None;
    }
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.iter().any(|segment| is_dots(segment)) {
        return None;
    }
    let tidy = format!("/{}", segments.join("/"));
    (tidy != path).then_some(tidy)
}

fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate as shared;
    use crate::app::App;
    use crate::http::ApiResult;
    use crate::http::request::Request;

    mod look {
        use super::{ApiResult, App, Request};

        #[expect(clippy::unused_async, reason = "a handler is async")]
        pub(super) async fn handle(_app: &App, _request: &Request) -> ApiResult {
            crate::http::response::ok()
        }
    }

    shared::routes! {
        GET "/api/schedule" => look;
    }

    fn found(path: &str, stage: Option<&str>) -> String {
        match of(ROUTES, path, stage) {
            Address::Here { stage, path, .. } => format!("{stage} {path}"),
            Address::Moved(path) => format!("moved to {path}"),
            Address::Nowhere => "nowhere".to_owned(),
        }
    }

    #[test]
    fn a_stage_before_the_path_is_not_part_of_it() {
        assert_eq!(found("/prod/api/schedule", Some("prod")), "/prod /api/schedule");
        assert_eq!(found("/api/schedule", Some("prod")), " /api/schedule");
        assert_eq!(found("/api/schedule", Some("api")), " /api/schedule");
        assert_eq!(found("/api/api/schedule", Some("api")), "/api /api/schedule");
        assert_eq!(found("/other/api/schedule", Some("prod")), "nowhere");
        assert_eq!(found("/prodapi/schedule", Some("prod")), "nowhere");
    }

    #[test]
    fn slashes_too_many_are_taken_away() {
        assert_eq!(found("//api/schedule", None), "moved to /api/schedule");
        assert_eq!(found("/api//schedule///", None), "moved to /api/schedule");
        assert_eq!(found("/prod//api/schedule/", Some("prod")), "moved to /prod/api/schedule");
    }

    #[test]
    fn no_other_spelling_leads_anywhere() {
        for path in [
            "/x/../api/schedule",
            "/api/./schedule",
            "/x//../api/schedule",
            "/x/%2e%2E/api/schedule/",
            "/api\\schedule",
            "//evil.example\\/",
            "/\\evil.example/",
            "/api/schedule#x",
            "/api/schedule?x",
            "/api/schedule ",
            "/api/sche\tdule/",
            "/API/schedule",
            "/api/%73chedule",
            "/api%2fschedule",
            "/api/schedule;x",
            "api/schedule",
            "",
            "/",
        ] {
            assert_eq!(found(path, Some("prod")), "nowhere", "{path}");
        }
    }
}
