//! `GET /api/view`: what a viewer watches.

use api_tests::Actor;
use api_tests::upstream::Mood;
use serde_json::{Value, json};

use crate::support::broadcast::{connection, playlist, product_with_schedule};

const LIST: &str = "ImageFlux_20200207.ListPlaylistURLs";

async fn view(actor: &Actor, id: &str) -> Value {
    actor.get(&format!("/api/view?schedule_id={id}")).await.ok()
}

#[tokio::test]
async fn a_viewer_is_told_the_playlist_and_nothing_else() {
    let (upstream, product, _master, id) = product_with_schedule().await;
    let viewer = product.viewer().await;
    upstream.plays(json!([connection("A")]));
    assert_eq!(view(&viewer, &id).await, json!({"playlist_url": playlist("A")}));
    let asked = upstream.requests().into_iter().filter(|(target, _)| target == LIST).collect::<Vec<_>>();
    assert_eq!(asked, [(LIST.to_owned(), json!({"channel_id": "channel-001"}))]);
    let presenter = product.presenter().await;
    presenter.get(&format!("/api/view?schedule_id={id}")).await.refused(403, "permission_denied");
}

#[tokio::test]
async fn before_anybody_publishes_a_viewer_is_told_when_to_ask_again() {
    let (_upstream, _product, master, id) = product_with_schedule().await;
    let answer = master.get(&format!("/api/view?schedule_id={id}")).await;
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
    answer.refused(404, "not_live");
}

#[tokio::test]
async fn the_newest_connection_is_shown_whatever_the_order_and_never_a_dead_one() {
    let (upstream, _product, master, id) = product_with_schedule().await;
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
    let (upstream, _product, master, id) = product_with_schedule().await;
    let path = format!("/api/view?schedule_id={id}");
    for unready in [
        json!({"connection_id": "B", "playlist_url": null}),
        json!({"connection_id": "B"}),
        json!({"connection_id": "B", "playlist_url": ""}),
    ] {
        upstream.plays(json!([unready, connection("A")]));
        assert_eq!(view(&master, &id).await["playlist_url"], playlist("A"));
        upstream.plays(json!([unready]));
        master.get(&path).await.refused(404, "not_live");
    }
}

#[tokio::test]
async fn many_viewers_see_the_same_playlist() {
    let (upstream, _product, master, id) = product_with_schedule().await;
    upstream.plays(json!([connection("A"), connection("B")]));
    let answers = futures_util::future::join_all((0..20).map(|_| view(&master, &id))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn an_odd_entry_does_not_hide_a_playlist_from_viewers() {
    let (upstream, _product, master, id) = product_with_schedule().await;
    let odd = [json!(null), json!({"connection_id": "Z"}), json!({"connection_id": "Z", "playlist_url": "data:,x"})];
    upstream.plays(json!([odd[0], odd[1], connection("A"), odd[2]]));
    assert_eq!(view(&master, &id).await["playlist_url"], playlist("A"));
}

#[tokio::test]
async fn what_imageflux_does_not_tell_a_viewer_is_not_told() {
    let (upstream, _product, master, id) = product_with_schedule().await;
    let path = format!("/api/view?schedule_id={id}");
    let hls = |hls: Value| Mood::Babbles(json!({"channel_id": "channel-001", "hls": hls}).to_string());
    let moods = [
        (Mood::Answers(400, r#"{"error": "channel-001 is odd"}"#.to_owned()), 502, "imageflux_failed"),
        (Mood::Answers(401, String::new()), 502, "imageflux_failed"),
        (Mood::Answers(404, String::new()), 502, "imageflux_failed"),
        (Mood::Answers(500, String::new()), 502, "imageflux_failed"),
        (Mood::Answers(429, String::new()), 503, "unavailable"),
        (Mood::Babbles("<html>".to_owned()), 502, "imageflux_failed"),
        (Mood::Babbles("{}".to_owned()), 502, "imageflux_failed"),
        (hls(json!(null)), 502, "imageflux_failed"),
        (hls(json!([{"connection_id": "A", "playlist_url": 7}])), 404, "not_live"),
        (hls(json!([{"connection_id": "A", "playlist_url": "javascript:alert(1)"}])), 404, "not_live"),
        (Mood::DropsAfterwards, 502, "imageflux_failed"),
    ];
    for (mood, status, code) in moods {
        upstream.is(mood);
        let problem = master.get(&path).await.refused(status, code);
        assert!(!problem.to_string().contains("channel-001"), "{problem}");
    }
    upstream.is(Mood::Kind);
    upstream.plays(json!([connection("A")]));
    assert_eq!(view(&master, &id).await["playlist_url"], playlist("A"), "failures are not shared");
}
