//! HTTP in and out: what a request says, and what an answer looks like. Quirks of the wire end here.

pub mod request;
pub mod form;
pub mod fields;
pub mod datetime;
pub mod cursor;
pub mod response;
pub mod problem;
pub mod messages;
pub mod edge;

use std::pin::Pin;

use crate::app::App;
use crate::operations::Error;
use request::Request;
use response::Reply;

/// What a handler returns.
pub type ApiResult = Result<Reply, Error>;

/// A function's routes: from method and path to a handler.
pub type Route = for<'a> fn(&'a App, &'a Request) -> Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>>;
