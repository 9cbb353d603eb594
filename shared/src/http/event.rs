//! An event of Lambda as API Gateway writes it, in payload 1.0 or 2.0, and the answer that it wants.
//!
//! Reading it is total: whatever a gateway, an emulator or a person put into an event, each question has an
//! answer, and none of them panics. Host and forwarded protocol are not asked for.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lambda_http::Body;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Padded or not, and whatever the last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
const MAX_REQUEST_ID: usize = 255;

/// What Lambda hands to a function. JSON that cannot be represented, e.g. nested too deep, is `null`.
#[derive(Clone, Debug, Default)]
pub struct Event(Value);

/// What Lambda says about one invocation, beside its event.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// Lambda's own id, which its `platform.report` line has.
    pub id: String,
    /// Milliseconds since 1970; 0 when there is none.
    pub deadline: u64,
}

/// A body that says to be base64 and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBase64;

impl From<Value> for Event {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(text.get()).unwrap_or_default()))
    }
}

impl Event {
    fn is_payload_1(&self) -> bool {
        self.0["version"] != "2.0" && self.0["requestContext"]["http"].is_null() && !self.0["httpMethod"].is_null()
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer)?.as_str()
    }

    /// Of the two payloads' members the one that is there.
    fn either(&self, payload_1: &str, payload_2: &str) -> Option<&str> {
        self.text(if self.is_payload_1() { payload_1 } else { payload_2 })
    }

    #[must_use]
    pub fn method(&self) -> Option<Method> {
        Method::from_bytes(self.either("/httpMethod", "/requestContext/http/method")?.as_bytes()).ok()
    }

    /// The path as the gateway sent it, undecoded.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.either("/path", "/rawPath")
    }

    /// The host name under which the gateway was reached, as it says itself.
    #[must_use]
    pub fn gateway(&self) -> Option<&str> {
        self.text("/requestContext/domainName")
    }

    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        self.text("/requestContext/stage").filter(|stage| !stage.is_empty() && *stage != "$default")
    }

    /// What stands before the path in the client's address, but not in the event: the stage, in payload 1.0.
    #[must_use]
    pub fn hidden_stage(&self) -> String {
        let (Some(stage), Some(path)) = (self.stage(), self.text("/path")) else { return String::new() };
        let prefix = format!("/{stage}");
        let whole = self.text("/requestContext/path").and_then(|whole| whole.strip_prefix(&prefix));
        if self.is_payload_1() && whole == Some(path) { prefix } else { String::new() }
    }

    /// The gateway's id of the request, if it can stand in a header.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let is_plain = |id: &&str| id.len() <= MAX_REQUEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        self.text("/requestContext/requestId").filter(|id| !id.is_empty()).filter(is_plain)
    }

    /// The client's address as the gateway saw it.
    #[must_use]
    pub fn source(&self) -> &str {
        self.either("/requestContext/identity/sourceIp", "/requestContext/http/sourceIp").unwrap_or_default()
    }

    /// Names that are none and values that no header can have are left out.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for member in ["multiValueHeaders", "headers"] {
            let mut found = HeaderMap::new();
            for (name, value) in self.0[member].as_object().into_iter().flatten() {
                let Ok(name) = HeaderName::try_from(name.as_str()) else { continue };
                for value in texts(value).iter().filter_map(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
                    found.append(name.clone(), value);
                }
            }
            // In payload 1.0 both members have all headers; `headers` has the last value of each.
            for name in found.keys().filter(|name| !headers.contains_key(*name)).cloned().collect::<Vec<_>>() {
                for value in found.get_all(&name) {
                    headers.append(name.clone(), value.clone());
                }
            }
        }
        headers
    }

    /// Decoded, in the order they were sent, repetitions included. A value that is no UTF-8 is `None`; payload 1.0
    /// comes decoded, whatever it was.
    #[must_use]
    pub fn query(&self) -> Vec<(String, Option<String>)> {
        if let Some(query) = self.text("/rawQueryString") {
            return query.split('&').filter(|pair| !pair.is_empty()).map(decoded).collect();
        }
        let given = ["multiValueQueryStringParameters", "queryStringParameters"]
            .into_iter()
            .find_map(|member| self.0[member].as_object().filter(|members| !members.is_empty()));
        let pairs = given.into_iter().flatten();
        pairs.flat_map(|(name, value)| texts(value).into_iter().map(|value| (name.clone(), Some(value)))).collect()
    }

    /// The query as it may stand in an address again.
    #[must_use]
    pub fn query_text(&self) -> String {
        match self.text("/rawQueryString") {
            Some(query) if query.bytes().all(|byte| byte.is_ascii_graphic()) => query.to_owned(),
            _ => form_urlencoded::Serializer::new(String::new())
                .extend_pairs(self.query().into_iter().filter_map(|(name, value)| Some((name, value?))))
                .finish(),
        }
    }

    /// # Errors
    /// When it says to be base64, of either alphabet and however its lines are wrapped, and is not.
    pub fn body(&self) -> Result<Vec<u8>, NotBase64> {
        let text = match &self.0["body"] {
            Value::Null => return Ok(Vec::new()),
            Value::String(text) => text.clone(),
            // A person who tries the function out may write the JSON itself.
            json => json.to_string(),
        };
        if self.0["isBase64Encoded"] != true && self.0["isBase64Encoded"] != "true" {
            return Ok(text.into_bytes());
        }
        let of_one_alphabet = |byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        };
        let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(of_one_alphabet).collect();
        LENIENT.decode(packed).map_err(|_| NotBase64)
    }

    /// Whether the gateway hands bytes on. Payload 1.0 may come from a REST API, which hands on the base64 itself unless
    /// it is told which types are binary.
    #[must_use]
    pub fn takes_bytes(&self) -> bool {
        !self.is_payload_1()
    }

    /// The answer in the form of the payload.
    #[must_use]
    pub fn answer(&self, response: Response<Body>) -> Value {
        let (parts, body) = response.into_parts();
        let mut headers = Map::new();
        for name in parts.headers.keys() {
            let values: Vec<&str> =
                parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
            // In payload 1.0 a name in both members would be sent twice.
            let value = if self.is_payload_1() { json!(values) } else { json!(values.join(", ")) };
            headers.insert(name.to_string(), value);
        }
        let mut answer = json!({"statusCode": parts.status.as_u16(), "isBase64Encoded": false});
        answer[if self.is_payload_1() { "multiValueHeaders" } else { "headers" }] = Value::Object(headers);
        match body {
            Body::Text(text) => answer["body"] = json!(text),
            Body::Binary(bytes) => {
                answer["body"] = json!(base64::engine::general_purpose::STANDARD.encode(bytes));
                answer["isBase64Encoded"] = json!(true);
            }
            _ => {}
        }
        answer
    }
}

/// One pair of a query, in the form of `application/x-www-form-urlencoded`.
fn decoded(pair: &str) -> (String, Option<String>) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (name.replace('+', " "), value.replace('+', " "));
    let name = percent_decode_str(&name).decode_utf8_lossy().into_owned();
    (name, percent_decode_str(&value).decode_utf8().ok().map(Cow::into_owned))
}

/// What a member of a map says: a text, or several.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Null | Value::Object(_) => Vec::new(),
    }
}
