//! `GET /api/delivery`: the channel to publish to, and what a presenter shows there.

use serde::Serialize;
use shared::app::App;
use shared::domain::channel::Channel;
use shared::domain::ids::ScheduleId;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, response};
use shared::operations::Error;
use shared::operations::broadcasts::{self, Delivery};

#[derive(Serialize)]
struct DeliveryReply {
    channel_id: String,
    sora_url: String,
    status: &'static str,
    whip_url: String,
    publish_token: String,
    publish_token_expires_at: String,
    metadata: Metadata,
}

/// What Sora's clients send as `metadata`.
#[derive(Serialize)]
struct Metadata {
    access_token: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let delivery = broadcasts::get_delivery(app, &bearer, read(request)).await?;
    response::json(&DeliveryReply::from(delivery))
}

fn read(request: &Request) -> Result<ScheduleId, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let id = form.schedule_id();
    form.finish(|| id)
}

impl From<Delivery> for DeliveryReply {
    fn from(Delivery { channel, status, publish_token, expires_at }: Delivery) -> Self {
        Self {
            whip_url: whip_url(&channel),
            channel_id: channel.channel_id,
            sora_url: channel.sora_url,
            status: status.as_str(),
            publish_token_expires_at: datetime::with_slashes(expires_at),
            metadata: Metadata { access_token: publish_token.clone() },
            publish_token,
        }
    }
}

/// WHIP is spoken at the host that signalling is.
fn whip_url(Channel { channel_id, sora_url, .. }: &Channel) -> String {
    let (scheme, rest) = sora_url.split_once("://").unwrap_or_default();
    let scheme = if scheme.eq_ignore_ascii_case("ws") { "http" } else { "https" };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}/whip/{}", escaped(channel_id))
}

/// ImageFlux's ids are opaque, and a path is not.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whip_is_spoken_at_the_host_of_sora() {
        for (sora_url, channel_id, expected) in [
            ("wss://sora.example/signaling", "20260101-a_b", "https://sora.example/whip/20260101-a_b"),
            ("WSS://sora.example:8443?x=/", "a/b c", "https://sora.example:8443/whip/a%2Fb%20c"),
            ("wss://user@sora.example", "あ", "https://sora.example/whip/%E3%81%82"),
            ("ws://127.0.0.1:5000/signaling", "c", "http://127.0.0.1:5000/whip/c"),
        ] {
            let channel = Channel { channel_id: channel_id.to_owned(), sora_url: sora_url.to_owned(), hook: None };
            assert_eq!(whip_url(&channel), expected);
        }
    }
}
