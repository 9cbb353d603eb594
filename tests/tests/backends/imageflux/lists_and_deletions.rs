//! Lists are read entry by entry, and only a list shows that a channel is gone.

use serde_json::{Value as Json, json};
use shared::domain::channel::Listed;
use shared::imageflux::ImageFluxError;

use super::{imageflux, now, over_tls, status};
use crate::stub::{Reply, Stub};
use crate::table::answer;

#[tokio::test]
async fn one_odd_entry_of_a_list_is_skipped_and_not_the_list() {
    let odd = [
        json!(null),
        json!("a string"),
        json!({}),
        json!({"playlist_url": "https://a.example/1.m3u8"}),
        json!({"connection_id": null, "playlist_url": "https://a.example/2.m3u8"}),
        json!({"connection_id": 3, "playlist_url": "https://a.example/3.m3u8"}),
        json!({"connection_id": "", "playlist_url": "https://a.example/4.m3u8"}),
        json!({"connection_id": "c5"}),
        json!({"connection_id": "c6", "playlist_url": null}),
        json!({"connection_id": "c7", "playlist_url": ""}),
        json!({"connection_id": "c8", "playlist_url": 8}),
        json!({"connection_id": "c9", "playlist_url": "javascript:alert(1)"}),
        json!({"connection_id": "c10", "playlist_url": "http://a.example/10.m3u8"}),
        json!({"connection_id": "c11", "playlist_url": "https://user:pw@a.example/11.m3u8"}),
        json!({"connection_id": "c12", "playlist_url": format!("https://a.example/{}", "x".repeat(2048))}),
        json!({"connection_id": "x".repeat(256), "playlist_url": "https://a.example/13.m3u8"}),
    ];
    let good = json!({"connection_id": "good", "playlist_url": "HTTPS://a.example/good.m3u8", "more": 1});
    let mut hls = odd.to_vec();
    hls.insert(7, good);
    let stub = Stub::answering(move |_, _| answer(&json!({"channel_id": "c", "hls": hls}))).await;
    let playing = |listed: Vec<Listed>| listed.into_iter().filter_map(|one| one.playlist_url).collect::<Vec<_>>();
    let listed = over_tls(&stub).list_publishers("c").await.unwrap();
    let ids: Vec<&str> = listed.iter().map(|listed| listed.connection_id.as_str()).collect();
    assert_eq!(
        ids,
        ["good", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12"],
        "they publish, whatever their address"
    );
    assert_eq!(playing(listed), ["HTTPS://a.example/good.m3u8"]);
    let plain = playing(imageflux(&stub).list_publishers("c").await.unwrap());
    assert_eq!(plain.len(), 2, "and the one over http");
    assert_eq!(stub.asked()[0].body, json!({"channel_id": "c"}));
}

#[tokio::test]
async fn a_list_of_another_channel_or_shape_is_a_failure() {
    for body in [json!({"channel_id": "d", "hls": []}), json!({"channel_id": "c"}), json!([]), json!({"hls": {}})] {
        let stub = Stub::answering(move |_, _| answer(&body)).await;
        let failed = imageflux(&stub).list_publishers("c").await.err().unwrap();
        assert!(matches!(failed, ImageFluxError::Failed(_)), "{failed:?}");
    }
    let stub = Stub::answering(|_, _| answer(&json!({"hls": []}))).await;
    assert!(imageflux(&stub).list_publishers("c").await.unwrap().is_empty());
}

#[tokio::test]
async fn of_an_answer_sixty_four_kibibytes_are_read_to_the_byte() {
    for (length, is_read) in [(65_536, true), (65_537, false)] {
        let bare = json!({"hls": [], "padding": ""}).to_string();
        let body = json!({"hls": [], "padding": "x".repeat(length - bare.len())}).to_string();
        let stub = Stub::answering(move |_, _| Reply::Answers(200, body.clone())).await;
        assert_eq!(imageflux(&stub).list_publishers("c").await.is_ok(), is_read, "{length}");
    }
}

#[tokio::test]
async fn odd_ids_are_skipped_in_the_list_of_channels() {
    let stub = Stub::answering(|_, _| answer(&json!({"channel_ids": ["a", null, 5, {"channel_id": "x"}, "b"]}))).await;
    assert_eq!(imageflux(&stub).list_channel_ids().await.unwrap(), ["a", "b"]);
}

/// Deletes a channel that is answered so, where the list says this.
async fn delete(deleted: u16, listed: Json) -> (Result<(), ImageFluxError>, Vec<String>) {
    let stub = Stub::answering(move |_, asked| match asked.operation() {
        "DeleteChannel" => status(deleted),
        _ => answer(&json!({"channel_ids": listed})),
    })
    .await;
    let outcome = imageflux(&stub).delete_channel("c").await;
    (outcome, stub.asked().iter().map(|asked| asked.operation().to_owned()).collect())
}

#[tokio::test]
async fn a_deletion_is_done_when_it_says_so_whatever_it_says() {
    for done in [200, 202, 204] {
        let (outcome, asked) = delete(done, json!(["c"])).await;
        assert_eq!((outcome, asked.len()), (Ok(()), 1));
    }
}

#[tokio::test]
async fn only_the_list_shows_that_a_channel_is_gone() {
    for unknown in [400, 404, 409, 410, 422] {
        assert_eq!(delete(unknown, json!(["other"])).await.0, Ok(()), "{unknown}");
        assert!(delete(unknown, json!(["other", "c"])).await.0.is_err(), "{unknown}");
        assert!(delete(unknown, json!(["other", {"channel_id": "c"}])).await.0.is_err(), "{unknown}");
        assert!(delete(unknown, json!(null)).await.0.is_err(), "{unknown}");
    }
}

#[tokio::test]
async fn who_is_not_let_in_or_is_too_early_does_not_take_a_channel_for_gone() {
    for refused in [401, 403, 429] {
        let (outcome, asked) = delete(refused, json!([])).await;
        assert!(outcome.is_err(), "{refused}");
        assert_eq!(asked, ["DeleteChannel"]);
    }
    for failed in [500, 503] {
        let (outcome, asked) = delete(failed, json!([])).await;
        assert!(outcome.is_err(), "{failed}");
        assert_eq!(asked, ["DeleteChannel", "DeleteChannel"], "a deletion may be repeated, once");
    }
}

#[tokio::test]
async fn who_publishes_is_asked_once_whatever_is_answered() {
    let stub = Stub::answering(|_, _| status(200)).await;
    for fault in [400, 401, 404, 429, 500, 503] {
        stub.now_answers(move |_, _| status(fault));
        let failed = imageflux(&stub).list_publishers("c").await.err().unwrap();
        assert!(!matches!(failed, ImageFluxError::Rejected(_)), "only we chose the channel");
        assert_eq!(stub.asked().len(), 1, "{fault}");
    }
    stub.now_answers(|_, _| Reply::Drops);
    assert!(imageflux(&stub).list_publishers("c").await.is_err());
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn who_publishes_is_waited_for_three_seconds() {
    let stub = Stub::answering(|_, _| Reply::Hangs).await;
    let started = now();
    assert_eq!(imageflux(&stub).list_publishers("c").await.err(), Some(ImageFluxError::TimedOut));
    assert!((3_000..4_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn the_list_of_channels_is_asked_for_once_more_after_a_failure_and_never_after_an_answer() {
    let listed = json!({"channel_ids": []});
    let stub = Stub::answering(|_, _| status(200)).await;
    for fault in [500, 503] {
        let listed = listed.clone();
        stub.now_answers(move |number, _| if number == 0 { status(fault) } else { answer(&listed) });
        assert!(imageflux(&stub).list_channel_ids().await.is_ok());
    }
    let again = listed.clone();
    stub.now_answers(move |number, _| if number == 0 { Reply::Drops } else { answer(&again) });
    assert!(imageflux(&stub).list_channel_ids().await.is_ok());
    for fault in [400, 401, 404, 429] {
        stub.now_answers(move |_, _| status(fault));
        assert!(imageflux(&stub).list_channel_ids().await.is_err());
        assert_eq!(stub.asked().len(), 1, "{fault}");
    }
}

#[tokio::test]
async fn the_list_of_channels_is_given_three_seconds_twice() {
    let stub = Stub::answering(|_, _| Reply::Hangs).await;
    let started = now();
    assert_eq!(imageflux(&stub).list_channel_ids().await.err(), Some(ImageFluxError::TimedOut));
    assert!((6_000..7_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn an_upstream_that_fails_for_long_is_not_asked_twice_as_often() {
    let stub = Stub::answering(|_, _| status(503)).await;
    let imageflux = imageflux(&stub);
    for _ in 0..110 {
        imageflux.list_channel_ids().await.unwrap_err();
    }
    assert_eq!(stub.asked().len(), 110 + 100, "a process repeats a hundred times");
    stub.now_answers(|_, _| answer(&json!({"channel_ids": []})));
    for _ in 0..5 {
        imageflux.clone().list_channel_ids().await.unwrap();
    }
    stub.now_answers(|_, _| status(503));
    for _ in 0..2 {
        imageflux.list_channel_ids().await.unwrap_err();
    }
    assert_eq!(stub.asked().len(), 3, "five successes buy one repetition");
}
