//! What all answers have in common, above all the refusals.

use std::collections::{BTreeMap, BTreeSet};

use api_tests::{Actor, Answer, Product, new_user};
use reqwest::Method;
use serde_json::json;

use crate::support::operations::{self, Operation, Target};

/// The methods of every path, as `openapi.yaml` has them, and `HEAD` where there is a GET.
fn methods_by_path() -> BTreeMap<String, BTreeSet<String>> {
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in operations::all() {
        let methods = paths.entry(operation.path).or_default();
        methods.insert(operation.method.to_string());
        if operation.method == Method::GET {
            methods.insert("HEAD".to_owned());
        }
    }
    paths
}

fn words(header: &str) -> BTreeSet<String> {
    header.split(',').map(|word| word.trim().to_owned()).collect()
}

fn assert_common_headers(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{answer:?}");
    assert!(!answer.header("x-request-id").is_empty(), "{answer:?}");
    let exposed = words(&answer.header("access-control-expose-headers"));
    for name in ["x-request-id", "retry-after", "link"] {
        assert!(exposed.contains(name), "{name} in {exposed:?}");
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_answered_with_those_it_has() {
    let product = Product::start().await;
    let master = product.master().await;
    for (path, methods) in methods_by_path() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "QUERY"] {
            if methods.contains(method) {
                continue;
            }
            let answer = master.send(method.parse().unwrap(), &path, &[], None).await;
            assert_eq!(words(&answer.header("allow")), methods, "{method} {path}");
            assert_common_headers(&answer);
            if method == "HEAD" {
                assert_eq!(answer.status, 405);
            } else {
                answer.refused(405, "method_not_allowed");
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_is_none_is_not_found_whoever_asks() {
    let product = Product::start().await;
    let master = product.master().await;
    for path in [
        "/api",
        "/api/none",
        "/api/user/1",
        "/API/user",
        "/api/user%20",
        "/api/%E3%81%82",
        "/api/user;x",
        "/prod/api/user",
        "/schedule",
        "/favicon.ico",
        "/$default/api/user",
    ] {
        for actor in [&master, &product.anonymous()] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = actor.send(method, path, &[], None).await;
                assert_common_headers(&answer);
                answer.refused(404, "route_not_found");
            }
        }
    }
}

#[tokio::test]
async fn a_slash_too_many_is_answered_with_the_right_address() {
    let product = Product::start().await;
    let master = product.master().await;
    for (path, location) in [
        ("//api/login", "/api/login"),
        ("/api/login/", "/api/login"),
        ("/api//user///?limit=1&x=%20%22", "/api/user?limit=1&x=%20%22"),
        ("/api/none/", "/api/none"),
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            // The client follows no further than it must: only the first answer counts here.
            let answer = first_answer(&product, &master, method, path).await;
            assert_eq!((answer.status.as_u16(), answer.header("location").as_str()), (308, location), "{path}");
            assert_eq!(answer.text, "");
            assert_common_headers(&answer);
        }
    }
    // A client that follows sends the same again, and is answered.
    let moved = master.get("/api/user/").await;
    let users = master.get(&moved.header("location")).await.ok();
    assert_eq!(users.as_array().map(Vec::len), Some(1));
}

async fn first_answer(product: &Product, master: &Actor, method: Method, path: &str) -> Answer {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let http = http.tls_backend_preconfigured(api_tests::no_tls()).build().expect("a client");
    let request = http.request(method, format!("{}{path}", product.server.url()));
    let response = request.bearer_auth(master.token.as_deref().unwrap_or_default()).send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("text") }
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_token_on_every_path() {
    let product = Product::start().await;
    for (path, methods) in methods_by_path() {
        let headers = [
            ("origin", "https://app.example"),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization, content-type, idempotency-key, X-Trace"),
        ];
        let answer = product.anonymous().send(Method::OPTIONS, &path, &headers, None).await;
        assert!(answer.status.is_success(), "{answer:?}");
        assert_common_headers(&answer);
        let allowed = words(&answer.header("access-control-allow-headers").to_lowercase());
        for name in ["authorization", "content-type", "idempotency-key", "x-trace"] {
            assert!(allowed.contains(name), "{name} in {allowed:?}");
        }
        assert_eq!(words(&answer.header("access-control-allow-methods")), methods, "{path}");
        assert!(answer.text.is_empty());
    }
    let unasked = product.anonymous().send(Method::OPTIONS, "/api/user", &[], None).await;
    assert!(words(&unasked.header("access-control-allow-headers")).contains("authorization"), "{unasked:?}");
}

#[tokio::test]
async fn head_is_a_get_without_its_body() {
    let product = Product::start().await;
    let master = product.master().await;
    for (path, status) in [("/api/user", 200), ("/api/health", 200), ("/api/view?schedule_id=none", 404)] {
        let get = master.get(path).await;
        let head = master.send(Method::HEAD, path, &[], None).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("content-length"), "", "a GET has a body");
        assert_common_headers(&head);
    }
    for operation in operations::all().into_iter().filter(|operation| operation.method == Method::GET) {
        let head = Operation { method: Method::HEAD, ..operation.clone() };
        for actor in [&master, &product.anonymous()] {
            let get = operation.on(actor, &Target::missing()).await;
            let head = head.on(actor, &Target::missing()).await;
            assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{}", operation.path);
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_same_headers_whatever_it_says() {
    let product = Product::start().await;
    let master = product.master().await;
    let nobody = product.anonymous();
    let answers = [
        master.get("/api/user").await,
        master.get("/api/schedule").await,
        nobody.get("/api/health").await,
        nobody.get("/api/user").await,
        nobody.post("/api/login", &json!({})).await,
        product.viewer().await.get("/api/user").await,
        master.delete("/api/user?user_id=1").await,
        master.delete("/api/user?user_id=99").await,
        master.post("/api/user", &json!([])).await,
        master.send(Method::POST, "/api/user", &[("content-type", "text/plain")], Some("x".into())).await,
        master.send(Method::POST, "/api/user", &[], Some(vec![b' '; 70_000])).await,
    ];
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200, 200, 200, 401, 422, 403, 409, 404, 400, 415, 413]);
    let ids: BTreeSet<String> = answers.iter().map(|answer| answer.header("x-request-id")).collect();
    assert_eq!(ids.len(), answers.len(), "no two requests have one id");
    for answer in &answers {
        assert_common_headers(answer);
        let is_challenge = answer.header("www-authenticate") == "Bearer";
        assert_eq!(is_challenge, answer.status == 401, "{answer:?}");
        let problem = answer.status != 200;
        let expected = if problem { "application/problem+json" } else { "application/json" };
        assert_eq!(answer.header("content-type"), expected);
    }
}

#[tokio::test]
async fn english_is_spoken_to_those_who_prefer_it_and_japanese_to_all_others() {
    let product = Product::start().await;
    for (accepted, is_english) in [
        ("en", true),
        ("en-GB, ja;q=0.9", true),
        ("fr, en;q=0.2", true),
        ("ja, en;q=0.9", false),
        ("ja-JP", false),
        ("*", false),
        ("de", false),
        ("en;q=0", false),
        (";;;,=,q=", false),
        ("en;q=NaN", false),
    ] {
        for path in ["/api/user", "/api/none"] {
            let answer = product.anonymous().send(Method::GET, path, &[("accept-language", accepted)], None).await;
            let problem = answer.json();
            for member in ["title", "detail"] {
                assert_eq!(problem[member].as_str().unwrap().is_ascii(), is_english, "{accepted}: {problem}");
            }
        }
    }
}

#[tokio::test]
async fn a_client_cannot_choose_the_id_of_its_request() {
    let product = Product::start().await;
    let answer = product.anonymous().send(Method::GET, "/api/health", &[("x-request-id", "mine")], None).await;
    assert_ne!(answer.header("x-request-id"), "mine");
}

#[tokio::test]
async fn a_header_that_only_the_gateway_writes_changes_nothing() {
    let product = Product::start().await;
    let master = product.master().await;
    for (name, value) in [
        ("x-forwarded-proto", ":"),
        ("x-forwarded-proto", "a b\\"),
        ("x-forwarded-proto", "javascript"),
        ("x-forwarded-host", "[["),
        ("host", "[["),
        ("host", "a b"),
        ("host", ""),
        ("cookie", "\u{e9}"),
        ("x-amzn-trace-id", "\""),
        ("x-http-method-override", "DELETE"),
        ("content-encoding", "identity"),
    ] {
        let body = Some(new_user(&[]).to_string().into_bytes());
        let answer = master.send(Method::POST, "/api/user", &[(name, value)], body).await;
        assert_eq!(answer.status, 200, "{name}: {value} {}", answer.text);
    }
}

#[tokio::test]
async fn an_address_too_long_for_an_event_is_refused() {
    let product = Product::start().await;
    let master = product.master().await;
    for (length, status) in [(10_000, 200), (60_000, 200), (65_000, 414)] {
        let answer = master.get(&format!("/api/user?x={}", "x".repeat(length))).await;
        assert_eq!(answer.status, status, "{length}");
    }
}
