//! `GET /api/view`: what a viewer watches.

use shared::platform::telemetry;
use std::time::Duration;

use api_tests::Actor;
use api_tests::upstream::Mood;
use serde_json::{Value, json};

use crate::support::broadcast::{connection, playlist, product_with_schedule};
use crate::support::evening::Evening;

const LIST: &str = "ImageFlux_20200207.ListPlaylistURLs";

async fn view(actor: &Actor, id: &str) -> Value {
    actor.get(&format!("/api/view?schedule_id={id}")).await.ok()
}

#[tokio::test]
async fn a_viewer_is_told_the_playlist_and_how_the_broadcast_stands() {
    let (upstream, product, _master, id) = product_with_schedule().await;
    let viewer = product.viewer().await;
    upstream.plays(json!([connection("A")]));
    let view = view(&viewer, &id).await;
    assert_eq!(view["playlist_url"], playlist("A"));
    assert_eq!(view["status"], "live");
    assert!(view["watch_url"].as_str().is_some_and(|url| url.starts_with(&product.server.url())));
    assert_eq!(view["live_since"].as_str().map(str::len), Some("2021-11-19T12:00:00".len()));
    assert_eq!(view.as_object().map(serde_json::Map::len), Some(4));
    let asked = upstream.requests().into_iter().filter(|(target, _)| target == LIST).collect::<Vec<_>>();
    assert_eq!(asked, [(LIST.to_owned(), json!({"channel_id": "channel-001"}))]);
    let presenter = product.presenter().await;
    presenter.get(&format!("/api/view?schedule_id={id}")).await.refused(403, "permission_denied");
}

#[tokio::test]
async fn before_anybody_publishes_a_viewer_is_told_when_to_ask_again() {
    let (_upstream, _product, master, id) = product_with_schedule().await;
    let answer = master.get(&format!("/api/view?schedule_id={id}")).await;
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (2..=10).contains(&seconds)));
    let problem = answer.refused(404, "not_live");
    assert_eq!(problem["broadcast_status"], "scheduled");
    assert!(problem["watch_url"].is_string(), "{problem}");
}

#[tokio::test]
async fn without_events_the_newest_connection_is_shown_whatever_the_order_and_never_a_dead_one() {
    let (upstream, product, master, id) = product_with_schedule().await;
    let script = [
        (vec!["A"], Some("A")),
        (vec!["B", "A"], Some("B")),
        (vec!["A", "B"], Some("B")),
        (vec!["A"], Some("A")),
        (vec![], None),
        (vec!["A", "C"], Some("C")),
        (vec!["C", "A"], Some("C")),
    ];
    for (living, expected) in script {
        // Longer than a connection that is not listed can still be new.
        product.advance(Duration::from_secs(11));
        upstream.plays(living.iter().map(|id| connection(id)).collect());
        let path = format!("/api/view?schedule_id={id}");
        match expected {
            Some(newest) => assert_eq!(view(&master, &id).await["playlist_url"], playlist(newest), "{living:?}"),
            None => drop(master.get(&path).await.refused(404, "not_live")),
        }
    }
}

#[tokio::test]
async fn a_connection_whose_playlist_is_not_there_yet_hides_no_other() {
    let (upstream, product, master, id) = product_with_schedule().await;
    let path = format!("/api/view?schedule_id={id}");
    for unready in [
        json!({"connection_id": "B", "playlist_url": null}),
        json!({"connection_id": "B"}),
        json!({"connection_id": "B", "playlist_url": ""}),
    ] {
        product.advance(Duration::from_secs(11));
        upstream.plays(json!([unready, connection("A")]));
        assert_eq!(view(&master, &id).await["playlist_url"], playlist("A"));
        product.advance(Duration::from_secs(11));
        upstream.plays(json!([unready]));
        assert_eq!(master.get(&path).await.refused(404, "not_live")["broadcast_status"], "preparing");
    }
}

#[tokio::test]
async fn many_viewers_see_the_same_playlist() {
    let (upstream, _product, master, id) = product_with_schedule().await;
    upstream.plays(json!([connection("A"), connection("B")]));
    let path = format!("/api/view?schedule_id={id}");
    let ask = || async { master.get(&path).await.status.as_u16() };
    let statuses = futures_util::future::join_all((0..20).map(|_| ask())).await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 404)), "{statuses:?}");
    let answers = futures_util::future::join_all((0..20).map(|_| view(&master, &id))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(upstream.requests().iter().filter(|(target, _)| target == LIST).count(), 1, "asked once for all");
}

#[tokio::test]
async fn an_odd_entry_does_not_hide_a_playlist_from_viewers() {
    let (upstream, _product, master, id) = product_with_schedule().await;
    let odd = [json!(null), json!({"connection_id": "Z"}), json!({"connection_id": "Z", "playlist_url": "data:,x"})];
    upstream.plays(json!([odd[0], odd[1], connection("A"), odd[2]]));
    assert_eq!(view(&master, &id).await["playlist_url"], playlist("A"));
}

#[tokio::test]
async fn while_imageflux_fails_a_viewer_is_told_what_is_known() {
    let (upstream, product, master, id) = product_with_schedule().await;
    let path = format!("/api/view?schedule_id={id}");
    let hls = |hls: Value| Mood::Babbles(json!({"channel_id": "channel-001", "hls": hls}).to_string());
    let moods = [
        Mood::Answers(400, r#"{"error": "channel-001 is odd"}"#.to_owned()),
        Mood::Answers(401, String::new()),
        Mood::Answers(404, String::new()),
        Mood::Answers(500, String::new()),
        Mood::Answers(429, String::new()),
        Mood::Babbles("<html>".to_owned()),
        Mood::Babbles("{}".to_owned()),
        hls(json!(null)),
        hls(json!([{"connection_id": 7, "playlist_url": "https://p.example/a.m3u8"}])),
        Mood::DropsAfterwards,
    ];
    for mood in &moods {
        upstream.is(mood.clone());
        product.advance(Duration::from_secs(11));
        let problem = master.get(&path).await.refused(404, "not_live");
        assert!(!problem.to_string().contains("channel-001"), "{problem}");
    }
    upstream.is(Mood::Kind);
    upstream.plays(json!([connection("A")]));
    product.advance(Duration::from_secs(11));
    assert_eq!(view(&master, &id).await["playlist_url"], playlist("A"), "failures are not shared");
    for mood in moods.into_iter().filter(|mood| !matches!(mood, Mood::Babbles(body) if body.contains("[{"))) {
        upstream.is(mood);
        product.advance(Duration::from_secs(11));
        assert_eq!(view(&master, &id).await["playlist_url"], playlist("A"));
    }
}

#[tokio::test]
async fn while_imageflux_hangs_one_viewer_waits_and_nobody_else() {
    let (upstream, product, master, id) = product_with_schedule().await;
    upstream.is(Mood::Sleeps(Duration::from_secs(20)));
    let path = format!("/api/view?schedule_id={id}");
    let look = || async {
        let begun = telemetry::now();
        master.get(&path).await.refused(404, "not_live");
        begun.elapsed()
    };
    let times = futures_util::future::join_all((0..20).map(|_| look())).await;
    let waited = times.iter().filter(|time| **time > Duration::from_millis(2_500)).count();
    assert!(waited <= 1, "{times:?}");
    assert!(times.iter().all(|time| *time < Duration::from_secs(8)), "{times:?}");
    master.get("/api/schedule").await.ok();
    master.get(&format!("/api/chat?schedule_id={id}")).await.ok();
    drop(product);
}

#[tokio::test]
async fn questions_to_imageflux_do_not_grow_with_the_audience() {
    let (upstream, product, master, id) = product_with_schedule().await;
    let path = format!("/api/view?schedule_id={id}");
    let begun = product.server.app.clock.now();
    for _ in 0..50 {
        let looks = (0..10).map(|_| async { master.get(&path).await.status });
        let statuses = futures_util::future::join_all(looks).await;
        assert!(statuses.iter().all(|status| *status == 404), "{statuses:?}");
        product.advance(Duration::from_millis(200));
    }
    let asked = upstream.requests().iter().filter(|(target, _)| target == LIST).count();
    let most = (product.server.app.clock.now() - begun).num_seconds() / 2 + 1;
    assert!(asked >= 2 && asked <= usize::try_from(most).unwrap(), "{asked} of 500 looks, at most {most}");
}

#[tokio::test]
async fn from_the_second_on_in_which_nobody_may_publish_any_more_imageflux_is_asked_nothing() {
    // A minute until the start, an hour of broadcast, an hour of overrun.
    for (passed, asked) in [(7_259, 1), (7_260, 0)] {
        let evening = Evening::stands_still().await;
        evening.tell(&[evening.created("A")]).await;
        evening.passes(passed);
        let master = evening.master.with_token(&evening.master.new_token().await);
        master.get(&format!("/api/view?schedule_id={}", evening.id)).await.refused(404, "not_live");
        assert_eq!(evening.questions(), asked, "after {passed} s");
    }
}
