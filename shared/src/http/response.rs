//! Answers to what was done. Status is always 200.

use serde::Serialize;

use super::ApiResult;
use super::request::Request;
use crate::operations::Error;

/// A JSON body, and the headers that go with it.
#[derive(Debug)]
pub struct Reply {
    pub body: String,
    pub headers: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Ok {
    ok: bool,
}

/// `{"ok": true}`
///
/// # Errors
/// Never, in practice.
pub fn ok() -> ApiResult {
    json(&Ok { ok: true })
}

/// A `Link` to the next page: the same call with these parameters, wherever the request had them.
#[must_use]
pub fn link_to_next(request: &Request, parameters: &[(&str, String)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("<{}{}?{query}>; rel=\"next\"", request.stage, request.path)
}

/// # Errors
/// When the value cannot be JSON.
pub fn json(value: &impl Serialize) -> ApiResult {
    let body = serde_json::to_string(value).map_err(|_| Error::Internal("an answer is no JSON".to_owned()))?;
    Result::Ok(Reply { body, headers: Vec::new() })
}
