//! The fifteen calls with the customer's document's own samples, to the letter, and their answers, member by member.

mod comparing;
mod reading;
mod renaming;

use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Actor, Answer, Product, new_schedule_at, new_user};
use local::{Options, demo};
use reqwest::Method;
use serde_json::{Value, json};
use shared::http::datetime;
use shared::platform::clock::Clock;

use comparing::assert_is_as_printed;
use reading::{Call, Parameter, calls};
use renaming::rename;

/// Where the parameters of GET and DELETE are.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Query,
    Body,
}

#[tokio::test]
async fn samples_about_schedules_are_answered_as_printed_with_queries() {
    samples_about_schedules_are_answered_as_printed(Place::Query).await;
}

#[tokio::test]
async fn samples_about_schedules_are_answered_as_printed_with_bodies() {
    samples_about_schedules_are_answered_as_printed(Place::Body).await;
}

async fn samples_about_schedules_are_answered_as_printed(place: Place) {
    let (product, upstream) = product_at("2021/10/10 08:00:00").await;
    let login = Call::named("POST /api/login");
    let answer = send(&product.anonymous(), place, &login, &login.request()).await.ok();
    assert_is_as_printed(&login, &answer);
    let master = product.anonymous().with_token(answer["token"].as_str().unwrap());

    let create = Call::named("POST /api/schedule");
    let delivery = Call::named("GET /api/delivery");
    upstream.is(Mood::Babbles(delivery.answer.to_string()));
    let answer = send(&master, place, &create, &create.request()).await.ok();
    upstream.is(Mood::Kind);
    assert_is_as_printed(&create, &answer);
    assert_eq!(upstream.requests()[0].1["hls"], create.request()["imageflux_params"]);

    let update = Call::named("PATCH /api/schedule");
    let id = update.request()["schedule_id"].as_str().unwrap().to_owned();
    rename(&product, answer["schedule_id"].as_str().unwrap(), &id).await;
    for call in [&update, &delivery, &Call::named("POST /api/chat"), &Call::named("GET /api/chat")] {
        let answer = send(&master, place, call, &call.request()).await.ok();
        assert_is_as_printed(call, &answer);
    }
    let listed = &master.get("/api/schedule").await.ok()[0];
    assert_eq!((&listed["schedule_id"], &listed["name"]), (&json!(id), &update.request()["name"]));
    let interval = (&listed["start_datetime"], &listed["end_datetime"]);
    assert_eq!(interval, (&json!("2021-10-30T12:00:00"), &json!("2021-10-30T15:00:00")));
    let said = master.get(&format!("/api/chat?schedule_id={id}")).await.ok();
    assert_eq!(said["chats"][0]["body"], "テキストメッセージ");

    let view = Call::named("GET /api/view");
    upstream.plays(json!([{"connection_id": "A", "playlist_url": view.answer["playlist_url"]}]));
    let answer = send(&master, place, &view, &view.request()).await.ok();
    assert_is_as_printed(&view, &answer);

    let delete = Call::named("DELETE /api/schedule");
    assert_is_as_printed(&delete, &send(&master, place, &delete, &delete.request()).await.ok());
    assert_eq!(master.get("/api/schedule").await.ok(), json!([]));
    for call in [&update, &delivery, &view, &delete, &Call::named("POST /api/chat"), &Call::named("GET /api/chat")] {
        send(&master, place, call, &call.request()).await.refused(404, "schedule_not_found");
    }
    for name in ["PATCH /api/password", "PATCH /api/access-code"] {
        let call = Call::named(name);
        assert_is_as_printed(&call, &send(&master, place, &call, &call.request()).await.ok());
    }
    send(&product.anonymous(), place, &login, &login.request()).await.ok();
}

#[tokio::test]
async fn the_sample_list_of_schedules_can_be_had_as_printed() {
    let (product, _upstream) = product_at("2021/11/15 12:00:00").await;
    let call = Call::named("GET /api/schedule");
    let master = tenant(&product, "user_name", "user@example.jp", "code").await;
    let mut ids = Vec::new();
    // Newest start first: the second was planned first.
    for row in call.answer.as_array().unwrap().iter().rev() {
        let text = |member: &str| row[member].as_str().unwrap().to_owned();
        wait_until(&product, &text("created_datetime"));
        let mut schedule = new_schedule_at(&text("start_datetime"), &text("end_datetime"));
        schedule["name"] = row["name"].clone();
        ids.push(master.post("/api/schedule", &schedule).await.ok()["schedule_id"].clone());
    }
    ids.reverse();
    for place in [Place::Query, Place::Body] {
        let list = send(&master, place, &call, &json!({})).await.ok();
        assert_is_as_printed(&call, &list);
        assert_eq!(json!(ids), json!([list[0]["schedule_id"], list[1]["schedule_id"]]));
    }
}

#[tokio::test]
async fn samples_about_users_are_answered_as_printed_with_queries() {
    samples_about_users_are_answered_as_printed(Place::Query).await;
}

#[tokio::test]
async fn samples_about_users_are_answered_as_printed_with_bodies() {
    samples_about_users_are_answered_as_printed(Place::Body).await;
}

async fn samples_about_users_are_answered_as_printed(place: Place) {
    let (product, _upstream) = product_at("2021/11/01 12:00:00").await;
    let list = Call::named("GET /api/user");
    let master = tenant(&product, "name", "name@example.jp", "0987654321").await;
    for id in 2..=9 {
        assert_eq!(master.post("/api/user", &new_user(&[])).await.ok()["user_id"], id);
    }
    let create = Call::named("POST /api/user");
    assert_is_as_printed(&create, &send(&master, place, &create, &create.request()).await.ok());
    let login = Call::named("POST /api/login");
    send(&product.anonymous(), place, &login, &login.request()).await.ok();

    wait_until(&product, "2021-11-01 13:00:00");
    let mut test = new_user(&["delivery", "view"]);
    test["name"] = list.answer[1]["name"].clone();
    test["email"] = list.answer[1]["email"].clone();
    assert_eq!(master.post("/api/user", &test).await.ok()["user_id"], list.answer[1]["user_id"]);

    let mut email = Value::Null;
    for id in 12..=15 {
        let user = new_user(&[]);
        email = user["email"].clone();
        assert_eq!(master.post("/api/user", &user).await.ok()["user_id"], id);
    }
    let update = Call::named("PATCH /api/user");
    assert_is_as_printed(&update, &send(&master, place, &update, &update.request()).await.ok());
    let user = master.get("/api/user").await.ok()[14].clone();
    assert_eq!((&user["name"], &user["user_id"]), (&update.request()["name"], &update.request()["user_id"]));
    assert_eq!(user["permissions"], json!({"delivery": 1, "view": 1, "schedule": 1, "user": 1}));
    let credentials = json!({"email": email, "password": update.request()["password"], "access_code": "0987654321"});
    product.anonymous().post("/api/login", &credentials).await.ok();

    let delete = Call::named("DELETE /api/user");
    assert_is_as_printed(&delete, &send(&master, place, &delete, &delete.request()).await.ok());
    send(&master, place, &delete, &delete.request()).await.refused(404, "user_not_found");
    for id in (2..=10).chain(12..=14) {
        send(&master, place, &delete, &json!({"user_id": id})).await.ok();
    }
    assert_is_as_printed(&list, &send(&master, place, &list, &json!({})).await.ok());
}

#[tokio::test]
async fn every_parameter_without_a_mark_is_required() {
    let (product, _upstream) = product_at("2021/10/10 08:00:00").await;
    let master = product.master().await;
    for call in calls() {
        for parameter in &call.parameters {
            let mut request = call.request();
            request.as_object_mut().unwrap().remove(&parameter.name);
            let answer = send(&master, Place::Query, &call, &request).await;
            if call.name == "PATCH /api/user" && parameter.name != "user_id" {
                answer.refused(404, "user_not_found");
            } else {
                let missing = vec![(parameter.name.clone(), "missing".to_owned())];
                assert_eq!(answer.invalid_fields(), missing, "{} {request}", call.name);
            }
        }
    }
}

#[tokio::test]
async fn no_parameter_is_taken_in_another_type_than_the_document_says() {
    let (product, _upstream) = product_at("2021/10/10 08:00:00").await;
    let master = product.master().await;
    for call in calls().iter().filter(|call| !call.name.starts_with("GET")) {
        for parameter in &call.parameters {
            for value in other_types(parameter) {
                let mut request = call.request();
                request[&parameter.name] = value;
                let fields = send(&master, Place::Body, call, &request).await.invalid_fields();
                let [(field, _)] = &fields[..] else { panic!("{} {request}: {fields:?}", call.name) };
                assert_eq!(*field, parameter.name, "{} {request}", call.name);
            }
        }
    }
}

fn other_types(parameter: &Parameter) -> Vec<Value> {
    let all = [json!("text"), json!("15"), json!(15), json!(1.5), json!(true), json!([]), json!({}), Value::Null];
    let fits = |value: &Value| match parameter.kind.as_str() {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        _ => false,
    };
    all.into_iter().filter(|value| !fits(value)).collect()
}

async fn product_at(time: &str) -> (Product, Upstream) {
    let upstream = Upstream::start().await;
    let clock = Clock::starting_at(datetime::parse(time).unwrap());
    (Product::start_with(Options { clock, ..upstream.options() }).await, upstream)
}

fn wait_until(product: &Product, time: &str) {
    let left = datetime::parse(time).unwrap() - product.server.app.clock.now();
    product.advance(left.to_std().unwrap_or(Duration::ZERO));
}

/// The master of a new tenant.
async fn tenant(product: &Product, name: &str, email: &str, access_code: &str) -> Actor {
    let master = json!({"name": name, "email": email, "password": demo::PASSWORD});
    let event = json!({"action": "create_tenant", "name": "t", "access_code": access_code, "master": master});
    product.invoke("tenant", &event).await.unwrap();
    product.log_in(email, demo::PASSWORD, access_code, 1).await
}

async fn send(actor: &Actor, place: Place, call: &Call, request: &Value) -> Answer {
    let (method, path) = call.name.split_once(' ').unwrap();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let is_in_body = place == Place::Body || method == Method::POST || method == Method::PATCH;
    if is_in_body {
        return actor.send(method, path, &[], Some(request.to_string().into())).await;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in request.as_object().unwrap() {
        query.append_pair(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    actor.send(method, &format!("{path}?{}", query.finish()), &[], None).await
}
