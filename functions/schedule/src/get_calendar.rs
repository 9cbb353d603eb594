//! `GET /calendar/{key}.ics`: the broadcasts of the last 30 days and all to come, for the holder of the key.

use shared::app::App;
use shared::crypto;
use shared::http::request::Request;
use shared::http::{ApiResult, icalendar, response};
use shared::operations::feeds;

/// Programs keep what they have and ask each time whether it is still right.
const CACHING: &str = "private, no-cache";

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let Some(plans) = feeds::get_calendar(app, request.path_parameter("key")).await? else {
        return Ok(response::nothing());
    };
    let text = icalendar::calendar(&plans);
    // Weak: on its way the text may be compressed.
    let tag = format!("W/\"{}\"", crypto::digest(&[text.as_bytes()]));
    let reply = if request.has(&tag) { response::unchanged() } else { response::text(icalendar::CONTENT_TYPE, text) };
    Ok(reply.with("etag", tag).with("cache-control", CACHING.to_owned()))
}
