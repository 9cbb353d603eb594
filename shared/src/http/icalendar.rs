//! Schedules as RFC 5545 writes them, for people's own calendars: times in UTC, text escaped, lines folded.

use chrono::{DateTime, Utc};

use crate::domain::schedule::Plan;

pub const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";

/// What calendars show as this one's name, until people give it another.
const NAME: &str = "配信スケジュール";

/// An answer takes 6 MB as a string inside of JSON, in which some characters become two.
const MAX_BYTES: usize = 4_000_000;

/// RFC 5545, section 3.1: octets in a line, without its end.
const MAX_LINE: usize = 75;

/// The plans in the order given, as many as one answer can hold.
#[must_use]
pub fn calendar(plans: &[Plan]) -> String {
    let mut text = String::new();
    line(&mut text, "BEGIN:VCALENDAR");
    line(&mut text, "VERSION:2.0");
    line(&mut text, "PRODID:-//ImageFlux//Live Streaming API option//JA");
    line(&mut text, "CALSCALE:GREGORIAN");
    // RFC 7986, and what was written before it.
    line(&mut text, &format!("NAME:{NAME}"));
    line(&mut text, &format!("X-WR-CALNAME:{NAME}"));
    line(&mut text, "REFRESH-INTERVAL;VALUE=DURATION:PT15M");
    line(&mut text, "X-PUBLISHED-TTL:PT15M");
    for plan in plans {
        let event = event(plan);
        if text.len() + event.len() > MAX_BYTES {
            break;
        }
        text.push_str(&event);
    }
    line(&mut text, "END:VCALENDAR");
    text
}

fn event(plan: &Plan) -> String {
    let mut text = String::new();
    line(&mut text, "BEGIN:VEVENT");
    line(&mut text, &format!("UID:{}", plan.id));
    // Without a METHOD both say when the event was last changed (section 3.8.7.2), so the same events are the same text.
    line(&mut text, &format!("DTSTAMP:{}", utc(plan.changed_at)));
    line(&mut text, &format!("LAST-MODIFIED:{}", utc(plan.changed_at)));
    line(&mut text, &format!("CREATED:{}", utc(plan.created_at)));
    line(&mut text, &format!("SEQUENCE:{}", plan.revision));
    line(&mut text, &format!("DTSTART:{}", utc(plan.interval.start())));
    line(&mut text, &format!("DTEND:{}", utc(plan.interval.end())));
    line(&mut text, &format!("SUMMARY:{}", escaped(plan.name.as_str())));
    line(&mut text, "END:VEVENT");
    text
}

fn utc(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Section 3.3.11.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Folds between characters, never inside of one. The space that begins a further line is one of its octets.
fn line(text: &mut String, content: &str) {
    let mut octets = 0;
    for character in content.chars() {
        if octets + character.len_utf8() > MAX_LINE {
            text.push_str("\r\n ");
            octets = 1;
        }
        text.push(character);
        octets += character.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::interval::Interval;
    use crate::domain::schedule::ScheduleName;

    fn plan(name: &str) -> Plan {
        let at = |text| crate::http::datetime::parse(text).unwrap();
        Plan {
            id: Uuid::from_u128(7).into(),
            name: ScheduleName::parse(name).unwrap(),
            interval: Interval::new(at("2021/10/30 12:00:00"), at("2021/10/30 15:00:00")).unwrap(),
            created_at: at("2021/10/01 00:00:00"),
            created_by: String::new(),
            revision: 3,
            changed_at: at("2021/10/02 09:30:00"),
        }
    }

    #[test]
    fn an_event_is_written_in_utc() {
        let expected = "BEGIN:VEVENT\r\nUID:00000000-0000-0000-0000-000000000007\r\nDTSTAMP:20211002T003000Z\r\n\
                        LAST-MODIFIED:20211002T003000Z\r\nCREATED:20210930T150000Z\r\nSEQUENCE:3\r\n\
                        DTSTART:20211030T030000Z\r\nDTEND:20211030T060000Z\r\nSUMMARY:a\\, b\\; c\\\\d\r\nEND:VEVENT\r\n";
        assert_eq!(event(&plan("a, b; c\\d")), expected);
    }

    #[test]
    fn lines_are_folded_between_characters() {
        for name in
            ["あ".repeat(30), "𠮟".repeat(30), "x".repeat(30), "é".repeat(30), "a𠮟あ".repeat(10), ",".repeat(30)]
        {
            let text = event(&plan(&name));
            assert!(text.split("\r\n").all(|line| line.len() <= MAX_LINE), "{text}");
            let unfolded = text.replace("\r\n ", "");
            assert!(unfolded.contains(&format!("SUMMARY:{}\r\n", escaped(&name))), "{text}");
        }
    }

    #[test]
    fn a_calendar_is_cut_between_events() {
        let text = calendar(&vec![plan(&"\\".repeat(30)); 20_000]);
        assert!(text.len() <= MAX_BYTES + 100 && text.len() > MAX_BYTES - 1_000);
        assert!(serde_json::to_string(&text).unwrap().len() < 5_900_000);
        assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"));
    }
}
