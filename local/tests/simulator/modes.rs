//! How events come: in their time, and as they are told to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stage::{Stage, types};

#[tokio::test]
async fn living_connection_tells_how_many_minutes_it_lives() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    stage.publish(json!({})).await;
    // Whoever lives already hears of it.
    stage.mode(json!({"updated_every_ms": 50})).await;
    let events = stage.ear.heard(4).await;
    assert_eq!(types(&events)[2..4], ["connection.updated", "connection.updated"]);
    assert_eq!((&events[2]["data"]["minutes"], &events[3]["data"]["minutes"]), (&json!(1), &json!(2)));
    stage.control("drop", json!({})).await;
    let told = stage.ear.events();
    assert_eq!(told.last().unwrap()["type"], "connection.destroyed");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(stage.ear.events().len(), told.len(), "the dead tell nothing");
}

#[tokio::test]
async fn events_are_doubled_when_told_to() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    stage.mode(json!({"double": 2})).await;
    stage.publish(json!({})).await;
    let events = stage.ear.events();
    assert_eq!(types(&events), [["connection.created"; 3], ["notify.playlist_url"; 3]].concat());
    assert!(events[..3].iter().all(|event| *event == events[0]), "to the letter");
}

#[tokio::test]
async fn events_are_swapped_when_told_to() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    stage.mode(json!({"swap": true})).await;
    stage.publish(json!({})).await;
    assert_eq!(types(&stage.ear.events()), ["notify.playlist_url", "connection.created"]);
    stage.control("drop", json!({})).await;
    let events = stage.ear.heard(3).await;
    assert_eq!(events[2]["type"], "connection.destroyed", "an event that nothing follows comes all the same");
}

#[tokio::test]
async fn events_are_delayed_when_told_to() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    stage.mode(json!({"delay_ms": 2_500})).await;
    stage.publish(json!({})).await;
    assert_eq!(stage.ear.events(), [] as [Value; 0], "whoever publishes does not wait for them");
    assert_eq!(types(&stage.ear.heard(2).await), ["connection.created", "notify.playlist_url"]);
}

#[tokio::test]
async fn events_are_lost_when_told_to() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    stage.mode(json!({"lose": true})).await;
    stage.publish(json!({})).await;
    stage.mode(json!({})).await;
    stage.control("drop", json!({})).await;
    assert_eq!(types(&stage.ear.events()), ["connection.destroyed"]);
    stage.mode(json!({"lose": 0.5, "double": 99})).await;
    stage.publish(json!({"role": "recvonly"})).await;
    let came = stage.ear.events().len() - 1;
    assert!((20..80).contains(&came), "{came} of 100 came");
    for nonsense in [json!({"lose": 2}), json!({"lose": "often"}), json!({"triple": 1})] {
        assert_eq!(stage.control("events", json!({"mode": nonsense})).await.0, 400);
    }
}

#[tokio::test]
async fn mode_of_one_channel_leaves_the_others() {
    let stage = Stage::set(&["event_webhook_url"]).await;
    stage.control("events", json!({"mode": {"lose": true}})).await;
    let other = stage.with_another_channel().await;
    stage.publish(json!({})).await;
    other.publish(json!({})).await;
    assert_eq!(stage.ear.events(), [] as [Value; 0], "the mode without a channel is for all there are and will be");
    stage.mode(json!({})).await;
    stage.publish(json!({})).await;
    other.publish(json!({})).await;
    let events = stage.ear.events();
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event["channel_id"] == stage.channel_id));
}
