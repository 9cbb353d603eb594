//! `GET /api/chat/export`: every message, deleted ones marked, as a table that no spreadsheet computes.

use api_tests::{Actor, Product};
use serde_json::{Value, json};
use shared::domain::ids::UserId;
use shared::domain::message::{Message, MessageBody};
use shared::store::messages;

use crate::support::pages::{next, pages};

const HOSTILE: [&str; 10] = [
    "=HYPERLINK(\"https://evil.example\",\"x\")",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "two\nlines, and a \"quote\"",
    "1;=1+1",
];

async fn say(actor: &Actor, schedule: &str, body: &str) -> String {
    let said = actor.post("/api/chat", &json!({"schedule_id": schedule, "body": body})).await.ok();
    said["chat_id"].as_str().expect("an id").to_owned()
}

fn path(schedule: &str, format: &str) -> String {
    format!("/api/chat/export?schedule_id={schedule}&format={format}")
}

/// The cells of a table, read as RFC 4180 says.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if is_quoted && signs.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {
                assert_eq!(signs.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            sign => {
                assert!(is_quoted, "{sign:?} stands outside of quotes");
                cell.push(sign);
            }
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !is_quoted, "the last line ends");
    rows
}

#[tokio::test]
async fn both_formats_have_every_message_with_those_deleted_marked() {
    let product = Product::start().await;
    let (master, viewer) = (product.master().await, product.viewer().await);
    let schedule = master.plan(1).await;
    let (first, second) = (say(&viewer, &schedule, "first").await, say(&master, &schedule, "second").await);
    master.delete(&format!("/api/chat?schedule_id={schedule}&chat_id={first}")).await.ok();
    let exported = master.get(&path(&schedule, "json")).await.ok();
    let member =
        |name: &str| exported.as_array().expect("rows").iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(member("chat_id"), [json!(first), json!(second)]);
    assert_eq!(
        (member("body"), member("deleted")),
        (vec![json!("first"), json!("second")], vec![json!(true), json!(false)])
    );
    assert_eq!(member("user_id"), [json!(viewer.user_id), json!(1)]);
    assert!(exported[0]["deleted_datetime"].is_string() && exported[1].get("deleted_datetime").is_none());
    let answer = master.get(&path(&schedule, "csv")).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let table = rows(answer.text.strip_prefix('\u{FEFF}').expect("a byte order mark"));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (cells, row) in table[1..].iter().zip(exported.as_array().expect("rows")) {
        for (name, cell) in table[0].iter().zip(cells) {
            assert_eq!(*cell, row.get(name).map(text).unwrap_or_default(), "{name}");
        }
    }
    assert_eq!((table.len(), table[0].len()), (3, 7));
}

#[tokio::test]
async fn no_cell_is_left_that_a_spreadsheet_would_compute() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    master.patch("/api/user", &json!({"user_id": 1, "name": "=cmd|' /C calc'!A0"})).await.ok();
    for body in HOSTILE {
        say(&master, &schedule, body).await;
    }
    let answer = master.get(&path(&schedule, "csv")).await;
    let table = rows(answer.text.strip_prefix('\u{FEFF}').expect("a byte order mark"));
    for (cells, body) in table[1..].iter().zip(HOSTILE) {
        assert_eq!(cells[2], "'=cmd|' /C calc'!A0");
        assert_eq!(cells[3].strip_prefix('\'').unwrap_or(&cells[3]), body);
        assert!(!cells.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])), "{cells:?}");
    }
    assert_eq!(table.len(), 1 + HOSTILE.len());
}

#[tokio::test]
async fn what_is_longer_than_five_megabytes_goes_on_in_a_link() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let app = &product.server.app;
    for number in 0..60 {
        let message = Message {
            id: app.random.uuid_at(app.clock.now_millis() - 100_000 + number).into(),
            user_id: UserId(1),
            user_name: "名".repeat(33_000),
            body: MessageBody::parse(&number.to_string()).expect("a body"),
            deletion: None,
        };
        let write = messages::create(&local::demo::TENANT.into(), &schedule.as_str().into(), &message);
        app.table.write(&write.expect("an item")).await.expect("the table answers");
    }
    let found = pages(&master, &path(&schedule, "json")).await;
    assert_eq!(found.len(), 2);
    let bodies: Vec<String> = found.concat().iter().map(|row| row["body"].as_str().expect("text").to_owned()).collect();
    assert_eq!(bodies, (0..60).map(|number| number.to_string()).collect::<Vec<_>>());
    let (mut seen, mut page) = (Vec::new(), Some(path(&schedule, "csv")));
    while let Some(this) = page {
        let answer = master.get(&this).await;
        assert!(answer.text.len() <= 5_000_000);
        let table = rows(answer.text.strip_prefix('\u{FEFF}').expect("each page is a file by itself"));
        assert_eq!(table[0][3], "body");
        seen.extend(table[1..].iter().map(|cells| cells[3].clone()));
        page = next(&answer.header("link"));
    }
    assert_eq!(seen, bodies);
}

#[tokio::test]
async fn it_is_for_hosts_and_in_one_of_two_formats() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    product.viewer().await.get(&path(&schedule, "csv")).await.refused(403, "permission_denied");
    product.presenter().await.get(&path(&schedule, "json")).await.ok();
    product.user_with(&["schedule"]).await.get(&path(&schedule, "json")).await.ok();
    master.get(&path("nowhere", "csv")).await.refused(404, "schedule_not_found");
    let wrong = master.get(&path(&schedule, "xlsx")).await.invalid_fields();
    assert_eq!(wrong, [("format".to_owned(), "not_one_of".to_owned())]);
    let none = master.get(&format!("/api/chat/export?schedule_id={schedule}")).await.invalid_fields();
    assert_eq!(none, [("format".to_owned(), "missing".to_owned())]);
    let of_chat = master.get(&format!("/api/chat?schedule_id={schedule}")).await.ok()["next_cursor"].clone();
    let cursor = of_chat.as_str().expect("a cursor");
    let foreign = master.get(&format!("{}&cursor={cursor}", path(&schedule, "csv"))).await.invalid_fields();
    assert_eq!(foreign, [("cursor".to_owned(), "not_a_cursor".to_owned())]);
}
