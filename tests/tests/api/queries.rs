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
    let answer = master.send(Method::GET, "/api/chat", &[], Some("[]".into())).await;
    answer.refused(400, "malformed_request");
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
    for query in
        [format!("user_id={id}&user_id={id}"), format!("user_id={id}&user_id=99"), format!("user_id={id}&x=&x=")]
    {
        let fields = master.delete(&format!("/api/user?{query}")).await.invalid_fields();
        assert_eq!(fields[0].1, "duplicate", "{query}");
    }
    master.get("/api/schedule?limit=1&limit=1").await.refused(422, "invalid_parameters");
    master.get("/api/user?x=1&x=2").await.refused(422, "invalid_parameters");
    viewer.get("/api/schedule").await.ok();
}

#[tokio::test]
async fn a_post_or_patch_takes_nothing_from_a_query() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut schedule = new_schedule(1);
    let name = schedule.as_object_mut().unwrap().remove("name").unwrap();
    let path = format!("/api/schedule?name={}", name.as_str().unwrap());
    let contradictory = [("name".to_owned(), "contradictory".to_owned())];
    assert_eq!(master.post(&path, &schedule).await.invalid_fields(), contradictory);
    assert_eq!(master.patch("/api/user?name=x", &json!({"user_id": 1})).await.invalid_fields(), contradictory);
    master.patch("/api/user?user_id=1", &json!({"name": "x"})).await.refused(422, "invalid_parameters");
    master.patch("/api/user?is_master=false&x", &json!({"user_id": 1, "name": "x"})).await.ok();
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
    for limit in ["0", "1001", "-1", "x", "1.5", ""] {
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
