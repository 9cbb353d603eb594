//! What a request may look like, and what each other form of it is answered.

use api_tests::{Actor, Answer, Product, new_schedule, new_user};
use reqwest::Method;
use serde_json::{Value, json};

const LIMIT: usize = 64 * 1024;

async fn post_user(actor: &Actor, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    actor.send(Method::POST, "/api/user", headers, Some(body.into())).await
}

/// A body of exactly this many bytes, all but a few in a member that nobody knows.
fn padded(mut body: Value, bytes: usize) -> String {
    body["padding"] = json!("");
    let missing = bytes - body.to_string().len();
    body["padding"] = json!("x".repeat(missing));
    body.to_string()
}

#[tokio::test]
async fn json_in_utf8_is_accepted_however_it_is_declared() {
    let product = Product::start().await;
    let master = product.master().await;
    for declared in [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json; charset=\"UTF-8\"",
        "application/json; profile=x; Charset=Utf-8",
    ] {
        post_user(&master, &[("content-type", declared)], new_user(&[]).to_string()).await.ok();
    }
    let undeclared = master.undeclared(Method::POST, "/api/user", new_user(&[]).to_string()).await;
    undeclared.ok();
}

#[tokio::test]
async fn another_type_or_charset_is_refused_and_nothing_is_done() {
    let product = Product::start().await;
    let master = product.master().await;
    for declared in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/json-patch+json",
        "application/problem+json",
        "text/json",
        "json",
        "",
        "application/json; charset=shift_jis",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=latin1",
    ] {
        let answer = post_user(&master, &[("content-type", declared)], new_user(&[]).to_string()).await;
        answer.refused(415, "unsupported_media_type");
    }
    let list = master.get("/api/user").await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refused_body_is_told_what_is_wrong_with_it() {
    let product = Product::start().await;
    let master = product.master().await;
    for (header, value, word) in [
        ("content-type", "text/plain", "application/json"),
        ("content-type", "application/json; charset=shift_jis", "UTF-8"),
        ("content-encoding", "gzip", "Content-Encoding"),
        ("content-encoding", "br", "Content-Encoding"),
    ] {
        let headers = [("content-type", "application/json"), ("accept-language", "en"), (header, value)];
        let headers = if header == "content-type" { &headers[1..] } else { &headers[..] };
        let problem = post_user(&master, headers, new_user(&[]).to_string()).await;
        let problem = problem.refused(415, "unsupported_media_type");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{value}: {problem}");
    }
    assert_eq!(master.get("/api/user").await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_type_does_not_matter_where_there_is_no_body() {
    let product = Product::start().await;
    let master = product.master().await;
    master.send(Method::GET, "/api/user", &[("content-type", "text/plain")], None).await.ok();
    let answer = master.send(Method::POST, "/api/user", &[("content-type", "text/plain")], None).await;
    answer.refused(400, "malformed_request");
    let answer = master.send(Method::GET, "/api/user", &[("content-type", "text/plain")], Some("x".into())).await;
    answer.refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_byte_order_mark_is_ignored() {
    let product = Product::start().await;
    let master = product.master().await;
    post_user(&master, &[], format!("\u{FEFF}{}", new_user(&[]))).await.ok();
    post_user(&master, &[], "\u{FEFF}").await.refused(400, "malformed_request");
    post_user(&master, &[], format!("\u{FEFF}\u{FEFF}{}", new_user(&[]))).await.refused(400, "malformed_request");
}

#[tokio::test]
async fn sixty_four_kibibytes_are_the_limit_to_the_byte() {
    let product = Product::start().await;
    let master = product.master().await;
    post_user(&master, &[], padded(new_user(&[]), LIMIT)).await.ok();
    post_user(&master, &[], padded(new_user(&[]), LIMIT + 1)).await.refused(413, "body_too_large");
    let huge = padded(new_user(&[]), 5 * 1024 * 1024);
    post_user(&master, &[], huge.clone()).await.refused(413, "body_too_large");
    post_user(&product.anonymous(), &[], huge.clone()).await.refused(401, "unauthenticated");
    post_user(&product.viewer().await, &[], huge.clone()).await.refused(403, "permission_denied");
    let answer = master.send(Method::GET, "/api/user", &[], Some(huge.clone().into())).await;
    answer.refused(413, "body_too_large");
    let login = product.anonymous().send(Method::POST, "/api/login", &[], Some(huge.into())).await;
    login.refused(413, "body_too_large");
}

#[tokio::test]
async fn what_is_no_json_object_is_malformed() {
    let product = Product::start().await;
    let master = product.master().await;
    let valid = new_user(&[]).to_string();
    for body in [
        "",
        " ",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{}}",
        "{'name': 'x'}",
        "{\"name\": }",
        "{\"name\": 01}",
        "{\"name\": \"a\u{0}b\"}",
        "{\"name\": \"x\",}",
        "{\"a\": [1, 2}",
        "{\"\\ud800\": 1}",
        "name=x&email=y",
    ] {
        post_user(&master, &[], body).await.refused(400, "malformed_request");
    }
    post_user(&master, &[], format!("{valid} x")).await.refused(400, "malformed_request");
    post_user(&master, &[], format!("[{valid}]")).await.refused(400, "malformed_request");
    post_user(&master, &[], [valid.as_bytes(), b"\xFF"].concat()).await.refused(400, "malformed_request");
    let latin1: Vec<u8> = valid.replace("ユーザー名", "é").chars().map(|c| c as u8).collect();
    post_user(&master, &[], latin1).await.refused(400, "malformed_request");
    let utf16: Vec<u8> = valid.encode_utf16().flat_map(u16::to_le_bytes).collect();
    post_user(&master, &[], utf16).await.refused(400, "malformed_request");
}

#[tokio::test]
async fn a_member_given_twice_is_refused() {
    let product = Product::start().await;
    let master = product.master().await;
    let body = new_user(&[]).to_string();
    for twice in [body.replacen('{', "{\"name\":\"x\",", 1), body.replacen('{', "{\"n\\u0061me\":\"ユーザー名\",", 1)]
    {
        let fields = post_user(&master, &[], twice).await.invalid_fields();
        assert_eq!(fields, [("name".to_owned(), "duplicate".to_owned())]);
    }
    let unknown = post_user(&master, &[], body.replacen('{', "{\"x\":1,\"x\":1,", 1)).await.invalid_fields();
    assert_eq!(unknown, [("x".to_owned(), "duplicate".to_owned())]);
    let mut params = new_schedule(1).to_string();
    params = params.replacen("\"audio\":", "\"audio\":{\"bps\":1},\"audio\":", 1);
    let answer = master.send(Method::POST, "/api/schedule", &[], Some(params.into())).await;
    assert_eq!(answer.invalid_fields(), [("imageflux_params".to_owned(), "duplicate".to_owned())]);
}

#[tokio::test]
async fn a_member_given_thousands_of_times_is_named_once() {
    let product = Product::start().await;
    let master = product.master().await;
    let body = new_user(&[]).to_string().replacen('{', &format!("{{{}", "\"x\":0,".repeat(9_000)), 1);
    assert_eq!(post_user(&master, &[], body).await.invalid_fields(), [("x".to_owned(), "duplicate".to_owned())]);
}

#[tokio::test]
async fn null_is_no_value() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    for name in ["name", "email", "password", "delivery", "view", "schedule", "user"] {
        let mut user = new_user(&[]);
        user[name] = Value::Null;
        let fields = master.post("/api/user", &user).await.invalid_fields();
        assert_eq!(fields, [(name.to_owned(), "null".to_owned())]);
    }
    for name in ["user_id", "name", "password", "view"] {
        let mut change = json!({"user_id": viewer.user_id});
        change[name] = Value::Null;
        let fields = master.patch("/api/user", &change).await.invalid_fields();
        assert_eq!(fields, [(name.to_owned(), "null".to_owned())]);
    }
    master.patch("/api/password", &json!({"password": null})).await.refused(422, "invalid_parameters");
    master.patch("/api/access-code", &json!({"access_code": null})).await.refused(422, "invalid_parameters");
}

#[tokio::test]
async fn a_member_that_nobody_knows_can_be_anything_and_sets_nothing() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut user = new_user(&["view"]);
    for (name, value) in [
        ("is_master", json!(true)),
        ("user_id", json!(1)),
        ("tenant", json!("x")),
        ("token_version", json!(-1)),
        ("permissions", json!({"user": 1})),
        ("created_datetime", json!("2000-01-01 00:00:00")),
        ("__proto__", json!({})),
    ] {
        user[name] = value;
    }
    let id = master.post("/api/user", &user).await.ok()["user_id"].clone();
    assert_eq!(id, 2);
    let change = json!({"user_id": 2, "is_master": true, "email": "other@example.jp", "token_version": 9});
    master.patch("/api/user", &change).await.ok();
    let listed = master.get("/api/user").await.ok()[1].clone();
    assert_eq!(listed["is_master"], false);
    assert_eq!(listed["email"], user["email"]);
    assert_eq!(listed["permissions"], json!({"delivery": 0, "view": 1, "schedule": 0, "user": 0}));
    assert_ne!(listed["created_datetime"], "2000-01-01 00:00:00");
    master.delete("/api/user?user_id=2").await.ok();
}

#[tokio::test]
async fn a_schedule_takes_neither_channel_nor_id_nor_owner_from_a_client() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut schedule = new_schedule(1);
    schedule["schedule_id"] = json!("00000000-0000-4000-8000-00000000000a");
    schedule["channel_id"] = json!("stolen");
    schedule["sora_url"] = json!("wss://stolen.example/");
    schedule["created_user_name"] = json!("somebody else");
    let id = master.post("/api/schedule", &schedule).await.ok()["schedule_id"].as_str().unwrap().to_owned();
    assert_ne!(id, "00000000-0000-4000-8000-00000000000a");
    schedule["schedule_id"] = json!(id);
    schedule.as_object_mut().unwrap().remove("imageflux_params");
    master.patch("/api/schedule", &schedule).await.ok();
    let delivery = master.get(&format!("/api/delivery?schedule_id={id}")).await.ok();
    assert!(!delivery.to_string().contains("stolen"));
    assert_eq!(master.get("/api/schedule").await.ok()[0]["created_user_name"], "imageflux");
}

#[tokio::test]
async fn a_member_that_nobody_knows_may_be_nested_as_deep_as_it_fits() {
    let product = Product::start().await;
    let master = product.master().await;
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    post_user(&master, &[], new_user(&[]).to_string().replacen('{', &format!("{{\"x\":{deep},"), 1)).await.ok();
    let open = new_user(&[]).to_string().replacen('{', &format!("{{\"x\":{},", "[".repeat(60_000)), 1);
    post_user(&master, &[], open).await.refused(400, "malformed_request");
    let deep_name = new_user(&[]).to_string().replacen("\"ユーザー名\"", &deep, 1);
    assert_eq!(post_user(&master, &[], deep_name).await.invalid_fields()[0].0, "name");
}

#[tokio::test]
async fn booleans_are_true_false_one_and_zero() {
    let product = Product::start().await;
    let master = product.master().await;
    for (given, printed) in [(json!(true), 1), (json!(false), 0), (json!(1), 1), (json!(0), 0)] {
        let mut user = new_user(&["user"]);
        user["view"] = given;
        let id = master.post("/api/user", &user).await.ok()["user_id"].clone();
        let list = master.get("/api/user").await.ok();
        let listed = list.as_array().unwrap().iter().find(|listed| listed["user_id"] == id).unwrap();
        assert_eq!(listed["permissions"]["view"], printed);
    }
    let user = new_user(&[]).to_string();
    for given in ["\"true\"", "\"1\"", "\"\"", "2", "-1", "1.0", "0.0", "1e0", "-0", "[]", "{}", "[true]"] {
        let body = user.replacen("\"view\":false", &format!("\"view\":{given}"), 1);
        let fields = post_user(&master, &[], body).await.invalid_fields();
        assert_eq!(fields, [("view".to_owned(), "wrong_type".to_owned())], "{given}");
    }
}

#[tokio::test]
async fn what_the_list_prints_can_be_sent_back() {
    let product = Product::start().await;
    let master = product.master().await;
    let presenter = product.presenter().await;
    let listed = master.get("/api/user").await.ok()[1].clone();
    let mut change = listed["permissions"].clone();
    change["user_id"] = listed["user_id"].clone();
    change["name"] = listed["name"].clone();
    master.patch("/api/user", &change).await.ok();
    assert_eq!(master.get("/api/user").await.ok()[1], listed);
    presenter.get("/api/schedule").await.ok();
}

#[tokio::test]
async fn a_user_id_is_an_integer_and_nothing_like_one() {
    let product = Product::start().await;
    let master = product.master().await;
    for given in ["\"11\"", "11.0", "1e1", "-1", "-0", "9223372036854775808", "1e400", "true", "[1]", "{}", "\"\""] {
        for method in [Method::PATCH, Method::DELETE] {
            let body = format!("{{\"user_id\":{given},\"name\":\"x\"}}");
            let fields = master.send(method, "/api/user", &[], Some(body.into())).await.invalid_fields();
            assert_eq!(fields[0].0, "user_id", "{given}");
        }
    }
    for given in ["", "x", "-1", "1.0", "%2B1", "1%20", "0x1", "9223372036854775808", "%EF%BC%91", "1,2"] {
        let fields = master.delete(&format!("/api/user?user_id={given}")).await.invalid_fields();
        assert_eq!(fields[0].0, "user_id", "{given}");
    }
    for given in ["0", "11", "9223372036854775807"] {
        master.delete(&format!("/api/user?user_id={given}")).await.refused(404, "user_not_found");
        let change = format!("{{\"user_id\":{given}}}");
        let answer = master.send(Method::PATCH, "/api/user", &[], Some(change.into())).await;
        answer.refused(404, "user_not_found");
    }
}

#[tokio::test]
async fn an_idempotency_key_has_one_to_255_characters() {
    let product = Product::start().await;
    let master = product.master().await;
    master.post_once("/api/user", &"k".repeat(255), &new_user(&[])).await.ok();
    for key in ["k".repeat(256), String::new(), " ".to_owned(), "k".repeat(5000)] {
        let fields = master.post_once("/api/user", &key, &new_user(&[])).await.invalid_fields();
        assert_eq!(fields[0].0, "Idempotency-Key");
    }
    let problem = master.post_once("/api/user", "", &new_user(&[])).await.refused(422, "invalid_parameters");
    assert_eq!(problem["errors"][0]["message"], "1文字（配列は1個）以上で指定してください。");
    let mut both_wrong = new_user(&[]);
    both_wrong["name"] = json!("");
    let fields = master.post_once("/api/user", &"k".repeat(256), &both_wrong).await.invalid_fields();
    let names: Vec<_> = fields.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(names, ["name", "Idempotency-Key"]);
}
