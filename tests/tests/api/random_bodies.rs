//! Hundreds of bodies that no call can take, from a generator that repeats itself.

use api_tests::{Actor, Answer, Product, hls, new_schedule, new_user};
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use shared::platform::random::Random;

const BODIES: usize = 400;
const AT_ONCE: usize = 8;

struct Call {
    method: Method,
    path: &'static str,
    /// A body that would do something.
    valid: Value,
    required: &'static [&'static str],
}

fn calls(schedule: &str, user_id: i64) -> Vec<Call> {
    let call = |method, path, valid, required| Call { method, path, valid, required };
    let mut moved = new_schedule(50);
    moved["schedule_id"] = json!(schedule);
    vec![
        call(Method::POST, "/api/logout", json!({}), &[]),
        call(Method::PATCH, "/api/password", json!({"password": "Password999"}), &["password"]),
        call(Method::PATCH, "/api/access-code", json!({"access_code": "other"}), &["access_code"]),
        call(
            Method::POST,
            "/api/schedule",
            new_schedule(9),
            &["start_datetime", "end_datetime", "name", "imageflux_params"],
        ),
        call(Method::PATCH, "/api/schedule", moved, &["schedule_id", "start_datetime", "end_datetime", "name"]),
        call(Method::DELETE, "/api/schedule", json!({"schedule_id": schedule}), &["schedule_id"]),
        call(
            Method::POST,
            "/api/user",
            new_user(&["user"]),
            &["name", "email", "password", "delivery", "view", "schedule", "user"],
        ),
        call(Method::PATCH, "/api/user", json!({"user_id": user_id, "name": "x", "view": false}), &["user_id"]),
        call(Method::DELETE, "/api/user", json!({"user_id": user_id}), &["user_id"]),
        call(Method::POST, "/api/chat", json!({"schedule_id": schedule, "body": "x"}), &["schedule_id", "body"]),
    ]
}

/// A body that is wrong in one of many ways.
fn wrong_body(random: &Random, call: &Call) -> Vec<u8> {
    let valid = call.valid.to_string();
    let kinds = if call.required.is_empty() { 6 } else { 11 };
    match random.below(kinds) {
        // No object at all.
        0 => {
            let none = ["1", "\"x\"", "true", "{]", "\u{FEFF}\u{FEFF}{}", "[]", "null"];
            // Where nothing is asked for, the last two are nothing, too.
            none[pick(random, if call.required.is_empty() { 5 } else { 7 })].into()
        }
        // Cut off.
        1 => valid.as_bytes()[..=pick(random, valid.len() - 1)].to_vec(),
        // One byte that is no UTF-8.
        2 => {
            let mut bytes = valid.into_bytes();
            bytes.insert(pick(random, bytes.len()), 0xC0 | u8::try_from(random.below(2)).unwrap());
            bytes
        }
        3 => [valid.as_bytes(), b",", &random.bytes::<16>()].concat(),
        // Printable noise, with an opening that promises more.
        4 => {
            let noise = random.bytes::<24>().map(|byte| b' ' + byte % 95);
            [b"{\"", noise.as_slice(), b"\""].concat()
        }
        5 => valid.replacen('{', "{\"x\":1,\"x\":2,", 1).replace(",}", "}").into_bytes(),
        // From here on an object, with one required member spoilt.
        kind => {
            let name = call.required[pick(random, call.required.len())];
            let mut body = call.valid.clone();
            match kind {
                6 => drop(body.as_object_mut().unwrap().remove(name)),
                7 => body[name] = Value::Null,
                8 => body[name] = [json!([[]]), json!({"x": {}}), json!(-1.5), json!(1e300)][pick(random, 4)].clone(),
                9 => return valid.replacen('{', &format!("{{\"{name}\":0,"), 1).into_bytes(),
                _ => body[name] = json!({"$ne": random.below(u64::MAX)}),
            }
            body.to_string().into_bytes()
        }
    }
}

fn pick(random: &Random, bound: usize) -> usize {
    usize::try_from(random.below(bound as u64)).unwrap()
}

fn assert_refused(answer: Answer, body: &[u8]) {
    let (status, text) = (answer.status.as_u16(), String::from_utf8_lossy(body));
    assert!((400..500).contains(&status), "{status} for {text}: {}", answer.text);
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    answer.refused(status, &code);
}

async fn try_all(actor: &Actor, call: &Call, random: &Random) {
    let bodies: Vec<_> = (0..BODIES).map(|_| wrong_body(random, call)).collect();
    let attempts = bodies.iter().map(|body| async move {
        let answer = actor.send(call.method.clone(), call.path, &[], Some(body.clone())).await;
        assert_refused(answer, body);
    });
    futures_util::stream::iter(attempts).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_random_body_is_accepted_or_breaks_a_write() {
    let product = Product::start().await;
    let master = product.master().await;
    let viewer = product.viewer().await;
    let schedule = master.plan(1).await;
    let before = everything(&master, &schedule).await;
    let random = Random::from_seed(20_211_030);
    for call in calls(&schedule, viewer.user_id) {
        try_all(&master, &call, &random).await;
    }
    assert_eq!(everything(&master, &schedule).await, before);
    viewer.new_token().await;
    assert_eq!(product.server.simulator.channel_ids().len(), 1);
}

#[tokio::test]
async fn no_random_body_logs_in() {
    let product = Product::start().await;
    let valid = json!({"email": "imageflux@example.com", "password": "Password123", "access_code": "0987654321"});
    let required = &["email", "password", "access_code"];
    let call = Call { method: Method::POST, path: "/api/login", valid, required };
    try_all(&product.anonymous(), &call, &Random::from_seed(1)).await;
    product.master().await;
}

#[tokio::test]
async fn no_random_rendition_breaks_a_schedule() {
    let product = Product::start().await;
    let master = product.master().await;
    let random = Random::from_seed(7);
    let odd = [json!(null), json!(-1), json!("x"), json!([]), json!({}), json!(1e308), json!(0.5), json!(true)];
    for hour in 0..60 {
        let mut params = hls();
        let members = ["/0/video/width", "/0/video/bps", "/0/audio", "/0/video", "/0/durationSeconds", "/0", ""];
        *params.pointer_mut(members[pick(&random, 7)]).unwrap() = odd[pick(&random, 8)].clone();
        let mut schedule = new_schedule(hour);
        schedule["imageflux_params"] = params.clone();
        let answer = master.post("/api/schedule", &schedule).await;
        assert!([200, 422].contains(&answer.status.as_u16()), "{params} {}", answer.text);
    }
}

async fn everything(master: &Actor, schedule: &str) -> Vec<Value> {
    let chat = format!("/api/chat?schedule_id={schedule}");
    vec![
        master.get("/api/user").await.ok(),
        master.get("/api/schedule").await.ok(),
        master.get(&chat).await.ok()["chats"].clone(),
    ]
}
