//! `GET /api/chat`: one order, every message exactly once through the cursor.

use std::collections::BTreeSet;
use std::time::Duration;

use api_tests::{Actor, Product, new_user};
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::ids::{ScheduleId, TenantId, UserId};
use shared::domain::message::{Message, MessageBody};
use shared::platform::clock::Clock;
use shared::store::messages;

async fn say(actor: &Actor, schedule: &str, body: &str) {
    actor.post("/api/chat", &json!({"schedule_id": schedule, "body": body})).await.ok();
}

async fn read(actor: &Actor, schedule: &str, more: &str) -> Value {
    actor.get(&format!("/api/chat?schedule_id={schedule}{more}")).await.ok()
}

async fn read_after(actor: &Actor, schedule: &str, answer: &Value) -> Value {
    let cursor = answer["next_cursor"].as_str().expect("a cursor");
    read(actor, schedule, &format!("&after={cursor}")).await
}

fn bodies(answer: &Value) -> Vec<&str> {
    answer["chats"].as_array().expect("chats").iter().map(|chat| chat["body"].as_str().expect("text")).collect()
}

/// A message as another environment may have written it: made so many milliseconds ago.
fn message(product: &Product, millis_ago: i64, user_name: &str, body: &str) -> Message {
    let made_at = product.server.app.clock.now_millis() - millis_ago;
    Message {
        id: product.server.app.random.uuid_at(made_at).into(),
        user_id: UserId(1),
        user_name: user_name.to_owned(),
        body: MessageBody::parse(body).expect("a body"),
        deletion: None,
    }
}

async fn store(product: &Product, schedule: &str, message: &Message) {
    let write = messages::create(&TenantId::from(local::demo::TENANT), &ScheduleId::from(schedule), message);
    product.server.app.table.write(&write.expect("an item")).await.expect("the table answers");
}

#[tokio::test]
async fn messages_are_read_oldest_first_with_who_said_them_and_when() {
    let product = Product::start().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let schedule = master.plan(1).await;
    let empty = read(&viewer, &schedule, "").await;
    assert_eq!((&empty["ok"], &empty["chats"], &empty["has_more"]), (&json!(true), &json!([]), &json!(false)));
    say(&viewer, &schedule, "こんにちは").await;
    say(&master, &schedule, "ようこそ\n皆さん").await;
    say(&viewer, &schedule, "こんにちは").await;
    let answer = read(&master, &schedule, "").await;
    assert_eq!(bodies(&answer), ["こんにちは", "ようこそ\n皆さん", "こんにちは"]);
    let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members.len(), 5, "{members:?}");
    assert!(answer["poll_after_ms"].as_u64().is_some_and(|millis| (2_000..=10_000).contains(&millis)));
    let chats = answer["chats"].as_array().unwrap();
    let ids: BTreeSet<&str> = chats.iter().map(|chat| chat["chat_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    for (chat, who) in chats.iter().zip([&viewer, &master, &viewer]) {
        assert_eq!(chat.as_object().unwrap().len(), 5);
        assert_eq!(chat["user_id"], who.user_id);
        let at = chat["created_datetime"].as_str().unwrap();
        assert!((at.len(), &at[4..5], &at[10..11]) == (19, "-", " "), "{at}");
    }
    assert_eq!(read(&viewer, &schedule, "").await["chats"], answer["chats"], "the order never changes");
}

#[tokio::test]
async fn each_broadcast_has_its_own_chat() {
    let product = Product::start().await;
    let master = product.master().await;
    let (one, other) = (master.plan(1).await, master.plan(3).await);
    say(&master, &one, "一").await;
    assert_eq!(bodies(&read(&master, &other, "").await), [""; 0]);
}

#[tokio::test]
async fn a_limit_cuts_and_the_cursor_goes_on() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let said: Vec<String> = (0..7).map(|index| format!("m{index}")).collect();
    for body in &said {
        say(&master, &schedule, body).await;
    }
    for settled in [false, true] {
        if settled {
            product.advance(Duration::from_mins(1));
        }
        for limit in [1, 3, 6, 7, 8, 1000] {
            let mut answer = read(&master, &schedule, &format!("&limit={limit}")).await;
            let mut seen: Vec<String> = bodies(&answer).into_iter().map(str::to_owned).collect();
            while answer["has_more"] == true {
                assert_eq!(bodies(&answer).len(), limit);
                let cursor = answer["next_cursor"].as_str().unwrap().to_owned();
                answer = read(&master, &schedule, &format!("&limit={limit}&after={cursor}")).await;
                assert!(!bodies(&answer).is_empty(), "`has_more` promised more");
                seen.extend(bodies(&answer).into_iter().map(str::to_owned));
            }
            assert_eq!(seen, said, "pages of {limit}");
            assert_eq!(bodies(&read_after(&master, &schedule, &answer).await), [""; 0]);
        }
    }
    for limit in ["0", "1001", "x"] {
        let answer = master.get(&format!("/api/chat?schedule_id={schedule}&limit={limit}")).await;
        assert_eq!(answer.invalid_fields()[0].0, "limit");
    }
}

#[tokio::test]
async fn a_reader_who_follows_many_writers_sees_every_message_once() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let writers = [product.presenter().await, product.presenter().await, master.clone()];
    let writing = join_all(writers.iter().enumerate().map(async |(who, writer)| {
        for number in 0..15 {
            say(writer, &schedule, &format!("{who}-{number}")).await;
        }
    }));
    let reading = async {
        let mut seen: Vec<String> = Vec::new();
        let mut answer = read(&master, &schedule, "&limit=4").await;
        for _ in 0..2_000 {
            seen.extend(bodies(&answer).into_iter().map(str::to_owned));
            if seen.len() >= 45 {
                break;
            }
            answer = read_after(&master, &schedule, &answer).await;
        }
        product.advance(Duration::from_secs(30));
        answer = read_after(&master, &schedule, &answer).await;
        seen.extend(bodies(&answer).into_iter().map(str::to_owned));
        seen
    };
    let (_, seen) = tokio::join!(writing, reading);
    let different: BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), different.len()), (45, 45));
    for who in 0..3 {
        let of_one: Vec<&String> = seen.iter().filter(|body| body.starts_with(&format!("{who}-"))).collect();
        assert_eq!(
            of_one,
            (0..15).map(|number| format!("{who}-{number}")).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn a_message_that_was_committed_late_is_seen_once_and_in_its_place() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    say(&master, &schedule, "first").await;
    say(&master, &schedule, "second").await;
    let answer = read(&master, &schedule, "").await;
    store(&product, &schedule, &message(&product, 3_000, "slow", "late")).await;
    let next = read_after(&master, &schedule, &answer).await;
    assert_eq!(bodies(&next), ["late"]);
    say(&master, &schedule, "third").await;
    store(&product, &schedule, &message(&product, 2_000, "slow", "later")).await;
    // One by one, with cursors that have an older message to come.
    let one = read(&master, &schedule, &format!("&limit=1&after={}", next["next_cursor"].as_str().unwrap())).await;
    let two = read_after(&master, &schedule, &one).await;
    assert_eq!((bodies(&one), bodies(&two)), (vec!["later"], vec!["third"]));
    product.advance(Duration::from_mins(1));
    assert_eq!(bodies(&read_after(&master, &schedule, &two).await), [""; 0]);
    assert_eq!(bodies(&read(&master, &schedule, "").await), ["late", "later", "first", "second", "third"]);
}

#[tokio::test]
async fn a_cursor_outlives_the_messages_it_has_seen() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    for settled in [false, true] {
        say(&master, &schedule, "before").await;
        let answer = read(&master, &schedule, "").await;
        for chat in answer["chats"].as_array().unwrap() {
            let id = uuid::Uuid::try_parse(chat["chat_id"].as_str().unwrap()).unwrap().into();
            let write = messages::delete(&local::demo::TENANT.into(), &schedule.as_str().into(), &id);
            product.server.app.table.write(&write).await.unwrap();
        }
        if settled {
            product.advance(Duration::from_mins(1));
        }
        say(&master, &schedule, "after").await;
        assert_eq!(bodies(&read_after(&master, &schedule, &answer).await), ["after"]);
    }
}

#[tokio::test]
async fn a_forged_or_foreign_cursor_is_refused() {
    let product = Product::start().await;
    let (master, stranger) = (product.master().await, product.stranger().await);
    let (schedule, other, foreign) = (master.plan(1).await, master.plan(3).await, stranger.plan(1).await);
    say(&master, &schedule, "x").await;
    let cursor = read(&master, &schedule, "").await["next_cursor"].as_str().unwrap().to_owned();
    let of_list = master.get("/api/schedule?limit=1").await.header("link");
    let of_list = of_list.split_once("cursor=").unwrap().1.split_once('>').unwrap().0.to_owned();
    let mut altered = cursor.clone().into_bytes();
    altered[20] ^= 1;
    let altered = String::from_utf8_lossy(&altered).into_owned();
    let forged = ["x", "0", "%F0%9F%8E%89", &cursor[1..], &cursor[..cursor.len() - 2], &altered, &of_list];
    for after in forged {
        let answer = master.get(&format!("/api/chat?schedule_id={schedule}&after={after}")).await;
        assert_eq!(answer.invalid_fields()[0].0, "after", "{after}");
    }
    let answer = master.get(&format!("/api/chat?schedule_id={other}&after={cursor}")).await;
    assert_eq!(answer.invalid_fields()[0].0, "after");
    let answer = stranger.get(&format!("/api/chat?schedule_id={foreign}&after={cursor}")).await;
    assert_eq!(answer.invalid_fields()[0].0, "after");
}

#[tokio::test]
async fn an_answer_is_cut_at_five_megabytes_and_not_before() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let long_name = "名".repeat(33_000);
    for index in 0..60 {
        let body = format!("{index} {}", "あ\n\"".repeat(15));
        store(&product, &schedule, &message(&product, 100_000 - index, &long_name, &body)).await;
        if index == 46 {
            let whole = read(&master, &schedule, "").await;
            assert_eq!((bodies(&whole).len(), &whole["has_more"]), (47, &json!(false)), "4.7 MB are no reason to cut");
        }
    }
    let answer = master.get(&format!("/api/chat?schedule_id={schedule}")).await;
    assert!(answer.text.len() <= 5_000_000, "{}", answer.text.len());
    let first = answer.ok();
    assert_eq!(first["has_more"], true);
    let rest = read_after(&master, &schedule, &first).await;
    assert_eq!(rest["has_more"], false);
    let seen: Vec<&str> = [bodies(&first), bodies(&rest)].concat();
    assert_eq!(seen.len(), 60);
    assert!(seen.iter().enumerate().all(|(index, body)| body.starts_with(&format!("{index} "))));
}

#[tokio::test]
async fn name_and_messages_stay_when_the_user_is_gone() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let mut user = new_user(&["view"]);
    user["name"] = json!("田中");
    let id = master.post("/api/user", &user).await.ok()["user_id"].as_i64().unwrap();
    let viewer = product.log_in(user["email"].as_str().unwrap(), "Password123", &master.access_code, id).await;
    say(&viewer, &schedule, "さようなら").await;
    master.patch("/api/user", &json!({"user_id": id, "name": "鈴木"})).await.ok();
    master.delete(&format!("/api/user?user_id={id}")).await.ok();
    let chat = read(&master, &schedule, "").await["chats"][0].clone();
    assert_eq!((&chat["user_name"], &chat["user_id"]), (&json!("田中"), &json!(id)));
}

/// A product whose clock stands still.
async fn a_product_at_noon() -> Product {
    let noon = chrono::DateTime::from_timestamp(1_900_000_000, 0).expect("an instant");
    Product::start_with(local::Options { clock: Clock::stopped_at(noon), ..local::Options::default() }).await
}

#[tokio::test]
async fn a_first_look_shows_the_newest_and_goes_on_from_there() {
    let product = a_product_at_noon().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    for (millis_ago, body) in [(90_000, "a"), (60_000, "b"), (3_000, "c"), (2_000, "d")] {
        store(&product, &schedule, &message(&product, millis_ago, "x", body)).await;
    }
    for (tail, shown) in
        [(1, vec!["d"]), (3, vec!["b", "c", "d"]), (4, vec!["a", "b", "c", "d"]), (50, vec!["a", "b", "c", "d"])]
    {
        let answer = read(&master, &schedule, &format!("&tail={tail}")).await;
        assert_eq!((bodies(&answer), &answer["has_more"]), (shown, &json!(false)));
        assert_eq!(bodies(&read_after(&master, &schedule, &answer).await), [""; 0]);
    }
    let looked = read(&master, &schedule, "&tail=2").await;
    store(&product, &schedule, &message(&product, 2_500, "x", "late")).await;
    store(&product, &schedule, &message(&product, 3_500, "x", "older than what was asked for")).await;
    product.advance(Duration::from_secs(1));
    assert_eq!(bodies(&read_after(&master, &schedule, &looked).await), ["late"]);
    for (more, field) in [("&tail=0", "tail"), ("&tail=1001", "tail"), ("&tail=x", "tail")] {
        let answer = master.get(&format!("/api/chat?schedule_id={schedule}{more}")).await;
        assert_eq!(answer.invalid_fields()[0].0, field);
    }
    let cursor = looked["next_cursor"].as_str().expect("a cursor");
    let both = master.get(&format!("/api/chat?schedule_id={schedule}&tail=2&after={cursor}")).await;
    assert_eq!(both.invalid_fields(), [("tail".to_owned(), "not_together".to_owned())]);
    let broken = master.get(&format!("/api/chat?schedule_id={schedule}&tail=2&after=x")).await;
    let both = [("after", "not_a_cursor"), ("tail", "not_together")];
    assert_eq!(broken.invalid_fields(), both.map(|(field, code)| (field.to_owned(), code.to_owned())));
    assert_eq!(bodies(&read(&master, &schedule, "&tail=1&after=").await).len(), 1, "an empty cursor is none");
}

#[tokio::test]
async fn a_message_is_seen_a_second_after_it_was_written_elsewhere_and_at_once_here() {
    let product = a_product_at_noon().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let schedule = master.plan(1).await;
    product.advance(Duration::from_mins(1));
    let looked = read(&viewer, &schedule, "&tail=10").await;
    assert_eq!(bodies(&read_after(&viewer, &schedule, &looked).await), [""; 0]);
    store(&product, &schedule, &message(&product, 0, "x", "elsewhere")).await;
    product.advance(Duration::from_millis(999));
    assert_eq!(bodies(&read_after(&viewer, &schedule, &looked).await), [""; 0], "what was read a moment ago");
    product.advance(Duration::from_millis(1));
    assert_eq!(bodies(&read_after(&viewer, &schedule, &looked).await), ["elsewhere"]);
    say(&master, &schedule, "here").await;
    assert_eq!(bodies(&read_after(&viewer, &schedule, &looked).await), ["elsewhere", "here"]);
}

#[tokio::test]
async fn readers_who_lag_behind_the_tail_get_the_same_as_all_others() {
    let product = a_product_at_noon().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let begun = read(&master, &schedule, "").await;
    let (mut quick, mut slow) = ((begun.clone(), Vec::new()), (begun, Vec::new()));
    for second in 0..120 {
        product.advance(Duration::from_secs(1));
        store(&product, &schedule, &message(&product, second % 4 * 900, "x", &second.to_string())).await;
        for (reader, every) in [(&mut quick, 1), (&mut slow, 40)] {
            if second % every == 0 || second == 119 {
                reader.0 = read_after(&master, &schedule, &reader.0).await;
                reader.1.extend(bodies(&reader.0).into_iter().map(str::to_owned));
            }
        }
    }
    for (_, mut seen) in [quick, slow] {
        seen.sort_by_key(|body| body.parse::<i64>().expect("a number"));
        assert_eq!(seen, (0..120).map(|second: i64| second.to_string()).collect::<Vec<_>>());
    }
}
