//! The simulated ImageFlux, seen from outside: a listener takes its events and answers its questions.

use serde_json::{Value, json};

mod modes;
mod stage;

use stage::{Stage, client, get, types};

#[tokio::test]
async fn publication_is_told_in_two_events_and_plays() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    let published = stage.publish(json!({})).await;
    let events = stage.ear.events();
    assert_eq!(types(&events), ["connection.created", "notify.playlist_url"]);
    let [created, playlist] = [&events[0], &events[1]];
    for event in [created, playlist] {
        assert_eq!(event["channel_id"], stage.channel_id);
        assert_eq!(event["connection_id"], published["connection_id"]);
        assert!(chrono::DateTime::parse_from_rfc3339(event["timestamp"].as_str().unwrap()).is_ok(), "{event}");
    }
    assert_eq!(created["role"], "sendonly");
    assert_eq!(created["data"]["channel_sendonly_connections"], 1);
    assert!(created["id"].is_string() && playlist.get("id").is_none());
    assert_eq!(playlist["playlist_url"], published["playlist_url"]);
    assert_eq!(
        stage.listed().await,
        json!([{"connection_id": published["connection_id"],
                                              "playlist_url": published["playlist_url"]}])
    );

    let url = published["playlist_url"].as_str().unwrap();
    let (status, playlist) = get(url).await;
    assert_eq!(status, 200);
    let media = url.replace("playlist.m3u8", playlist.lines().last().unwrap());
    let (_, media_playlist) = get(&media).await;
    let last = media.replace("media.m3u8", media_playlist.lines().last().unwrap());
    let segment = client().get(&last).send().await.unwrap();
    assert_eq!(segment.headers()["access-control-allow-origin"], "*");
    assert_eq!(segment.bytes().await.unwrap()[0], 0x47, "a transport stream");
    let next = last.replace(".ts", "0.ts");
    assert_eq!(get(&next).await.0, 404, "what is not made yet is not there");
}

#[tokio::test]
async fn dropped_connection_is_told_of_and_plays_no_more() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    let first = stage.publish(json!({})).await;
    let (status, second) = stage.control("reconnect", json!({})).await;
    assert_eq!(status, 200);
    assert_ne!(first["connection_id"], second["connection_id"]);
    let events = stage.ear.events();
    let expected = ["connection.created", "notify.playlist_url", "connection.destroyed"];
    assert_eq!(types(&events), [&expected[..], &expected[..2]].concat());
    assert_eq!(events[2]["connection_id"], first["connection_id"]);
    assert_eq!(get(first["playlist_url"].as_str().unwrap()).await.0, 404);
    assert_eq!(get(second["playlist_url"].as_str().unwrap()).await.0, 200);
    assert_eq!(stage.control("drop", json!({})).await.1["connection_id"], second["connection_id"]);
    assert_eq!(stage.control("drop", json!({})).await.0, 404, "nobody is left");
    assert_eq!(stage.listed().await, json!([]));
}

#[tokio::test]
async fn everybody_is_cut_off_when_the_channel_goes() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    let published = stage.publish(json!({})).await;
    stage.publish(json!({"role": "recvonly"})).await;
    stage.call("ImageFlux_20180501.DeleteChannel", json!({"channel_id": stage.channel_id})).await;
    let events = stage.ear.heard(5).await;
    assert_eq!(types(&events)[3..], ["connection.destroyed", "connection.destroyed"]);
    assert_eq!(get(published["playlist_url"].as_str().unwrap()).await.0, 404);
    assert_eq!(stage.control("publish", json!({})).await.0, 404);
}

#[tokio::test]
async fn who_only_watches_is_told_of_but_has_no_playlist() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    let watching = stage.publish(json!({"role": "recvonly"})).await;
    assert_eq!(watching.get("playlist_url"), None);
    let events = stage.ear.events();
    assert_eq!(types(&events), ["connection.created"]);
    assert_eq!(events[0]["role"], "recvonly");
    assert_eq!(stage.listed().await, json!([]));
}

#[tokio::test]
async fn playlist_is_listed_without_an_address_until_it_is_there() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    let published = stage.publish(json!({"playlist_after_ms": 300})).await;
    assert_eq!(stage.listed().await[0]["playlist_url"], "");
    assert_eq!(get(published["playlist_url"].as_str().unwrap()).await.0, 404);
    assert_eq!(types(&stage.ear.heard(2).await), ["connection.created", "notify.playlist_url"]);
    assert_eq!(stage.listed().await[0]["playlist_url"], published["playlist_url"]);
}

#[tokio::test]
async fn nobody_is_let_in_whom_the_webhook_refuses() {
    let stage = Stage::set(&["auth_webhook_url", "event_webhook_url"]).await;
    stage.ear.answer(json!({"allowed": false, "reason": "NOT_YET"}));
    let refused = stage.control("publish", json!({"metadata": {"access_token": "x"}})).await;
    assert_eq!(refused, (403, json!({"ok": false, "error": "refused", "reason": "NOT_YET"})));
    for nonsense in [json!({}), json!(null), json!({"allowed": "yes"})] {
        stage.ear.answer(nonsense);
        assert_eq!(stage.control("publish", json!({})).await.0, 403);
    }
    assert_eq!(stage.listed().await, json!([]));
    assert_eq!(stage.ear.events(), [] as [Value; 0]);
}

#[tokio::test]
async fn webhook_is_asked_what_the_client_says() {
    let stage = Stage::set(&["auth_webhook_url", "event_webhook_url"]).await;
    stage.ear.answer(json!({"allowed": true, "client_id": "u7", "event_metadata": {"user_id": 7}}));
    for metadata in [json!({"access_token": "x"}), json!("x"), json!(""), json!(null)] {
        stage.publish(json!({"metadata": metadata, "whip": true})).await;
        let question = stage.ear.questions.lock().unwrap().last().cloned().unwrap();
        assert_eq!(question.get("metadata"), Some(&metadata));
        assert_eq!((&question["role"], &question["whip"]), (&json!("sendonly"), &json!(true)));
        assert_eq!(question["channel_id"], stage.channel_id);
    }
    stage.publish(json!({})).await;
    let question = stage.ear.questions.lock().unwrap().last().cloned().unwrap();
    assert_eq!((question.get("metadata"), &question["channel_connections"]), (None, &json!(4)));
    let events = stage.ear.events();
    let created = events.iter().rfind(|event| event["type"] == "connection.created").unwrap();
    assert_eq!((&created["client_id"], &created["event_metadata"]["user_id"]), (&json!("u7"), &json!(7)));
    assert_eq!(created["connection_id"], question["connection_id"]);
}
