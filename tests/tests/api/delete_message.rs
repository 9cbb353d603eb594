//! `DELETE /api/chat`: who may take which message away, and who hears of it.

use std::time::Duration;

use api_tests::{Actor, Answer, Product};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::domain::ids::{ScheduleId, TenantId};
use shared::domain::message::{Deletion, Entry};
use shared::platform::clock::Clock;
use shared::store::messages;
use shared::table::Transacted;

/// Says something and answers its id.
async fn say(actor: &Actor, schedule: &str, body: &str) -> String {
    let said = actor.post("/api/chat", &json!({"schedule_id": schedule, "body": body})).await.ok();
    said["chat_id"].as_str().expect("an id").to_owned()
}

async fn delete(actor: &Actor, schedule: &str, message: &str) -> Answer {
    actor.delete(&format!("/api/chat?schedule_id={schedule}&chat_id={message}")).await
}

async fn read(actor: &Actor, schedule: &str, more: &str) -> Value {
    actor.get(&format!("/api/chat?schedule_id={schedule}{more}")).await.ok()
}

async fn read_after(actor: &Actor, schedule: &str, answer: &Value) -> Value {
    read(actor, schedule, &format!("&after={}", answer["next_cursor"].as_str().expect("a cursor"))).await
}

fn shown(answer: &Value) -> Vec<&str> {
    answer["chats"].as_array().expect("chats").iter().map(|chat| chat["chat_id"].as_str().expect("text")).collect()
}

/// A product whose clock stands still.
async fn a_product_at_noon() -> Product {
    let noon = chrono::DateTime::from_timestamp(1_900_000_000, 0).expect("an instant");
    Product::start_with(local::Options { clock: Clock::stopped_at(noon), ..local::Options::default() }).await
}

/// All entries of the chat as the table keeps them.
async fn entries(product: &Product, schedule: &str) -> Vec<Entry> {
    let (tenant, schedule) = (TenantId::from(local::demo::TENANT), ScheduleId::from(schedule));
    messages::after(&product.server.app.table, &tenant, &schedule, None, None).await.expect("the table answers")
}

#[tokio::test]
async fn who_was_given_a_message_is_told_once_and_who_was_not_hears_nothing() {
    let product = a_product_at_noon().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let schedule = master.plan(1).await;
    let kept = say(&viewer, &schedule, "kept").await;
    product.advance(Duration::from_millis(1));
    let gone = say(&viewer, &schedule, "gone").await;
    let whole = read(&viewer, &schedule, "").await;
    let newest = read(&viewer, &schedule, "&tail=1").await;
    let oldest = read(&viewer, &schedule, "&limit=1").await;
    assert_eq!((shown(&whole), shown(&newest), shown(&oldest)), (vec![&*kept, &gone], vec![&*gone], vec![&*kept]));
    assert!(whole.get("deleted").is_none() && newest.get("deleted").is_none(), "nothing was given before");
    product.advance(Duration::from_secs(1));
    delete(&master, &schedule, &gone).await.ok();
    for (before, told) in [(&whole, vec![&gone]), (&newest, vec![&gone]), (&oldest, vec![])] {
        let mut answer = read_after(&viewer, &schedule, before).await;
        assert_eq!((shown(&answer), &answer["deleted"]), (vec![], &json!(told)));
        for _ in 0..8 {
            product.advance(Duration::from_millis(900));
            answer = read_after(&viewer, &schedule, &answer).await;
            assert_eq!((shown(&answer), &answer["deleted"]), (vec![], &json!([])), "once is enough");
        }
    }
    for more in ["", "&tail=5", "&limit=5"] {
        assert_eq!(shown(&read(&viewer, &schedule, more).await), [&*kept]);
    }
}

#[tokio::test]
async fn a_message_that_came_and_went_between_two_looks_is_not_mentioned() {
    let product = a_product_at_noon().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let before = read(&master, &schedule, "").await;
    let gone = say(&master, &schedule, "x").await;
    delete(&master, &schedule, &gone).await.ok();
    let after = read_after(&master, &schedule, &before).await;
    assert_eq!((shown(&after), &after["deleted"]), (vec![], &json!([])));
}

#[tokio::test]
async fn a_first_look_is_not_told_of_what_is_older_than_it_and_counts_what_is_there() {
    let product = a_product_at_noon().await;
    let (master, presenter) = (product.master().await, product.presenter().await);
    let schedule = master.plan(1).await;
    let mut said = Vec::new();
    for number in 0..8 {
        said.push(say(&presenter, &schedule, &number.to_string()).await);
        product.advance(Duration::from_secs(1));
    }
    let looked = read(&master, &schedule, "&tail=2").await;
    for gone in [1, 4, 5, 6] {
        delete(&presenter, &schedule, &said[gone]).await.ok();
    }
    let after = read_after(&master, &schedule, &looked).await;
    assert_eq!(after["deleted"], json!([said[6]]));
    let looked = read(&master, &schedule, "&tail=3").await;
    assert_eq!(shown(&looked), [&*said[2], &said[3], &said[7]]);
    let after = read_after(&master, &schedule, &looked).await;
    assert_eq!((shown(&after), &after["deleted"]), (vec![], &json!([])));
    // Page by page from the beginning: each shows a message, and none asks for more than there is.
    let mut page = read(&master, &schedule, "&limit=1").await;
    let mut seen = vec![shown(&page)[0].to_owned()];
    while page["has_more"] == true {
        let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
        page = read(&master, &schedule, &format!("&limit=1&after={cursor}")).await;
        assert_eq!(page["deleted"], json!([]));
        seen.push(shown(&page)[0].to_owned());
    }
    assert_eq!(seen, [0, 2, 3, 7].map(|number| said[number].clone()));
}

#[tokio::test]
async fn a_read_that_finds_the_deletion_and_not_yet_the_mark_shows_neither() {
    let product = a_product_at_noon().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let before = read(&master, &schedule, "").await;
    let torn = say(&master, &schedule, "torn").await;
    let app = &product.server.app;
    let id = app.random.uuid_at(app.clock.now_millis() + 1).into();
    let deletion = Deletion { id, message: torn.as_str().into() };
    let writes = messages::mark_deleted(&local::demo::TENANT.into(), &schedule.as_str().into(), &deletion);
    let [mark, entry] = writes.expect("writes");
    app.table.write(&entry).await.expect("the table answers");
    product.advance(Duration::from_secs(1));
    let mut after = read_after(&master, &schedule, &before).await;
    assert_eq!((shown(&after), &after["deleted"]), (vec![], &json!([])));
    assert_eq!(shown(&read(&master, &schedule, "").await), [""; 0]);
    assert_eq!(shown(&read(&master, &schedule, "&tail=9").await), [""; 0]);
    app.table.write(&mark).await.expect("the table answers");
    for _ in 0..8 {
        product.advance(Duration::from_secs(1));
        after = read_after(&master, &schedule, &after).await;
        assert_eq!((shown(&after), &after["deleted"]), (vec![], &json!([])));
    }
}

#[tokio::test]
async fn an_author_may_for_ten_minutes_and_who_delivers_or_plans_always() {
    let product = a_product_at_noon().await;
    let master = product.master().await;
    let (author, other) = (product.viewer().await, product.viewer().await);
    let (presenter, planner) = (product.presenter().await, product.user_with(&["schedule"]).await);
    let schedule = master.plan(1).await;
    let mut said = Vec::new();
    for number in 0..4 {
        said.push(say(&author, &schedule, &number.to_string()).await);
    }
    delete(&other, &schedule, &said[0]).await.refused(403, "permission_denied");
    product.user_with(&["user"]).await.delete("/api/chat").await.refused(403, "permission_denied");
    product.advance(Duration::from_mins(10));
    delete(&author, &schedule, &said[0]).await.ok();
    product.advance(Duration::from_millis(1));
    delete(&author, &schedule, &said[0]).await.ok();
    delete(&author, &schedule, &said[1]).await.refused(403, "permission_denied");
    delete(&presenter, &schedule, &said[1]).await.ok();
    delete(&planner, &schedule, &said[2]).await.ok();
    assert_eq!(shown(&read(&author, &schedule, "").await), [&*said[3]]);
}

#[tokio::test]
async fn again_and_many_at_once_are_one_deletion_whose_words_stay_in_the_table() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let gone = say(&master, &schedule, "words").await;
    for answer in join_all((0..8).map(|_| delete(&master, &schedule, &gone))).await {
        assert_eq!(answer.ok(), json!({"ok": true}));
    }
    let body = json!({"schedule_id": schedule, "chat_id": gone}).to_string();
    master.send(Method::DELETE, "/api/chat", &[], Some(body.into())).await.ok();
    let entries = entries(&product, &schedule).await;
    let [Entry::Message(message), Entry::Deletion(deletion)] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((message.body.as_str(), message.deletion), ("words", Some(deletion.id)));
    assert!(deletion.message == message.id && deletion.id > message.id);
    let rows = master.get("/api/audit?action=delete_message").await.ok();
    let target = format!("schedule/{schedule}/message/{gone}");
    assert_eq!(rows.as_array().expect("rows").len(), 1, "one change, one row: {rows}");
    assert_eq!((&rows[0]["target"], &rows[0]["changed"]), (&json!(target), &json!(["deleted"])));
    assert!(!rows.to_string().contains("words"));
}

#[tokio::test]
async fn what_is_no_message_of_the_chat_is_not_found() {
    let product = Product::start().await;
    let master = product.master().await;
    let (schedule, other) = (master.plan(1).await, master.plan(3).await);
    let (gone, elsewhere) = (say(&master, &schedule, "x").await, say(&master, &other, "y").await);
    delete(&master, &schedule, &gone).await.ok();
    let deletion = entries(&product, &schedule).await[1].id().to_string();
    let unknown = "017cd9e0-7a80-7000-8000-1234abcd5678";
    for message in [unknown, &gone.to_uppercase(), "x", "%F0%9F%8E%89", &elsewhere, &deletion] {
        delete(&master, &schedule, message).await.refused(404, "message_not_found");
    }
    delete(&master, "nowhere", &gone).await.refused(404, "schedule_not_found");
    let fields = master.delete("/api/chat").await.invalid_fields();
    assert_eq!(fields, ["schedule_id", "chat_id"].map(|name| (name.to_owned(), "missing".to_owned())));
    assert_eq!(shown(&read(&master, &other, "").await), [&*elsewhere]);
}

#[tokio::test]
async fn a_deletion_sorts_behind_its_message_also_when_the_clock_is_behind() {
    let product = a_product_at_noon().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let app = &product.server.app;
    let ahead = app.random.uuid_at(app.clock.now_millis() + 900).to_string();
    let message = shared::domain::message::Message {
        id: ahead.as_str().into(),
        user_id: shared::domain::ids::UserId(1),
        user_name: "x".to_owned(),
        body: shared::domain::message::MessageBody::parse("x").expect("a body"),
        deletion: None,
    };
    let write = messages::create(&local::demo::TENANT.into(), &schedule.as_str().into(), &message).expect("a write");
    assert!(matches!(app.table.transact(&[write]).await.expect("the table answers"), Transacted::Done));
    delete(&master, &schedule, &ahead).await.ok();
    let entries = entries(&product, &schedule).await;
    assert!(matches!(&entries[..], [Entry::Message(_), Entry::Deletion(_)]), "{entries:?}");
}
