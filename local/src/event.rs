//! A request as API Gateway hands it to a function.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

const DOMAIN: &str = "127.0.0.1";

/// What a gateway knows of a request. Clone it to change one thing.
#[derive(Clone, Debug)]
pub struct GatewayRequest {
    pub method: String,
    pub path: String,
    /// As sent, without the question mark.
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub source_ip: String,
    /// The gateway's own name for the request.
    pub id: String,
    pub time: DateTime<Utc>,
    pub stage: String,
    pub route_key: String,
}

impl GatewayRequest {
    /// A request such as `GET /api/schedule?limit=1`, without headers or a body, at the stage `$default`.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            source_ip: "192.0.2.1".to_owned(),
            id: "local".to_owned(),
            time: DateTime::UNIX_EPOCH,
            stage: "$default".to_owned(),
            route_key: "$default".to_owned(),
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self { body: body.to_string().into(), ..self }.header("content-type", "application/json")
    }

    #[must_use]
    pub fn at_stage(self, stage: &str) -> Self {
        Self { stage: stage.to_owned(), ..self }
    }

    /// The event of an HTTP API, payload 2.0: header names in lower case, several values of one name joined by a comma.
    #[must_use]
    pub fn payload_2(&self) -> Value {
        let mut headers = Map::new();
        for (name, values) in self.header_values() {
            headers.insert(name.to_lowercase(), json!(values.join(",")));
        }
        // The gateway writes these itself, whatever the client said.
        for (name, value) in [("host", DOMAIN), ("x-forwarded-proto", "http")] {
            headers.insert(name.to_owned(), json!(value));
        }
        let user_agent = headers.get("user-agent").cloned().unwrap_or_else(|| json!(""));
        let (body, is_base64) = self.packed_body();
        json!({
            "version": "2.0",
            "routeKey": self.route_key,
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": headers,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": DOMAIN,
                "domainPrefix": "127",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": self.source_ip,
                    "userAgent": user_agent,
                },
                "requestId": self.id,
                "routeKey": self.route_key,
                "stage": self.stage,
                "time": self.time.format("%d/%b/%Y:%H:%M:%S %z").to_string(),
                "timeEpoch": self.time.timestamp_millis(),
            },
            "body": body,
            "isBase64Encoded": is_base64,
        })
    }

    /// The event of a REST API, payload 1.0: header names as sent, and each list of values beside its last.
    #[must_use]
    pub fn payload_1(&self) -> Value {
        let (body, is_base64) = self.packed_body();
        let query = form_urlencoded::parse(self.query.as_bytes()).into_owned().collect();
        let (query, queries) = last_and_all(values_by_name(query));
        let (headers, all_headers) = last_and_all(self.header_values());
        json!({
            "resource": "/{proxy+}",
            "path": self.path,
            "httpMethod": self.method,
            "headers": headers,
            "multiValueHeaders": all_headers,
            "queryStringParameters": query,
            "multiValueQueryStringParameters": queries,
            "pathParameters": null,
            "stageVariables": null,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": DOMAIN,
                "httpMethod": self.method,
                "identity": {"sourceIp": self.source_ip, "userAgent": ""},
                "path": format!("/{}{}", self.stage, self.path),
                "protocol": "HTTP/1.1",
                "requestId": self.id,
                "resourcePath": "/{proxy+}",
                "stage": self.stage,
            },
            "body": body,
            "isBase64Encoded": is_base64,
        })
    }

    fn header_values(&self) -> Vec<(String, Vec<String>)> {
        values_by_name(self.headers.clone())
    }

    /// Text as it is, bytes that are no text in base64, and no body as null.
    fn packed_body(&self) -> (Value, bool) {
        match std::str::from_utf8(&self.body) {
            Ok("") => (Value::Null, false),
            Ok(text) => (json!(text), false),
            Err(_) => (json!(STANDARD.encode(&self.body)), true),
        }
    }
}

/// The values of each name, in the order in which the names first came.
fn values_by_name(pairs: Vec<(String, String)>) -> Vec<(String, Vec<String>)> {
    let mut by_name: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        match by_name.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => by_name.push((name, vec![value])),
        }
    }
    by_name
}

/// Two objects, one with each name's last value and one with all; null without any name.
fn last_and_all(by_name: Vec<(String, Vec<String>)>) -> (Value, Value) {
    if by_name.is_empty() {
        return (Value::Null, Value::Null);
    }
    let last: Map<String, Value> = by_name.iter().map(|(name, values)| (name.clone(), json!(values.last()))).collect();
    let all: Map<String, Value> = by_name.into_iter().map(|(name, values)| (name, json!(values))).collect();
    (Value::Object(last), Value::Object(all))
}
