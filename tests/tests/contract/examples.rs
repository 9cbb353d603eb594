//! Every request that `openapi.yaml` shows is sent, and its answer is one that `openapi.yaml` shows.

use api_tests::{Actor, Answer, Product, new_user, unique_email};
use local::simulator::Publication;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::assert_none;
use api_tests::openapi::{Description, Operation, examples_of};

use crate::schemas::Schemas;

/// A request as the description shows it.
struct Shown {
    path: Map<String, Value>,
    query: Map<String, Value>,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

/// On a product where what it speaks of is not there, and by nobody.
#[tokio::test]
async fn every_request_is_answered_as_described_to_the_letter() {
    let description = Description::get();
    let mut wrong = Vec::new();
    for operation in description.operations() {
        for shown in shown(description, &operation) {
            if let Some(body) = &shown.body {
                let violations = description.violations(&operation.request["schema"], body);
                wrong.extend(violations.into_iter().map(|line| format!("the request of {}: {line}", operation.id)));
            }
            let product = Product::open_to_all().await;
            let answer = send(&product.anonymous(), &operation, &shown).await;
            wrong.extend(description.disagreements(&operation, &answer));
            let answer = send(&product.master().await, &operation, &shown).await;
            wrong.extend(description.disagreements(&operation, &answer));
        }
    }
    assert_none(&wrong);
}

#[tokio::test]
async fn every_request_succeeds_where_what_it_speaks_of_is_there() {
    let description = Description::get();
    let mut wrong = Vec::new();
    for operation in description.operations() {
        for shown in shown(description, &operation) {
            let product = Product::open_to_all().await;
            let master = product.master().await;
            let answer = send(&master, &operation, &there(&product, &master, &operation, shown).await).await;
            // Nothing is published under the key that the description shows.
            if answer.status != 200 && operation.id != "watch" {
                wrong.push(format!("{} is not answered 200 but {}", operation.id, answer.text));
            }
            wrong.extend(description.disagreements(&operation, &answer));
        }
    }
    assert_none(&wrong);
}

fn shown(description: &Description, operation: &Operation) -> Vec<Shown> {
    let (mut path, mut query) = (Map::new(), Map::new());
    let mut required = Map::new();
    let mut headers = Vec::new();
    for parameter in &operation.parameters {
        let Some(example) = parameter.get("example") else { continue };
        let name = parameter["name"].as_str().unwrap().to_owned();
        if parameter["in"] == "header" {
            headers.push((name, example.as_str().unwrap().to_owned()));
            continue;
        }
        if parameter["in"] == "path" {
            path.insert(name, example.clone());
            continue;
        }
        if parameter["required"] == true {
            required.insert(name.clone(), example.clone());
        }
        query.insert(name, example.clone());
    }
    let bodies: Vec<Option<Value>> = match examples_of(description, &operation.request) {
        none if none.is_empty() => vec![None],
        some => some.into_iter().cloned().map(Some).collect(),
    };
    let mut all = Vec::new();
    for body in bodies {
        // Without what may be left out, and with it.
        all.push(Shown { path: path.clone(), query: required.clone(), headers: Vec::new(), body: body.clone() });
        all.push(Shown { path: path.clone(), query: query.clone(), headers: headers.clone(), body });
    }
    all
}

/// The same request about a broadcast that is there and live, a user who is there, an address that is free.
async fn there(product: &Product, master: &Actor, operation: &Operation, mut shown: Shown) -> Shown {
    let schedule = master.plan(1).await;
    let channel = master.get(&format!("/api/delivery?schedule_id={schedule}")).await.ok()["channel_id"].clone();
    product.server.simulator.publish(channel.as_str().unwrap(), Publication::default()).await.unwrap();
    let said = master.post("/api/chat", &json!({"schedule_id": schedule, "body": "こんにちは"})).await.ok();
    let user = master.post("/api/user", &new_user(&["view"])).await.ok()["user_id"].clone();
    if operation.id == "get_calendar" {
        shown.path.insert("key".to_owned(), json!(calendar_key(master).await));
    }
    for members in [Some(&mut shown.query), shown.body.as_mut().and_then(Value::as_object_mut)].into_iter().flatten() {
        let mut values =
            vec![("schedule_id", json!(schedule)), ("user_id", user.clone()), ("chat_id", said["chat_id"].clone())];
        if operation.id == "create_user" {
            values.push(("email", json!(unique_email())));
        }
        for (name, value) in values {
            if members.contains_key(name) {
                members.insert(name.to_owned(), value);
            }
        }
    }
    shown
}

async fn calendar_key(master: &Actor) -> String {
    let url = master.post("/api/calendar", &json!({})).await.ok()["calendar_url"].clone();
    let (_, file) = url.as_str().unwrap().rsplit_once('/').unwrap();
    file.trim_end_matches(".ics").to_owned()
}

fn method(operation: &Operation) -> Method {
    operation.method.parse().expect("a method")
}

async fn send(actor: &Actor, operation: &Operation, shown: &Shown) -> Answer {
    let mut path = operation.path.clone();
    for (name, value) in &shown.path {
        path = path.replace(&format!("{{{name}}}"), value.as_str().expect("text"));
    }
    for (name, value) in &shown.query {
        let separator = if path.contains('?') { '&' } else { '?' };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned).replace(' ', "%20");
        path = format!("{path}{separator}{name}={value}");
    }
    let headers: Vec<(&str, &str)> =
        shown.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    actor.send(method(operation), &path, &headers, shown.body.as_ref().map(|body| body.to_string().into())).await
}
