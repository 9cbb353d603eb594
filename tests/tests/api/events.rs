//! The events of a gateway: both payloads, with or without a stage, however the body is packed.

use api_tests::{Actor, Product, new_user};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Payload 2.0, as an HTTP API sends it.
fn payload_2(method: &str, path: &str, stage: &str, actor: &Actor, body: &Value) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"authorization": bearer(actor), "content-type": "application/json", "host": "x.example"},
        "requestContext": {
            "accountId": "0", "apiId": "a", "domainName": "x.example", "domainPrefix": "x", "stage": stage,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "requestId": "request-of-payload-2", "routeKey": "$default", "time": "", "timeEpoch": 0,
        },
        "body": body, "isBase64Encoded": false,
    })
}

/// Payload 1.0, as a REST API sends it.
fn payload_1(method: &str, path: &str, stage: &str, actor: &Actor, body: &Value) -> Value {
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method,
        "headers": {"AUTHORIZATION": bearer(actor), "Content-Type": "application/json", "Host": "x.example"},
        "multiValueHeaders": {
            "AUTHORIZATION": [bearer(actor)], "Content-Type": ["application/json"], "Host": ["x.example"]
        },
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "0", "apiId": "a", "domainName": "x.example", "httpMethod": method, "stage": stage,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "t"}, "path": format!("/{stage}{path}"),
            "protocol": "HTTP/1.1", "requestId": "request-of-payload-1", "resourcePath": "/{proxy+}",
        },
        "body": body, "isBase64Encoded": false,
    })
}

fn bearer(actor: &Actor) -> String {
    format!("bEARER {}", actor.token.as_deref().unwrap_or_default())
}

async fn status(product: &Product, function: &str, event: &Value) -> (u64, Value) {
    let answer = product.invoke(function, event).await.expect("an answer");
    let body = serde_json::from_str(answer["body"].as_str().unwrap_or("null")).expect("JSON");
    (answer["statusCode"].as_u64().expect("a status"), body)
}

#[tokio::test]
async fn both_payloads_reach_the_same_handler_from_any_stage() {
    let product = Product::start().await;
    let master = product.master().await;
    for stage in ["$default", "prod", "api", "v1.2"] {
        let staged = format!("/{stage}/api/user");
        let paths = if stage == "$default" { vec!["/api/user"] } else { vec!["/api/user", staged.as_str()] };
        for path in paths {
            for payload in [payload_1, payload_2] {
                let event = payload("GET", path, stage, &master, &Value::Null);
                let (status, users) = status(&product, "user", &event).await;
                assert_eq!(status, 200, "{stage} {path} {users}");
                assert_eq!(users[0]["user_id"], 1);
                let new = json!(new_user(&[]).to_string());
                let (status, _) = self::status(&product, "user", &payload("POST", path, stage, &master, &new)).await;
                assert_eq!(status, 200);
            }
        }
    }
    for payload in [payload_1, payload_2] {
        let (status, problem) =
            status(&product, "user", &payload("GET", "/api/none", "prod", &master, &json!(""))).await;
        assert_eq!((status, &problem["code"]), (404, &json!("route_not_found")));
        assert!(problem["request_id"].as_str().unwrap().starts_with("request-of-payload"));
        let strange = payload("GET", "/api/あ b\"<>%", "prod", &master, &Value::Null);
        assert_eq!(self::status(&product, "user", &strange).await.0, 404);
    }
}

#[tokio::test]
async fn a_body_may_be_packed_in_base64() {
    let product = Product::start().await;
    let master = product.master().await;
    for payload in [payload_1, payload_2] {
        let packed = |body: &[u8]| {
            let mut event = payload("POST", "/api/user", "$default", &master, &json!(STANDARD.encode(body)));
            event["isBase64Encoded"] = json!(true);
            event
        };
        let body = new_user(&[]).to_string();
        assert_eq!(status(&product, "user", &packed(body.as_bytes())).await.0, 200);
        let (bad, problem) = status(&product, "user", &packed(b"{\"name\": \"\xFF\"}")).await;
        assert_eq!((bad, &problem["code"]), (400, &json!("malformed_request")));
        // The limit is on what was sent, not on its packing.
        let mut large = new_user(&[]);
        large["padding"] = json!("x".repeat(60_000));
        assert_eq!(status(&product, "user", &packed(large.to_string().as_bytes())).await.0, 200);
    }
}

#[tokio::test]
async fn a_query_is_read_in_both_payloads() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut old = payload_1("DELETE", "/api/user", "prod", &master, &Value::Null);
    old["queryStringParameters"] = json!({"user_id": "99"});
    old["multiValueQueryStringParameters"] = json!({"user_id": ["99"]});
    assert_eq!(status(&product, "user", &old).await.1["code"], "user_not_found");
    old["multiValueQueryStringParameters"] = json!({"user_id": ["98", "99"]});
    assert_eq!(status(&product, "user", &old).await.1["errors"][0]["code"], "duplicate");
    let mut new = payload_2("DELETE", "/api/user", "prod", &master, &Value::Null);
    new["rawQueryString"] = json!("user_id=%39%39");
    assert_eq!(status(&product, "user", &new).await.1["code"], "user_not_found");
    new["rawQueryString"] = json!("user_id=99&user_id=99");
    assert_eq!(status(&product, "user", &new).await.1["errors"][0]["code"], "duplicate");
}

#[tokio::test]
async fn the_source_of_a_request_is_what_the_gateway_saw() {
    let product = Product::start().await;
    let nobody = product.anonymous();
    for payload in [payload_1, payload_2] {
        let body = json!({"email": "nobody@example.jp", "password": "wrong", "access_code": "x"}).to_string();
        let mut event = payload("POST", "/api/login", "$default", &nobody, &json!(body));
        event["headers"]["x-forwarded-for"] = json!("198.51.100.7, nonsense");
        let (status, problem) = status(&product, "auth", &event).await;
        assert_eq!((status, &problem["code"]), (401, &json!("login_failed")));
    }
}
