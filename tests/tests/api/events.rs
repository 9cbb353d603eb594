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

/// An event of either payload whose path and body are taken as they are.
fn event_of(payload: Payload, method: &str, path: &str, stage: &str, actor: &Actor, body: &Value) -> Value {
    let request = request(method, "", stage, actor).header("content-type", "application/json");
    let mut event = payload(&GatewayRequest { path: path.to_owned(), ..request });
    event["body"] = body.clone();
    event
}

fn payload_1(method: &str, path: &str, stage: &str, actor: &Actor, body: &Value) -> Value {
    event_of(GatewayRequest::payload_1, method, path, stage, actor, body)
}

fn payload_2(method: &str, path: &str, stage: &str, actor: &Actor, body: &Value) -> Value {
    event_of(GatewayRequest::payload_2, method, path, stage, actor, body)
}

/// A request with a token to a path and a query, whatever they hold.
fn asked(path: &str, query: &str, actor: &Actor) -> Value {
    let mut event = payload_2("GET", path, "$default", actor, &Value::Null);
    event["rawQueryString"] = json!(query);
    event
}

#[tokio::test]
async fn a_query_may_hold_what_no_address_can() {
    let product = Product::start().await;
    let master = product.master().await;
    for query in ["x=a b", "x=\"a\"", "x=[1]", "x={a}", "x=a|b\\c^`", "x=あ", "x=\u{0}\n", "x=%", "#x", "x=<>"] {
        assert_eq!(status(&product, "user", &asked("/api/user", query, &master)).await.0, 200, "{query}");
    }
    let moved = product.invoke("user", &asked("/api/user/", "x=a b\n&y=\"", &master)).await.unwrap();
    assert_eq!(
        (&moved["statusCode"], &moved["headers"]["location"]),
        (&json!(308), &json!("/api/user?x=a+b%0A&y=%22"))
    );
}

#[tokio::test]
async fn host_and_forwarded_protocol_play_no_part() {
    let product = Product::start().await;
    let master = product.master().await;
    for payload in [payload_1, payload_2] {
        for host in ["1234567890.execute-api.{dns_suffix}", "h.jp:99999", "256.256.256.256", "a b", "[[", "", "あ"] {
            let mut event = payload("GET", "/api/user", "$default", &master, &Value::Null);
            event["headers"]["host"] = json!(host);
            event["requestContext"]["domainName"] = json!(host);
            assert_eq!(status(&product, "user", &event).await.0, 200, "{host}");
        }
        for protocol in ["https,http", "https, http", "", ":", "javascript"] {
            let mut event = payload("GET", "/api/user", "$default", &master, &Value::Null);
            event["headers"]["x-forwarded-proto"] = json!(protocol);
            assert_eq!(status(&product, "user", &event).await.0, 200, "{protocol}");
        }
    }
}

#[tokio::test]
async fn base64_may_be_wrapped_and_of_either_alphabet() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut event = payload_2("POST", "/api/user", "$default", &master, &Value::Null);
    event["isBase64Encoded"] = json!(true);
    let mut body = new_user(&[]);
    body["padding"] = json!("???>>>~~~ÿÿÿ");
    let packed = STANDARD.encode(body.to_string());
    let wrapped =
        packed.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\r\n");
    event["body"] = json!(wrapped);
    assert_eq!(status(&product, "user", &event).await.0, 200);
    body["email"] = json!(api_tests::unique_email());
    let other = STANDARD.encode(body.to_string()).replace('+', "-").replace('/', "_").replace('=', "");
    event["body"] = json!(other);
    assert_eq!(status(&product, "user", &event).await.0, 200);
    for none in ["{\"name\": \"x\"}", "a", "あ", "====", "ab=c"] {
        event["body"] = json!(none);
        let (status, problem) = status(&product, "user", &event).await;
        assert_eq!((status, &problem["code"]), (400, &json!("malformed_request")), "{none}");
    }
}

#[tokio::test]
async fn no_other_spelling_of_a_path_reaches_a_call() {
    let product = Product::start().await;
    let master = product.master().await;
    let login = json!({"email": master.email, "password": master.password, "access_code": master.access_code});
    let login = json!(login.to_string());
    for path in [
        "/$default/api/login",
        "/x/%2e%2e/api/login",
        "/x/../api/login",
        "/api/./login",
        "/api/%2e/login",
        "/api\\login",
        "/api/lo\tgin",
        "/api/login#x",
        "/api/login?x",
        "/api/login ",
        "/API/login",
        "/api/%6cogin",
        "/api%2flogin",
        "api/login",
        "",
    ] {
        for payload in [payload_1, payload_2] {
            let event = payload("POST", path, "$default", &master.anonymous(), &login);
            let (status, problem) = status(&product, "auth", &event).await;
            assert_eq!((status, &problem["code"]), (404, &json!("route_not_found")), "{path}");
        }
    }
    for (path, stage, location) in [
        ("//api/login", "$default", "/api/login"),
        ("/api/login/", "$default", "/api/login"),
        ("/prod//api/login/", "prod", "/prod/api/login"),
    ] {
        let event = payload_2("POST", path, stage, &master.anonymous(), &login);
        let moved = product.invoke("auth", &event).await.unwrap();
        assert_eq!((&moved["statusCode"], &moved["headers"]["location"]), (&json!(308), &json!(location)));
    }
    // In payload 1.0 the stage is not part of the path, but of the address.
    let event = payload_1("POST", "/api/login/", "prod", &master.anonymous(), &login);
    let moved = product.invoke("auth", &event).await.unwrap();
    assert_eq!(moved["multiValueHeaders"]["location"], json!(["/prod/api/login"]));
}

#[tokio::test]
async fn an_event_that_is_no_request_is_answered() {
    let product = Product::start().await;
    for event in [json!(null), json!({}), json!([]), json!("x"), json!({"key1": "value1"}), json!({"version": "2.0"})] {
        for function in ["auth", "user", "schedule", "delivery-view", "chat"] {
            let (status, problem) = status(&product, function, &event).await;
            assert_eq!((status, &problem["code"]), (400, &json!("malformed_request")), "{event}");
        }
    }
}

#[tokio::test]
async fn several_spaces_may_stand_before_a_token() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut event = payload_2("GET", "/api/user", "$default", &master, &Value::Null);
    let token = master.token.as_deref().unwrap();
    for (header, expected) in [
        (format!("Bearer   {token}"), 200),
        (format!("Bearer{token}"), 401),
        (format!("Bearer {token} "), 401),
        (format!("Bearer\t{token}"), 401),
        ("Bearer   ".to_owned(), 401),
    ] {
        event["headers"]["authorization"] = json!(header);
        assert_eq!(status(&product, "user", &event).await.0, expected, "{header:?}");
    }
}
