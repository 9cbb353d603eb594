//! Routes as data: which method and path lead to which operation.
//!
//! A function has one table of them, made with `routes!`. The edge derives 404, 405, `Allow`, `HEAD`,
//! preflights and the log's name of an operation from it; the local gateway routes by it.

use std::pin::Pin;

use super::ApiResult;
use super::request::Request;
use crate::app::App;

/// What answers the requests of a route.
pub type Handler = for<'a> fn(&'a App, &'a Request) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>>;

/// One operation and where it is found.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static str,
    /// Segments may hold one parameter each, e.g. `/watch/{key}.m3u8`.
    pub path: &'static str,
    /// The `operationId` of `openapi.yaml`.
    pub operation: &'static str,
    pub readers: Readers,
    pub handler: Handler,
}

/// Pages of which origins may read the answers of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readers {
    /// Those that `CORS_ORIGINS` names.
    #[default]
    Configured,
    /// All of them: the path alone says that one may.
    All,
    /// None: no browser calls this route.
    None,
}

impl Readers {
    /// What a line of a table says, or what it leaves out.
    #[must_use]
    pub const fn given(said: &[Self]) -> Self {
        match said {
            [readers, ..] => *readers,
            [] => Self::Configured,
        }
    }
}

/// Parameters of a path, by their names.
pub type PathParameters = Vec<(&'static str, String)>;

/// The routes of one path, and the parameters that stand in it.
pub struct Found {
    pub routes: Vec<&'static Route>,
    pub parameters: PathParameters,
}

/// `routes! { GET "/api/chat" => list_messages; GET "/watch/{key}.m3u8" => watch, Readers::All; }`
/// makes the table `ROUTES`. Each operation is a module with a function `handle`.
#[macro_export]
macro_rules! routes {
    ($($method:ident $path:literal => $operation:ident $(, $readers:expr)?;)+) => {
        /// What this function answers, and where.
        pub const ROUTES: &[$crate::http::routes::Route] = &[$($crate::http::routes::Route {
            method: stringify!($method),
            path: $path,
            operation: stringify!($operation),
            readers: $crate::http::routes::Readers::given(&[$($readers)?]),
            handler: |app, request| Box::pin($operation::handle(app, request)),
        }),+];
    };
}

/// All routes of the path, compared as it was sent, without decoding anything.
#[must_use]
pub fn find(table: &'static [Route], path: &str) -> Option<Found> {
    let parameters = table.iter().find_map(|route| matched(route.path, path))?;
    let routes = table.iter().filter(|route| matched(route.path, path).is_some()).collect();
    Some(Found { routes, parameters })
}

/// The path's parameters if it is one of the pattern.
fn matched(pattern: &'static str, path: &str) -> Option<PathParameters> {
    let mut parameters = Vec::new();
    let (mut expected, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(expected), Some(given)) => match parts(expected) {
                None if expected == given => {}
                None => return None,
                Some((before, name, after)) => {
                    let value = given.strip_prefix(before)?.strip_suffix(after)?;
                    if value.is_empty() {
                        return None;
                    }
                    parameters.push((name, value.to_owned()));
                }
            },
            _ => return None,
        }
    }
}

/// What stands before a segment's parameter, its name, and what stands after it.
fn parts(segment: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let (before, rest) = segment.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

impl Route {
    /// The path as API Gateway has it, whose parameters are whole segments: `/watch/{key}` for `/watch/{key}.m3u8`.
    #[must_use]
    pub fn gateway_path(&self) -> String {
        let segments = self.path.split('/').map(|segment| match parts(segment) {
            Some((_, name, _)) => format!("{{{name}}}"),
            None => segment.to_owned(),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Whether API Gateway sends requests for this path here, whatever their method.
    #[must_use]
    pub fn is_gateway_path_of(&self, path: &str) -> bool {
        let (mut expected, mut given) = (self.path.split('/'), path.split('/'));
        loop {
            match (expected.next(), given.next()) {
                (None, None) => return true,
                (Some(expected), Some(given)) if parts(expected).is_some() && !given.is_empty() => {}
                (Some(expected), Some(given)) if expected == given => {}
                _ => return false,
            }
        }
    }
}

/// The methods that a path can be asked with, as `Allow` names them.
#[must_use]
pub fn allowed(routes: &[&Route]) -> String {
    let methods = routes.iter().flat_map(|route| match route.method {
        "GET" => vec!["GET", "HEAD"],
        method => vec![method],
    });
    methods.collect::<Vec<_>>().join(", ")
}

/// The route of a method. `HEAD` is a GET without its body.
#[must_use]
pub fn of_method(routes: &[&'static Route], method: &str) -> Option<&'static Route> {
    let method = if method == "HEAD" { "GET" } else { method };
    routes.iter().find(|route| route.method == method).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pattern: &'static str, path: &str) -> Option<Vec<String>> {
        matched(pattern, path).map(|found| found.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn a_path_is_compared_as_it_was_sent() {
        assert!(parameters("/api/chat", "/api/chat").is_some());
        for other in ["/api/chat/", "//api/chat", "/api/chat/x", "/api", "/api/%63hat", "/API/chat", "/api/./chat", ""]
        {
            assert_eq!(parameters("/api/chat", other), None, "{other}");
        }
    }

    #[test]
    fn a_parameter_is_what_a_segment_has_in_its_place() {
        assert_eq!(parameters("/watch/{key}.m3u8", "/watch/abc.m3u8"), Some(vec!["abc".to_owned()]));
        assert_eq!(parameters("/watch/{key}.m3u8", "/watch/a.b.m3u8"), Some(vec!["a.b".to_owned()]));
        assert_eq!(parameters("/hooks/imageflux/{key}/event", "/hooks/imageflux/k/event"), Some(vec!["k".to_owned()]));
        for other in ["/watch/.m3u8", "/watch/abc", "/watch/a/b.m3u8", "/watch/abc.m3u8/"] {
            assert_eq!(parameters("/watch/{key}.m3u8", other), None, "{other}");
        }
    }
}
