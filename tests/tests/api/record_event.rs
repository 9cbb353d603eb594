//! `POST /hooks/imageflux/{key}/event`: what ImageFlux tells.

use api_tests::Product;
use api_tests::upstream::Upstream;
use serde_json::json;

use crate::support::broadcast::{connection, playlist};
use crate::support::evening::{Evening, Hooks};

#[tokio::test]
async fn an_evening_with_events_doubled_and_swapped_asks_imageflux_nothing() {
    let evening = Evening::begins().await;
    // Before the first event nothing else than asking tells.
    assert_eq!(evening.shown().await, "scheduled");
    assert_eq!(evening.questions(), 1);
    evening.passes(70);
    evening.tell(&[evening.created("A"), evening.event("connection.created", "V", "recvonly")]).await;
    assert_eq!(evening.shown().await, "preparing");
    assert_eq!(evening.listed_status().await, "preparing");
    evening.tell(&[evening.has_playlist("A"), evening.has_playlist("A")]).await;
    assert_eq!(evening.shown().await, playlist("A"));
    assert_eq!(evening.listed_status().await, "live");
    for (old, new) in [("A", "B"), ("B", "C"), ("C", "D")] {
        evening.passes(20);
        let (gone, there, playing) = (evening.destroyed(old), evening.created(new), evening.has_playlist(new));
        evening.tell(std::slice::from_ref(&gone)).await;
        assert_eq!(evening.shown().await, "interrupted");
        evening.passes(1);
        evening.tell(&[playing.clone(), there, gone.clone(), playing]).await;
        assert_eq!(evening.shown().await, playlist(new));
        evening.tell(&[evening.updated(old), gone]).await;
        assert_eq!(evening.shown().await, playlist(new), "who is gone does not come back");
    }
    evening.tell(&[evening.event("connection.destroyed", "V", "recvonly"), evening.destroyed("D")]).await;
    assert_eq!(evening.shown().await, "interrupted");
    assert_eq!(evening.questions(), 1, "nothing was asked since the first event");
    evening.passes(3_600);
    assert_eq!(evening.shown().await, "ended");
    assert_eq!(evening.listed_status().await, "ended");
}

#[tokio::test]
async fn a_viewer_over_webrtc_is_no_broadcast() {
    let evening = Evening::begins().await;
    evening.passes(70);
    evening.tell(&[evening.event("connection.created", "V", "recvonly"), evening.has_playlist("V")]).await;
    assert_eq!(evening.shown().await, "waiting");
}

#[tokio::test]
async fn a_connection_of_which_nothing_was_heard_for_a_minute_is_asked_after() {
    let evening = Evening::begins().await;
    evening.passes(70);
    evening.tell(&[evening.created("A"), evening.has_playlist("A")]).await;
    assert_eq!(evening.shown().await, playlist("A"));
    // Its end is never told, and ImageFlux does not list it any more.
    evening.passes(59);
    assert_eq!(evening.shown().await, playlist("A"));
    assert_eq!(evening.questions(), 0);
    evening.passes(1);
    assert_eq!(evening.shown().await, "interrupted", "a dead address is answered for a minute at most");
    assert_eq!(evening.questions(), 1);
    // Nor is the beginning of the next.
    evening.upstream.plays(json!([connection("B")]));
    evening.passes(11);
    assert_eq!(evening.shown().await, playlist("B"));
}

#[tokio::test]
async fn a_publisher_whose_playlist_is_late_is_asked_after() {
    let evening = Evening::begins().await;
    evening.passes(70);
    evening.tell(&[evening.created("A")]).await;
    evening.upstream.plays(json!([connection("A")]));
    assert_eq!(evening.shown().await, "preparing");
    assert_eq!(evening.questions(), 0);
    evening.passes(3);
    assert_eq!(evening.shown().await, playlist("A"));
    assert_eq!(evening.questions(), 1);
}

#[tokio::test]
async fn who_doubts_what_is_old_reads_what_is_known_before_asking() {
    let evening = Evening::stands_still().await;
    evening.passes(70);
    evening.tell(&[evening.created("A")]).await;
    let other = evening.elsewhere();
    let (tenant, id) = (local::demo::TENANT.into(), evening.id.as_str().into());
    evening.product.advance(std::time::Duration::from_millis(2_500));
    shared::operations::reading::live(&other, &tenant, id).await.unwrap();
    evening.tell(&[evening.has_playlist("A")]).await;
    // What it read lacks the playlist for three seconds, and is not a second old.
    evening.product.advance(std::time::Duration::from_millis(600));
    let event = evening.master.event("GET", &format!("/api/view?schedule_id={id}")).payload_2();
    let function = local::functions::named("delivery-view").unwrap();
    let answer = local::functions::invoke(&other, function, event).await.unwrap();
    assert!(answer["body"].as_str().unwrap().contains(&playlist("A")), "{answer}");
    assert_eq!(evening.questions(), 0);
}

#[tokio::test]
async fn only_who_knows_the_address_is_heard_and_only_of_its_channel() {
    let evening = Evening::begins().await;
    evening.passes(70);
    let path = evening.hooks.event_path();
    let event = evening.created("A");
    let key = path.split('/').nth(3).unwrap();
    let other = if key.starts_with('A') { "B" } else { "A" };
    for wrong in ["x".to_owned(), key[..42].to_owned(), format!("{key}A"), format!("{other}{}", &key[1..])] {
        let answer = evening.product.anonymous().post(&path.replace(key, &wrong), &event).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, ""), "{wrong}");
        assert!(answer.header("access-control-allow-origin").is_empty());
    }
    let mut elsewhere = event.clone();
    elsewhere["channel_id"] = json!("channel-002");
    evening.hooks.tell(&elsewhere).await.ok();
    elsewhere.as_object_mut().unwrap().remove("channel_id");
    evening.hooks.tell(&elsewhere).await.ok();
    assert_eq!(evening.listed_status().await, "waiting");
    evening.hooks.tell(&event).await.ok();
    assert_eq!(evening.listed_status().await, "preparing");
}

#[tokio::test]
async fn what_is_no_event_is_refused_and_what_is_unknown_is_not() {
    let evening = Evening::begins().await;
    let send = |body: String| {
        let (caller, path) = (evening.product.anonymous(), evening.hooks.event_path());
        async move { caller.send(reqwest::Method::POST, path, &[], Some(body.into_bytes())).await }
    };
    for body in ["", "[]", "null", "7", "{", "\"text\"", "{}{}"] {
        send(body.to_owned()).await.refused(400, "malformed_request");
    }
    send(format!(r#"{{"type": "{}"}}"#, "x".repeat(65_536))).await.refused(413, "body_too_large");
    for body in [
        json!({}),
        json!({"type": "spotlight.changed", "channel_id": "channel-001"}),
        json!({"type": "imageflux.archive_created", "channel_id": "channel-001", "data": {"size": 1}}),
        json!({"type": "connection.created", "channel_id": "channel-001", "connection_id": 7}),
        json!({"type": "notify.playlist_url", "channel_id": "channel-001", "connection_id": "A", "playlist_url": "javascript:1"}),
    ] {
        send(body.to_string()).await.ok();
    }
    assert_eq!(evening.listed_status().await, "scheduled");
}

#[tokio::test]
async fn an_event_is_read_member_by_member() {
    let evening = Evening::begins().await;
    let event = evening.created("A").to_string();
    let odd = r#""data": {"name": "\ud800"}, "minutes": 1e999, "note": "\udfff", "type""#;
    let body = format!("\u{FEFF}{}", event.replacen(r#""type""#, odd, 1));
    let caller = evening.product.anonymous();
    caller.send(reqwest::Method::POST, evening.hooks.event_path(), &[], Some(body.into_bytes())).await.ok();
    assert_eq!(evening.listed_status().await, "preparing");
}

#[tokio::test]
async fn an_event_that_tells_nothing_new_writes_nothing() {
    let evening = Evening::begins().await;
    let events = [evening.created("A"), evening.has_playlist("A")];
    evening.tell(&events).await;
    let tenant = local::demo::TENANT.into();
    let id = evening.id.as_str().into();
    let table = &evening.product.server.app.table;
    let before = shared::store::live::find(table, &tenant, &id).await.unwrap();
    evening.tell(&events).await;
    let after = shared::store::live::find(table, &tenant, &id).await.unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
}

#[tokio::test]
async fn without_a_table_imageflux_is_told_soon() {
    let evening = Evening::begins().await;
    let event = evening.created("A");
    evening.product.lose_the_table().await;
    let answer = evening.hooks.tell(&event).await;
    assert!(matches!(answer.status.as_u16(), 500 | 503), "{}", answer.text);
}

#[tokio::test]
async fn the_address_of_a_channel_dies_with_it() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    let hooks = Hooks::of(&product, &upstream);
    let event =
        json!({"type": "connection.created", "channel_id": "channel-001", "connection_id": "A", "role": "sendonly"});
    hooks.tell(&event).await.ok();
    master.delete(&format!("/api/schedule?schedule_id={id}")).await.ok();
    assert_eq!(hooks.tell(&event).await.status, 404);
}
