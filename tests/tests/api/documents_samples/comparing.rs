//! An answer beside the one that the document prints.

use serde_json::Value;

use super::reading::Call;

/// What answers have beyond what is printed.
const MORE: &[(&str, &[&str])] = &[
    ("GET /api/schedule", &["status"]),
    ("GET /api/delivery", &["status", "whip_url", "publish_token", "publish_token_expires_at", "metadata"]),
    ("GET /api/view", &["status", "watch_url", "live_since"]),
    ("GET /api/chat", &["chats", "next_cursor", "has_more", "poll_after_ms"]),
    ("POST /api/chat", &["chat_id", "created_datetime"]),
];

/// Every printed member is there and has the printed value, or one of the same form where the document has none to tell.
pub fn assert_is_as_printed(call: &Call, answer: &Value) {
    let more = MORE.iter().find(|(name, _)| *name == call.name).map_or(&[][..], |(_, more)| more);
    assert_is(answer, &call.answer, more, &call.name);
}

fn assert_is(answer: &Value, printed: &Value, more: &[&str], place: &str) {
    match (answer, printed) {
        (Value::Object(members), Value::Object(expected)) => {
            for (name, value) in expected {
                let member = members.get(name).unwrap_or_else(|| panic!("{place} has no {name}: {answer}"));
                assert_is(member, value, &[], &format!("{place} {name}"));
            }
            let others = members.keys().filter(|name| !expected.contains_key(*name) && !more.contains(&name.as_str()));
            assert_eq!(others.collect::<Vec<_>>(), Vec::<&String>::new(), "{place} has members that nobody expects");
        }
        (Value::Array(elements), Value::Array(expected)) => {
            assert_eq!(elements.len(), expected.len(), "{place}: {answer}");
            for (element, value) in elements.iter().zip(expected) {
                assert_is(element, value, more, place);
            }
        }
        (Value::String(text), Value::String(expected)) => {
            assert!(text_is(text, expected, place), "{place} is {text:?}, not {expected:?}");
        }
        _ => assert_eq!(answer, printed, "{place}"),
    }
}

fn text_is(text: &str, printed: &str, place: &str) -> bool {
    // The printed ids of listed schedules have letters that no UUID has, and the product's ids are UUIDs.
    if place.ends_with("token") || place.ends_with("/api/schedule schedule_id") {
        return text.len() >= 30 && text.bytes().all(|byte| byte.is_ascii_graphic());
    }
    // The clock runs on while the product is asked.
    let to_the_minute = printed.rfind(':').filter(|_| place.ends_with("_datetime") || place.ends_with("_at"));
    to_the_minute.map_or(text == printed, |end| {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        text.len() == printed.len() && text[..=end] == printed[..=end] && digits(&text[end + 1..])
    })
}
