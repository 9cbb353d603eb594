//! Parameters in a query, in a body, and in both.

use api_tests::{Product, new_schedule};
use reqwest::Method;
use serde_json::{Value, json};

fn with_id(id: &str) -> Vec<u8> {
    json!({"schedule_id": id}).to_string().into()
}

#[tokio::test]
async fn a_get_reads_its_query_or_a_json_body() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let by_query = master.get(&format!("/api/delivery?schedule_id={id}")).await.ok();
    let by_body = master.send(Method::GET, "/api/delivery", &[], Some(with_id(&id))).await.ok();
    let by_both =
        master.send(Method::GET, &format!("/api/delivery?schedule_id={id}"), &[], Some(with_id(&id))).await.ok();
    assert!(by_query["channel_id"].is_string());
    assert_eq!(by_query, by_body);
    assert_eq!(by_query, by_both);
    master.send(Method::GET, "/api/chat", &[], Some(with_id(&id))).await.ok();
    master.send(Method::GET, "/api/view", &[], Some(with_id(&id))).await.refused(404, "not_live");
}

#[tokio::test]
async fn a_delete_reads_its_query_or_a_json_body() {
    let product = Product::start().await;
    let master = product.master().await;
    let (first, second) = (product.viewer().await, product.viewer().await);
    master.delete(&format!("/api/user?user_id={}", first.user_id)).await.ok();
    let body = json!({"user_id": second.user_id}).to_string();
    master.send(Method::DELETE, "/api/user", &[], Some(body.into())).await.ok();
    let (first, second) = (master.plan(1).await, master.plan(2).await);
    master.delete(&format!("/api/schedule?schedule_id={first}")).await.ok();
    master.send(Method::DELETE, "/api/schedule", &[], Some(with_id(&second))).await.ok();
    assert_eq!(master.get("/api/schedule").await.ok(), json!([]));
    assert_eq!(master.get("/api/user").await.ok().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn body_and_query_that_differ_are_refused_and_nothing_is_done() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let (first, second) = (master.plan(1).await, master.plan(2).await);
    let path = format!("/api/schedule?schedule_id={first}");
    for body in [Some(with_id(&second)), Some("{\"schedule_id\": null}".into()), Some("{\"schedule_id\": 1}".into())] {
        let fields = master.send(Method::DELETE, &path, &[], body).await.invalid_fields();
        assert_eq!(fields, [("schedule_id".to_owned(), "contradictory".to_owned())]);
    }
    let path = format!("/api/user?user_id={}", viewer.user_id);
    let answer = master.send(Method::DELETE, &path, &[], Some("{\"user_id\": 99}".into())).await;
    assert_eq!(answer.invalid_fields()[0].0, "user_id");
    let path = format!("/api/chat?schedule_id={first}");
    let body = json!({"schedule_id": second, "body": "x"}).to_string();
    let answer = master.send(Method::POST, &path, &[], Some(body.into())).await;
    assert_eq!(answer.invalid_fields(), [("schedule_id".to_owned(), "contradictory".to_owned())]);
    for id in [&first, &second] {
        let chat = master.get(&format!("/api/chat?schedule_id={id}")).await.ok();
        assert_eq!(chat["chats"], json!([]));
    }
    viewer.get("/api/schedule").await.ok();
}

#[tokio::test]
async fn a_parameter_given_twice_in_a_query_is_refused_and_nothing_is_done() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let id = viewer.user_id;
    for query in [format!("user_id={id}&user_id={id}"), format!("user_id={id}&user_id=99")] {
        let fields = master.delete(&format!("/api/user?{query}")).await.invalid_fields();
        assert_eq!(fields[0].1, "duplicate", "{query}");
    }
    master.get("/api/schedule?limit=1&limit=1").await.refused(422, "invalid_parameters");
    viewer.get("/api/schedule").await.ok();
}

#[tokio::test]
async fn a_value_in_a_query_that_is_no_utf8_is_refused_and_nothing_is_done() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let asked = [
        ("from", master.get("/api/schedule?from=%FF").await),
        ("body", master.post(&format!("/api/chat?schedule_id={id}&body=%E3%81"), &json!({})).await),
        ("name", master.patch("/api/user?user_id=1&name=a%80", &json!({})).await),
        ("limit", master.get("/api/schedule?limit=%C0%AF").await),
    ];
    for (name, answer) in asked {
        assert_eq!(answer.invalid_fields(), [(name.to_owned(), "not_utf8".to_owned())]);
    }
    assert_eq!(master.get(&format!("/api/chat?schedule_id={id}")).await.ok()["chats"], json!([]));
    // A name that no call knows is ignored, whatever it holds.
    master.get("/api/schedule?x=%FF&%FF=1").await.ok();
    let said = master.post(&format!("/api/chat?schedule_id={id}&body=a+b%2B%E3%81%82"), &json!({})).await;
    said.ok();
    let chats = master.get(&format!("/api/chat?schedule_id={id}")).await.ok();
    assert_eq!(chats["chats"][0]["body"], "a b+あ");
}

#[tokio::test]
async fn names_that_a_call_does_not_know_are_ignored_however_often_they_come() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    master.get("/api/schedule?x=1&x=2&utm_source=a&utm_source=b&&").await.ok();
    master.patch("/api/user?_=1&_=2", &json!({"user_id": viewer.user_id, "name": "x"})).await.ok();
    master.send(Method::POST, "/api/logout?x=1&x=2&password=y", &[], None).await.ok();
    product.master().await.delete(&format!("/api/user?user_id={}&x=&x=", viewer.user_id)).await.ok();
}

#[tokio::test]
async fn an_empty_optional_parameter_is_an_absent_one() {
    let product = Product::start().await;
    let master = product.master().await;
    let (id, _) = (master.plan(1).await, master.plan(2).await);
    assert_eq!(master.get("/api/schedule?from=&to=&limit=&cursor=").await.ok().as_array().map(Vec::len), Some(2));
    master.get(&format!("/api/chat?schedule_id={id}&after=&limit=")).await.ok();
    let guest = product.viewer().await.user_id;
    let mute = format!("/api/chat/mute?schedule_id={id}&user_id={guest}&seconds=");
    master.send(Method::POST, &mute, &[], None).await.ok();
    master.post("/api/chat/mute", &json!({"schedule_id": id, "user_id": guest, "seconds": ""})).await.ok();
    // Nor does it differ from what stands in the other place.
    for (query, body) in [("limit=", json!({"limit": 1})), ("limit=1", json!({"limit": ""}))] {
        let path = format!("/api/schedule?{query}");
        let listed = master.send(Method::GET, &path, &[], Some(body.to_string().into())).await.ok();
        assert_eq!(listed.as_array().map(Vec::len), Some(1), "{path} {body}");
    }
    // What is asked for must be there; what is changed is not changed to nothing.
    master.get("/api/delivery?schedule_id=").await.refused(404, "schedule_not_found");
    let fields = master.patch("/api/user?name=", &json!({"user_id": 1})).await.invalid_fields();
    assert_eq!(fields, [("name".to_owned(), "blank".to_owned())]);
    let fields = master.patch("/api/user?name=", &json!({"user_id": 1, "name": "x"})).await.invalid_fields();
    assert_eq!(fields, [("name".to_owned(), "contradictory".to_owned())]);
}

#[tokio::test]
async fn nothing_may_be_written_as_an_empty_list_or_null() {
    let product = Product::start().await;
    for nothing in ["", " \r\n\t", "null", " null ", "[]", "[ ]", "\u{FEFF}[]", "{}"] {
        let master = product.master().await;
        let id = master.plan(1).await;
        let send = |method, path: String| {
            let master = master.clone();
            async move { master.send(method, &path, &[], Some(nothing.into())).await }
        };
        send(Method::GET, "/api/schedule".to_owned()).await.ok();
        send(Method::GET, format!("/api/chat?schedule_id={id}")).await.ok();
        send(Method::GET, "/api/delivery".to_owned()).await.refused(422, "invalid_parameters");
        send(Method::DELETE, format!("/api/schedule?schedule_id={id}")).await.ok();
        send(Method::POST, "/api/logout".to_owned()).await.ok();
        master.get("/api/schedule").await.refused(401, "unauthenticated");
    }
    let master = product.master().await;
    for something in ["[0]", "[null]", "0", "\"\"", "false", "[", "nul"] {
        let answer = master.send(Method::POST, "/api/logout", &[], Some(something.into())).await;
        answer.refused(400, "malformed_request");
    }
}

#[tokio::test]
async fn a_post_or_patch_may_have_its_parameters_in_the_query() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut schedule = new_schedule(1);
    schedule.as_object_mut().unwrap().remove("name");
    let id = master.post("/api/schedule?name=part", &schedule).await.ok()["schedule_id"].clone();
    let pairs = [
        ("start_datetime", "2030/02/01 10:00:00"),
        ("end_datetime", "2030/02/01 11:00:00"),
        ("name", "配信"),
        ("imageflux_params", r#"[{"audio": {"bps": 64000}}]"#),
    ];
    let query = reqwest::Url::parse_with_params("http://x/", pairs).unwrap().query().unwrap().to_owned();
    master.send(Method::POST, &format!("/api/schedule?{query}"), &[], None).await.ok();
    let id = id.as_str().unwrap();
    master.send(Method::POST, &format!("/api/chat?schedule_id={id}&body=hello+all"), &[], None).await.ok();
    assert_eq!(master.get(&format!("/api/chat?schedule_id={id}")).await.ok()["chats"][0]["body"], "hello all");
    master.patch("/api/user?user_id=1", &json!({"name": "renamed"})).await.ok();
    master.patch("/api/user?user_id=1&name=renamed+again", &json!({"name": "renamed again"})).await.ok();
    let users = master.get("/api/user").await.ok();
    assert_eq!(users[0]["name"], "renamed again");
    let names: Vec<Value> =
        master.get("/api/schedule").await.ok().as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["配信", "part"]);
    let fields = master.patch("/api/user?name=x&user_id=1", &json!({"name": "y"})).await.invalid_fields();
    assert_eq!(fields, [("name".to_owned(), "contradictory".to_owned())]);
    let fields = master.patch("/api/user?name=x&name=x", &json!({"user_id": 1})).await.invalid_fields();
    assert_eq!(fields, [("name".to_owned(), "duplicate".to_owned())]);
}

#[tokio::test]
async fn a_secret_in_a_query_is_refused_and_nothing_is_done() {
    let product = Product::start().await;
    let master = product.master().await;
    let secret = |name: &str| vec![(name.to_owned(), "secret_in_query".to_owned())];
    let login = json!({"email": master.email, "password": master.password, "access_code": master.access_code});
    for name in ["password", "access_code"] {
        let mut rest = login.clone();
        let value = rest.as_object_mut().unwrap().remove(name).unwrap();
        let path = format!("/api/login?{name}={}", value.as_str().unwrap());
        assert_eq!(master.anonymous().post(&path, &rest).await.invalid_fields(), secret(name));
        assert_eq!(master.anonymous().post(&path, &login).await.invalid_fields(), secret(name));
    }
    let answer = master.patch("/api/password?password=Password999", &json!({})).await;
    assert_eq!(answer.invalid_fields(), secret("password"));
    let answer = master.patch("/api/access-code?access_code=other", &json!({})).await;
    assert_eq!(answer.invalid_fields(), secret("access_code"));
    let answer = master.patch("/api/user?password=Password999", &json!({"user_id": 1})).await;
    assert_eq!(answer.invalid_fields(), secret("password"));
    product.master().await;
}

#[tokio::test]
async fn a_query_with_anything_in_it_is_never_more_than_refused() {
    let product = Product::start().await;
    let master = product.master().await;
    for query in
        ["schedule_id=%", "schedule_id=%zz", "schedule_id=%FF%FE", "schedule_id=%00", "schedule_id=a%23b", "&&="]
    {
        for path in ["/api/delivery", "/api/view", "/api/chat"] {
            let answer = master.get(&format!("{path}?{query}")).await;
            assert!([404, 422].contains(&answer.status.as_u16()), "{path}?{query}: {}", answer.text);
        }
    }
    let long = "x".repeat(8000);
    master.get(&format!("/api/delivery?schedule_id={long}")).await.refused(404, "schedule_not_found");
    master.get("/api/delivery?schedule_id=").await.refused(404, "schedule_not_found");
    master.get("/api/delivery").await.refused(422, "invalid_parameters");
    for limit in ["0", "1001", "-1", "x", "1.5", "%20"] {
        let fields = master.get(&format!("/api/schedule?limit={limit}")).await.invalid_fields();
        assert_eq!(fields[0].0, "limit", "{limit}");
    }
}

#[tokio::test]
async fn a_schedule_id_can_be_any_string_but_only_a_string() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = master.plan(1).await;
    for unknown in [id.to_uppercase(), format!(" {id}"), format!("{{{id}}}"), "#".into(), "\u{0}".into(), "あ".into()]
    {
        let answer = master.send(Method::DELETE, "/api/schedule", &[], Some(with_id(&unknown))).await;
        answer.refused(404, "schedule_not_found");
        let mut change = new_schedule(5);
        change["schedule_id"] = json!(unknown);
        master.patch("/api/schedule", &change).await.refused(404, "schedule_not_found");
        let said = json!({"schedule_id": unknown, "body": "x"});
        master.post("/api/chat", &said).await.refused(404, "schedule_not_found");
    }
    for no_string in [json!(1), json!(true), json!([id]), json!({"id": id}), Value::Null] {
        let body = json!({"schedule_id": no_string}).to_string();
        let fields = master.send(Method::DELETE, "/api/schedule", &[], Some(body.into())).await.invalid_fields();
        assert_eq!(fields[0].0, "schedule_id");
    }
}
