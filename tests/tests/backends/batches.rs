//! A batch that comes in part: what was read is kept, and only the rest is asked for again.

use serde_json::{Value as Json, json};
use shared::table::Key;

use crate::stub::{Asked, Reply, Stub};
use crate::table::{answer, assert_unavailable, error, item_json, key, table, throttled};

fn keys_in(asked: &Asked) -> Vec<Json> {
    asked.body["RequestItems"]["the table"]["Keys"].as_array().expect("keys").clone()
}

fn names(keys: &[Json]) -> Vec<&str> {
    keys.iter().map(|key| key["SK"]["S"].as_str().expect("a sort key")).collect()
}

/// The items of the first keys but those named `absent...`, and the rest unread.
fn reading(asked: &Asked, number: usize) -> Reply {
    let keys = keys_in(asked);
    let (read, rest) = keys.split_at(number.min(keys.len()));
    let there = names(read).into_iter().filter(|sk| !sk.starts_with("absent"));
    let items: Vec<Json> = there.map(|sk| item_json(&[("PK", "P"), ("SK", sk), ("v", sk)])).collect();
    let unread = if rest.is_empty() { json!({}) } else { json!({"the table": {"Keys": rest, "ConsistentRead": true}}) };
    answer(&json!({"Responses": {"the table": items}, "UnprocessedKeys": unread}))
}

fn keys<const N: usize>(names: [&str; N]) -> [Key; N] {
    names.map(key)
}

async fn read<const N: usize>(stub: &Stub, names: [&str; N]) -> [Option<String>; N] {
    let items = table(stub).get_all(&keys(names)).await.unwrap();
    items.map(|item| item.map(|item| format!("{:?}", item.get("v").unwrap())))
}

#[tokio::test]
async fn a_whole_batch_is_one_request_and_keeps_the_order_of_the_keys() {
    let stub = Stub::answering(|_, asked| {
        let mut items = vec![item_json(&[("PK", "P"), ("SK", "b"), ("v", "2")])];
        items.push(item_json(&[("PK", "P"), ("SK", "a"), ("v", "1")]));
        assert_eq!(names(&keys_in(asked)), ["a", "absent", "b"]);
        answer(&json!({"Responses": {"the table": items}, "UnprocessedKeys": {}}))
    })
    .await;
    assert_eq!(read(&stub, ["a", "absent", "b"]).await, [Some("S(\"1\")".into()), None, Some("S(\"2\")".into())]);
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn only_unread_keys_are_asked_for_again_and_strongly() {
    let stub = Stub::answering(|_, asked| reading(asked, 1)).await;
    let values = read(&stub, ["a", "absent", "c", "d"]).await;
    assert_eq!(values, [Some("S(\"a\")".into()), None, Some("S(\"c\")".into()), Some("S(\"d\")".into())]);
    let asked: Vec<String> = stub.asked().iter().map(|asked| names(&keys_in(asked)).join(" ")).collect();
    assert_eq!(asked, ["a absent c d", "absent c d", "c d", "d"]);
    // By the same operation, too: a role that may read batches of a key need not be allowed single reads of it.
    assert!(stub.asked().iter().all(|asked| asked.operation() == "BatchGetItem"));
    assert!(stub.asked().iter().all(|asked| asked.body["RequestItems"]["the table"]["ConsistentRead"] == true));
}

#[tokio::test]
async fn a_batch_may_come_one_key_at_a_time_however_many_there_are() {
    let stub = Stub::answering(|_, asked| reading(asked, 1)).await;
    let letters: [String; 20] = std::array::from_fn(|number| format!("k{number:02}"));
    assert!(read(&stub, letters.each_ref().map(String::as_str)).await.iter().all(Option::is_some));
    assert_eq!(stub.asked().len(), 20);
}

#[tokio::test]
async fn what_was_read_is_kept_when_the_rest_is_throttled() {
    let stub = Stub::answering(|number, asked| if number == 1 { throttled() } else { reading(asked, 2) }).await;
    assert!(read(&stub, ["a", "b", "c", "d"]).await.iter().all(Option::is_some));
    let asked: Vec<String> = stub.asked().iter().map(|asked| names(&keys_in(asked)).join(" ")).collect();
    assert_eq!(asked, ["a b c d", "c d", "c d"]);
}

#[tokio::test]
async fn keys_that_stay_unread_are_never_read_as_absent() {
    let stub = Stub::answering(|number, asked| reading(asked, usize::from(number == 0))).await;
    assert_unavailable(table(&stub).get_all(&keys(["a", "b"])).await);
    assert_eq!(stub.asked().len(), 9, "one that read a key, and eight that read none");
    stub.now_answers(|number, asked| if number == 0 { reading(asked, 1) } else { error(400, "ValidationException") });
    assert!(table(&stub).get_all(&keys(["a", "b"])).await.is_err());
}

#[tokio::test]
async fn no_keys_are_no_request() {
    let stub = Stub::answering(|_, _| panic!("nothing to ask for")).await;
    assert!(table(&stub).get_all(&[]).await.is_ok());
}
