//! A calendar feed as a calendar program reads it.

use api_tests::{Actor, Answer};
use serde_json::json;

/// The path under which this actor's own feed is found from now on.
pub async fn new_feed(actor: &Actor) -> String {
    let url = actor.post("/api/calendar", &json!({})).await.ok()["calendar_url"].as_str().expect("text").to_owned();
    let (_, path) = url.split_once("/calendar/").expect("an address of ours");
    format!("/calendar/{path}")
}

/// The feed at a path, which needs no token.
pub async fn read(actor: &Actor, path: &str) -> Answer {
    actor.anonymous().get(path).await
}

/// Whether there is a feed; where there is none, nothing is said about why.
pub async fn lives(actor: &Actor, path: &str) -> bool {
    let answer = read(actor, path).await;
    match answer.status.as_u16() {
        200 => true,
        404 => {
            assert_eq!((answer.text.as_str(), answer.header("content-type")), ("", String::new()));
            assert_eq!(answer.header("cache-control"), "no-store");
            false
        }
        other => panic!("{other}: {}", answer.text),
    }
}

/// The values of a property in all events, unfolded.
pub fn values(text: &str, property: &str) -> Vec<String> {
    let unfolded = text.replace("\r\n ", "");
    let events = unfolded.split("BEGIN:VEVENT\r\n").skip(1);
    let prefix = format!("{property}:");
    events
        .flat_map(|event| event.split("\r\n").filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned))
        .collect()
}
