//! The events of a gateway: both payloads, with or without a stage, however the body is packed.

use api_tests::{Actor, Product, new_user};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::event::GatewayRequest;
use serde_json::{Value, json};

type Payload = fn(&GatewayRequest) -> Value;

const PAYLOADS: [Payload; 2] = [GatewayRequest::payload_1, GatewayRequest::payload_2];

/// A request at a stage, with headers spelt as no rule asks for.
fn request(method: &str, target: &str, stage: &str, actor: &Actor) -> GatewayRequest {
    let bearer = format!("bEARER {}", actor.token.as_deref().unwrap_or_default());
    GatewayRequest::new(method, target).at_stage(stage).header("AUTHORIZATION", &bearer)
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
            for payload in PAYLOADS {
                let (status, users) = status(&product, "user", &payload(&request("GET", path, stage, &master))).await;
                assert_eq!(status, 200, "{stage} {path} {users}");
                assert_eq!(users[0]["user_id"], 1);
                let new = request("POST", path, stage, &master).json(&new_user(&[]));
                let (status, _) = self::status(&product, "user", &payload(&new)).await;
                assert_eq!(status, 200);
            }
        }
    }
    for payload in PAYLOADS {
        let none =
            GatewayRequest { id: "request-of-the-gateway".to_owned(), ..request("GET", "/api/none", "prod", &master) };
        let (status, problem) = status(&product, "user", &payload(&none)).await;
        assert_eq!((status, &problem["code"]), (404, &json!("route_not_found")));
        assert_eq!(problem["request_id"], "request-of-the-gateway");
        let strange = request("GET", "/api/あ b\"<>%", "prod", &master);
        assert_eq!(self::status(&product, "user", &payload(&strange)).await.0, 404);
    }
}

#[tokio::test]
async fn a_body_may_be_packed_in_base64() {
    let product = Product::start().await;
    let master = product.master().await;
    for payload in PAYLOADS {
        let packed = |body: &[u8]| {
            let mut event = payload(&request("POST", "/api/user", "$default", &master).json(&Value::Null));
            event["body"] = json!(STANDARD.encode(body));
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
    for payload in PAYLOADS {
        let asked = async |query: &str| {
            let request = request("DELETE", &format!("/api/user?{query}"), "prod", &master);
            status(&product, "user", &payload(&request)).await.1
        };
        assert_eq!(asked("user_id=%39%39").await["code"], "user_not_found");
        assert_eq!(asked("user_id=98&user_id=99").await["errors"][0]["code"], "duplicate");
    }
}

#[tokio::test]
async fn the_source_of_a_request_is_what_the_gateway_saw() {
    let product = Product::start().await;
    let nobody = product.anonymous();
    for payload in PAYLOADS {
        let body = json!({"email": "nobody@example.jp", "password": "wrong", "access_code": "x"});
        let request = request("POST", "/api/login", "$default", &nobody).json(&body);
        let request = request.header("x-forwarded-for", "198.51.100.7, nonsense");
        let (status, problem) = status(&product, "auth", &payload(&request)).await;
        assert_eq!((status, &problem["code"]), (401, &json!("login_failed")));
    }
}
