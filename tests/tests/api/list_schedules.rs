//! `GET /api/schedule`: newest start first, whole or in pages.

use api_tests::{Product, at_hour, new_schedule_at, new_user};
use serde_json::{Value, json};

use crate::support::calendar::{fill, plan};
use crate::support::pages::{next, pages};

fn starts(list: &Value) -> Vec<&str> {
    list.as_array().expect("an array").iter().map(|schedule| schedule["start_datetime"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_start_comes_first() {
    let product = Product::start().await;
    let master = product.master().await;
    for hour in [5, 1, 30, 3] {
        master.plan(hour).await;
    }
    let list = master.get("/api/schedule").await.ok();
    let expected = ["2030-01-02T06:00:00", "2030-01-01T05:00:00", "2030-01-01T03:00:00", "2030-01-01T01:00:00"];
    assert_eq!(starts(&list), expected);
}

#[tokio::test]
async fn from_and_to_leave_what_touches_the_window() {
    let product = Product::start().await;
    let master = product.master().await;
    for (start, end) in [(1, 3), (3, 5), (5, 7)] {
        plan(&master, start, end).await;
    }
    let listed = async |from: Option<u32>, to: Option<u32>| {
        let part = |name: &str, hour: Option<u32>| {
            hour.map_or(String::new(), |hour| format!("{name}={}&", at_hour(hour).replace(' ', "%20")))
        };
        let list = master.get(&format!("/api/schedule?{}{}", part("from", from), part("to", to))).await.ok();
        starts(&list).iter().map(|start| start[11..13].parse::<u32>().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(listed(Some(3), None).await, [5, 3]);
    assert_eq!(listed(Some(2), None).await, [5, 3, 1]);
    assert_eq!(listed(None, Some(5)).await, [3, 1]);
    assert_eq!(listed(None, Some(1)).await, [0; 0]);
    assert_eq!(listed(Some(4), Some(5)).await, [3]);
    assert_eq!(listed(Some(3), Some(4)).await, [3]);
    assert_eq!(listed(Some(7), Some(9)).await, [0; 0]);
    assert_eq!(listed(Some(0), Some(9)).await, [5, 3, 1]);
}

#[tokio::test]
async fn several_hundred_schedules_are_listed_whole_and_page_by_page() {
    let product = Product::start().await;
    let master = product.master().await;
    // Bodies this large in the table make the list longer than one page of a query.
    for hours in (0..360).collect::<Vec<u32>>().chunks(12) {
        futures_util::future::join_all(hours.iter().map(|hour| master.plan(*hour))).await;
    }
    let answer = master.get("/api/schedule").await;
    assert_eq!(answer.header("link"), "");
    let whole = answer.ok().as_array().unwrap().clone();
    assert_eq!(whole.len(), 360);
    assert!(whole.is_sorted_by(|one, other| one["start_datetime"].as_str() > other["start_datetime"].as_str()));
    for limit in [1000, 360, 359, 100] {
        let pages = pages(&master, &format!("/api/schedule?limit={limit}")).await;
        assert_eq!(pages.len(), 360_usize.div_ceil(limit), "pages of {limit}");
        assert!(pages[..pages.len() - 1].iter().all(|page| page.len() == limit));
        assert_eq!(pages.concat(), whole, "pages of {limit}");
    }
    let window = format!("from={}&to={}", at_hour(100).replace(' ', "+"), at_hour(150).replace(' ', "+"));
    let pages = pages(&master, &format!("/api/schedule?{window}&limit=7")).await;
    assert_eq!(pages.concat(), whole[360 - 150..360 - 100]);
    for (from, to) in [(5, 5), (6, 5)] {
        let window = format!("from={}&to={}", at_hour(from), at_hour(to)).replace(' ', "+");
        let fields = master.get(&format!("/api/schedule?{window}")).await.invalid_fields();
        assert_eq!(fields, [("to".to_owned(), "not_after_start".to_owned())]);
    }
}

#[tokio::test]
async fn what_is_under_way_when_a_window_begins_is_in_it_on_its_last_page() {
    let product = Product::start().await;
    let master = product.master().await;
    for (start, end) in [(1, 2), (2, 10), (10, 11), (12, 13)] {
        plan(&master, start, end).await;
    }
    let window = format!("/api/schedule?from={}", at_hour(5)).replace(' ', "+");
    let whole = master.get(&window).await.ok();
    assert_eq!(starts(&whole), ["2030-01-01T12:00:00", "2030-01-01T10:00:00", "2030-01-01T02:00:00"]);
    for limit in 1..=4 {
        let pages = pages(&master, &format!("{window}&limit={limit}")).await;
        assert_eq!(pages.len(), 3_usize.div_ceil(limit), "pages of {limit}");
        assert_eq!(json!(pages.concat()), whole, "pages of {limit}");
    }
}

#[tokio::test]
async fn what_moved_outside_of_a_window_is_not_in_it() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = plan(&master, 1, 2).await;
    let moved = json!({"schedule_id": id, "name": "x", "start_datetime": at_hour(2), "end_datetime": at_hour(3)});
    master.patch("/api/schedule", &moved).await.ok();
    let window = format!("/api/schedule?from={}&to={}", at_hour(10), at_hour(12)).replace(' ', "+");
    assert_eq!(master.get(&window).await.ok(), json!([]));
}

#[tokio::test]
async fn the_list_shows_each_change_at_once() {
    let product = Product::start().await;
    let master = product.master().await;
    let id = plan(&master, 10, 12).await;
    plan(&master, 20, 22).await;
    // Renamed, longer, within its gap, into another, and back.
    for (name, start, end) in [("改名", 10, 12), ("改名", 10, 14), ("移動", 9, 13), ("移動", 30, 31), ("戻り", 10, 12)]
    {
        let mut change = new_schedule_at(&at_hour(start), &at_hour(end));
        (change["schedule_id"], change["name"]) = (json!(id), json!(name));
        master.patch("/api/schedule", &change).await.ok();
        let list = master.get("/api/schedule").await.ok();
        let listed: Vec<&Value> = list.as_array().unwrap().iter().filter(|row| row["schedule_id"] == *id).collect();
        let [row] = listed[..] else { panic!("once, not {list}") };
        let printed = |hour| at_hour(hour).replace('/', "-").replace(' ', "T");
        assert_eq!(row["name"], name);
        assert_eq!((&row["start_datetime"], &row["end_datetime"]), (&json!(printed(start)), &json!(printed(end))));
        assert_eq!(list.as_array().unwrap().len(), 2);
    }
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    assert_eq!(starts(&master.get("/api/schedule").await.ok()), ["2030-01-01T20:00:00"]);
}

#[tokio::test]
async fn twenty_thousand_schedules_are_listed_in_answers_that_lambda_hands_over() {
    let product = Product::start().await;
    let master = product.master().await;
    fill(&product, 20_000).await;
    let (mut path, mut listed) = (Some("/api/schedule".to_owned()), Vec::new());
    while let Some(this) = path {
        let answer = master.get(&this).await;
        path = next(&answer.header("link"));
        assert!(answer.text.len() <= 5_000_000 && json!(answer.text).to_string().len() < 6_000_000);
        assert!(path.is_none() || answer.text.len() > 4_000_000, "an answer holds what it can");
        listed.extend(answer.ok().as_array().unwrap().clone());
    }
    assert_eq!(listed.len(), 20_000);
    assert!(listed.is_sorted_by(|one, other| one["start_datetime"].as_str() > other["start_datetime"].as_str()));
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_ended_even_if_that_schedule_is_gone() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut ids = Vec::new();
    for hour in 0..6 {
        ids.push(master.plan(hour).await);
    }
    let first = master.get("/api/schedule?limit=2").await;
    let link = next(&first.header("link")).unwrap();
    master.delete(&format!("/api/schedule?schedule_id={}", ids[4])).await.ok();
    master.plan(7).await;
    let second = master.get(&link).await.ok();
    assert_eq!(starts(&second), ["2030-01-01T03:00:00", "2030-01-01T02:00:00"]);
}

#[tokio::test]
async fn the_next_page_is_asked_for_as_the_first_was() {
    let product = Product::start().await;
    let master = product.master().await;
    for hour in 0..6 {
        master.plan(hour).await;
    }
    let window = json!({"limit": 2, "from": at_hour(1), "to": at_hour(5)});
    let body = Some(window.to_string().into_bytes());
    let first = master.send(reqwest::Method::GET, "/api/schedule", &[], body).await;
    let rest = next(&first.header("link")).unwrap();
    let mut all: Vec<String> = starts(&first.ok()).into_iter().map(str::to_owned).collect();
    for page in pages(&master, &rest).await {
        assert!(page.len() <= 2);
        all.extend(page.iter().map(|schedule| schedule["start_datetime"].as_str().unwrap().to_owned()));
    }
    assert_eq!(all, [4, 3, 2, 1].map(|hour| format!("2030-01-01T0{hour}:00:00")));

    let staged = include_str!("../../../events/schedule/list_schedules.staged.json");
    let mut event: Value = serde_json::from_str(staged).unwrap();
    (event["rawQueryString"], event["queryStringParameters"]) = (json!("limit=1"), json!({"limit": "1"}));
    let answer = product.invoke("schedule", &event).await.unwrap();
    let link = answer["headers"]["link"].as_str().unwrap();
    assert!(link.starts_with("</prod/api/schedule?limit=1&cursor="), "{link}");
}

#[tokio::test]
async fn what_is_no_cursor_of_this_list_is_refused() {
    let product = Product::start().await;
    let (master, stranger) = (product.master().await, product.stranger().await);
    for hour in 0..3 {
        master.plan(hour).await;
    }
    let link = next(&master.get("/api/schedule?limit=1").await.header("link")).unwrap();
    let cursor = link.split_once("cursor=").unwrap().1.to_owned();
    for cursor in ["x", &cursor[1..], &format!("{cursor}A"), &cursor.to_lowercase()] {
        let answer = master.get(&format!("/api/schedule?limit=1&cursor={cursor}")).await;
        assert_eq!(answer.invalid_fields()[0].0, "cursor", "{cursor}");
    }
    assert_eq!(stranger.get(&link).await.invalid_fields()[0].0, "cursor");
    for limit in ["0", "1001", "-1", "1.5", "x"] {
        let answer = master.get(&format!("/api/schedule?limit={limit}")).await;
        assert_eq!(answer.invalid_fields()[0].0, "limit", "{limit}");
    }
}

#[tokio::test]
async fn the_creators_name_stays_when_the_user_is_gone() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut user = new_user(&["schedule"]);
    user["name"] = json!("田中");
    let user_id = master.post("/api/user", &user).await.ok()["user_id"].as_i64().unwrap();
    let email = user["email"].as_str().unwrap();
    let planner = product.log_in(email, "Password123", local::demo::ACCESS_CODE, user_id).await;
    planner.plan(1).await;
    let renamed = json!({"user_id": user_id, "name": "鈴木"});
    master.patch("/api/user", &renamed).await.ok();
    master.delete(&format!("/api/user?user_id={user_id}")).await.ok();
    planner.get("/api/schedule").await.refused(401, "unauthenticated");
    assert_eq!(master.get("/api/schedule").await.ok()[0]["created_user_name"], "田中");
}
