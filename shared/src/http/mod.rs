//! HTTP in and out: what a request says, and what an answer looks like. Quirks of the wire end here.

pub mod routes;
pub mod event;
pub mod address;
pub mod request;
pub mod form;
mod given;
mod json;
pub mod fields;
pub mod datetime;
pub mod csv;
pub mod cursor;
pub mod public_address;
pub mod icalendar;
pub mod pages;
pub mod response;
pub mod compression;
mod weights;
pub mod refusal;
pub mod wording;
pub mod edge;

use crate::operations::Error;
use response::Reply;
pub use routes::{Readers, Route};

/// What a handler returns.
pub type ApiResult = Result<Reply, Error>;
