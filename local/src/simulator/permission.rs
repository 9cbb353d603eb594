//! The question at `auth_webhook_url`, before anybody is let in.

use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Publication;
use super::delivery::WEBHOOK_TIMEOUT;

/// What the webhook may say of somebody whom it lets in.
#[derive(Default, Deserialize)]
pub(super) struct Permission {
    pub client_id: Option<String>,
    pub event_metadata: Option<Value>,
}

/// Who asks to be let in where.
pub(super) struct Question<'a> {
    pub channel_id: &'a str,
    pub connection_id: &'a str,
    pub timestamp: String,
    pub wish: &'a Publication,
    /// How many are there already.
    pub counts: Value,
}

/// The webhook's permission, or the reason why there is none. A webhook that cannot be asked does not permit.
pub(super) async fn ask(client: &reqwest::Client, url: &str, question: Question<'_>) -> Result<Permission, String> {
    let answer = client
        .post(url)
        .timeout(WEBHOOK_TIMEOUT)
        .header("content-type", "application/json")
        .header("sora-connection-id", question.connection_id)
        .body(question.body().to_string())
        .send()
        .await
        .map_err(|_| "the auth webhook does not answer".to_owned())?;
    let status = answer.status();
    if !status.is_success() {
        return Err(format!("the auth webhook answers {}", status.as_u16()));
    }
    let body = answer.bytes().await.map_err(|_| "the auth webhook breaks off".to_owned())?;
    let no_answer = |_| "the auth webhook's answer is no JSON object with allowed".to_owned();
    let answer: Value = serde_json::from_slice(&body).map_err(no_answer)?;
    match answer["allowed"].as_bool() {
        Some(true) => serde_json::from_value(answer).map_err(no_answer),
        Some(false) => Err(answer["reason"].as_str().unwrap_or("the auth webhook gives no reason").to_owned()),
        None => Err("the auth webhook's answer has no allowed".to_owned()),
    }
}

impl Question<'_> {
    fn body(self) -> Value {
        let Self { channel_id, connection_id, timestamp, wish, counts } = self;
        let mut body = json!({
            "timestamp": timestamp,
            "version": "simulated",
            "label": "simulated",
            "node_name": "simulated@127.0.0.1",
            "role": wish.role,
            "channel_id": channel_id,
            "connection_id": connection_id,
            "multistream": true,
            "simulcast": false,
            "spotlight": false,
            "data_channel_signaling": false,
            "audio": true,
            "audio_codec_type": "OPUS",
            "video": true,
            "video_codec_type": "VP8",
            "sora_client": {"type": "Simulator", "raw": "simulated"},
        });
        for (name, count) in counts.as_object().into_iter().flatten() {
            body[name] = count.clone();
        }
        let told = [
            ("client_id", wish.client_id.clone().map(Value::from)),
            ("metadata", wish.metadata.clone()),
            ("auth_metadata", wish.auth_metadata.clone()),
            ("authn_metadata", wish.authn_metadata.clone()),
            ("whip", wish.whip.map(Value::from)),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        body
    }
}
