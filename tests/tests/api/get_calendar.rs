//! `GET /calendar/{key}.ics` is what calendar programs read. `.ci/calendar/` has one read it.

use std::time::Duration;

use api_tests::{Actor, Answer, Product, at_hour, new_schedule_at};
use reqwest::Method;
use serde_json::json;

use crate::support::calendar::plan;
use crate::support::feed::{self, new_feed, values};

async fn if_none_match(actor: &Actor, path: &str, tags: &str) -> Answer {
    actor.anonymous().send(Method::GET, path, &[("if-none-match", tags)], None).await
}

#[tokio::test]
async fn each_schedule_is_an_event_in_utc_by_its_start() {
    let product = Product::start().await;
    let master = product.master().await;
    let (later, earlier) = (plan(&master, 20, 22).await, plan(&master, 10, 11).await);
    let path = new_feed(&master).await;
    let key = path.trim_start_matches("/calendar/").trim_end_matches(".ics");
    let answer = master.anonymous().get(&format!("/calendar/{key}.ics")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    let text = answer.text;
    assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"), "{text}");
    assert_eq!(values(&text, "UID"), [earlier, later]);
    assert_eq!(values(&text, "DTSTART"), ["20300101T010000Z", "20300101T110000Z"]);
    assert_eq!(values(&text, "DTEND"), ["20300101T020000Z", "20300101T130000Z"]);
    assert_eq!(values(&text, "SEQUENCE"), ["0", "0"]);
}

#[tokio::test]
async fn a_change_keeps_the_uid_and_raises_the_sequence() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = plan(&master, 10, 11).await;
    let path = new_feed(&master).await;
    let first = feed::read(&master, &path).await.text;
    for (sequence, hour) in [("1", 10), ("2", 13)] {
        product.advance(Duration::from_mins(1));
        let mut change = new_schedule_at(&at_hour(hour), &at_hour(hour + 2));
        change["schedule_id"] = json!(id);
        master.patch("/api/schedule", &change).await.ok();
        let text = feed::read(&master, &path).await.text;
        assert_eq!(values(&text, "UID"), std::slice::from_ref(&id));
        assert_eq!(values(&text, "SEQUENCE"), [sequence]);
        assert_ne!(values(&text, "LAST-MODIFIED"), values(&first, "LAST-MODIFIED"));
        assert_eq!(values(&text, "CREATED"), values(&first, "CREATED"));
    }
    let refused = json!({"schedule_id": id, "name": "x", "start_datetime": at_hour(5), "end_datetime": at_hour(5)});
    assert_eq!(master.patch("/api/schedule", &refused).await.status, 422);
    assert_eq!(values(&feed::read(&master, &path).await.text, "SEQUENCE"), ["2"]);
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    assert!(!feed::read(&master, &path).await.text.contains("VEVENT"));
}

#[tokio::test]
async fn a_broadcast_stays_for_thirty_days_after_its_end() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = new_schedule_at(&product.datetime_in(100), &product.datetime_in(200));
    master.post("/api/schedule", &schedule).await.ok();
    let path = new_feed(&master).await;
    product.advance(Duration::from_mins(43203));
    assert_eq!(values(&feed::read(&master, &path).await.text, "UID").len(), 1);
    product.advance(Duration::from_secs(20));
    assert!(values(&feed::read(&master, &path).await.text, "UID").is_empty());
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = plan(&master, 10, 11).await;
    let path = new_feed(&master).await;
    let tag = feed::read(&master, &path).await.header("etag");
    product.advance(Duration::from_hours(1));
    for tags in [tag.clone(), tag.trim_start_matches("W/").to_owned(), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = if_none_match(&master, &path, &tags).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (304, ""), "{tags}");
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        assert_eq!(answer.header("vary"), "Accept-Encoding");
    }
    assert_eq!(if_none_match(&master, &path, "\"x\"").await.status, 200);
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    let answer = if_none_match(&master, &path, &tag).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.header("etag"), tag);
}

#[tokio::test]
async fn head_answers_as_get_but_for_the_body() {
    let product = Product::start().await;
    let master = product.master().await;
    let path = new_feed(&master).await;
    let answer = master.anonymous().send(Method::HEAD, &path, &[], None).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    assert_eq!(answer.header("etag"), feed::read(&master, &path).await.header("etag"));
}

#[tokio::test]
async fn a_key_that_is_none_is_answered_as_one_that_ended() {
    let product = Product::start().await;
    let master = product.master().await;
    let path = new_feed(&master).await;
    let key = path.trim_start_matches("/calendar/").trim_end_matches(".ics");
    let (first, last) = (&key[..1], &key[key.len() - 2..]);
    let turned = if last == "AA" { "BA" } else { "AA" };
    for wrong in [
        "x".to_owned(),
        "A".repeat(54),
        "A".repeat(5_000),
        format!("{key}A"),
        key.replacen(first, if first == "B" { "C" } else { "B" }, 1),
        format!("{}{turned}", &key[..key.len() - 2]),
        "%00".to_owned(),
        "%E3%81%82".to_owned(),
    ] {
        assert!(!feed::lives(&master, &format!("/calendar/{wrong}.ics")).await, "{wrong}");
    }
}

#[tokio::test]
async fn a_feed_shows_its_own_tenant_alone() {
    let product = Product::start().await;
    let (master, stranger) = (product.master().await, product.stranger().await);
    plan(&master, 10, 11).await;
    let theirs = plan(&stranger, 30, 31).await;
    let path = new_feed(&stranger).await;
    assert_eq!(values(&feed::read(&stranger, &path).await.text, "UID"), [theirs]);
}
