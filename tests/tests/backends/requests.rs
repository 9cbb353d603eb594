//! Single requests, member by member, and what is read from their answers.

use serde_json::{Value as Json, json};
use shared::table::{Change, Condition, Effect, Item, Query, Range, Table, Value, Write, Written};

use crate::stub::{Reply, Stub};
use crate::table::{answer, done, error_with, item, item_json, key, key_json, table, text};

/// What the table was asked, as DynamoDB reads it.
async fn asked_by<T>(call: impl AsyncFnOnce(Table) -> T) -> (String, Json) {
    let stub = Stub::answering(|_, _| done()).await;
    call(table(&stub)).await;
    let asked = stub.asked();
    assert_eq!(asked.len(), 1);
    (asked[0].operation().to_owned(), asked[0].body.clone())
}

fn put(condition: Option<Condition>) -> Write {
    Write { key: key("a"), effect: Effect::Put(item(&[("v", "1")])), condition }
}

fn condition_failed(found: Option<Json>) -> Reply {
    let found = found.map_or(json!({}), |item| json!({"Item": item}));
    error_with(400, "ConditionalCheckFailedException", found)
}

#[tokio::test]
async fn a_get_is_strong() {
    let (operation, body) = asked_by(async |table| table.get(&key("a")).await.unwrap()).await;
    assert_eq!(operation, "GetItem");
    let expected = json!({"TableName": "the table", "Key": key_json("a"), "ConsistentRead": true,
                          "ReturnConsumedCapacity": "TOTAL"});
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_get_tells_an_item_from_none() {
    let found = json!({"Item": item_json(&[("PK", "P"), ("SK", "a"), ("v", "1")])});
    let stub = Stub::answering(move |number, _| if number == 0 { answer(&found) } else { done() }).await;
    let table = table(&stub);
    assert_eq!(table.get(&key("a")).await.unwrap(), Some(item(&[("PK", "P"), ("SK", "a"), ("v", "1")])));
    assert_eq!(table.get(&key("a")).await.unwrap(), None);
}

#[tokio::test]
async fn a_batch_is_strong() {
    let (operation, body) = asked_by(async |table| table.get_all(&[key("a"), key("b")]).await.unwrap()).await;
    assert_eq!(operation, "BatchGetItem");
    let keys = json!({"Keys": [key_json("a"), key_json("b")], "ConsistentRead": true});
    assert_eq!(body, json!({"RequestItems": {"the table": keys}, "ReturnConsumedCapacity": "TOTAL"}));
}

#[tokio::test]
async fn a_query_names_its_range_its_order_and_its_limit() {
    let ranges = [
        (Range::All, "#pk = :pk"),
        (Range::Below("m".to_owned()), "#pk = :pk AND #sk < :sk"),
        (Range::AtMost("m".to_owned()), "#pk = :pk AND #sk <= :sk"),
        (Range::Above("m".to_owned()), "#pk = :pk AND #sk > :sk"),
    ];
    for (range, words) in ranges {
        for (descending, limit) in [(false, None), (true, Some(7))] {
            let query = Query { pk: "P".to_owned(), range: range.clone(), descending, limit };
            let (operation, body) = asked_by(async |table| table.query(&query).await.unwrap()).await;
            assert_eq!(operation, "Query");
            let mut expected = json!({
                "TableName": "the table", "KeyConditionExpression": words, "ScanIndexForward": !descending,
                "ConsistentRead": true, "ReturnConsumedCapacity": "TOTAL",
                "ExpressionAttributeNames": {"#pk": "PK"}, "ExpressionAttributeValues": {":pk": {"S": "P"}},
            });
            if range != Range::All {
                expected["ExpressionAttributeNames"]["#sk"] = json!("SK");
                expected["ExpressionAttributeValues"][":sk"] = json!({"S": "m"});
            }
            if let Some(limit) = limit {
                expected["Limit"] = json!(limit);
            }
            assert_eq!(body, expected);
        }
    }
}

#[tokio::test]
async fn a_query_goes_on_after_each_page_until_it_has_all_or_enough() {
    let pages = |number: usize, _: &_| {
        let sks = [["a", "b"], ["c", "d"], ["e", "f"]][number];
        let items: Vec<Json> = sks.iter().map(|sk| item_json(&[("PK", "P"), ("SK", sk)])).collect();
        let mut page = json!({"Items": items});
        if number < 2 {
            page["LastEvaluatedKey"] = key_json(sks[1]);
        }
        answer(&page)
    };
    let stub = Stub::answering(pages).await;
    for (limit, found, limits) in
        [(None, 6, json!([null, null, null])), (Some(6), 6, json!([6, 4, 2])), (Some(4), 4, json!([4, 2]))]
    {
        stub.now_answers(pages);
        let query = Query { pk: "P".to_owned(), range: Range::All, descending: false, limit };
        assert_eq!(table(&stub).query(&query).await.unwrap().len(), found);
        let asked = stub.asked();
        let each = |member: &str| -> Vec<Json> { asked.iter().map(|asked| asked.body[member].clone()).collect() };
        assert_eq!(json!(each("Limit")), limits);
        assert_eq!(each("ExclusiveStartKey"), [json!(null), key_json("b"), key_json("d")][..asked.len()]);
    }
}

#[tokio::test]
async fn an_empty_page_is_not_the_end() {
    let stub = Stub::answering(|number, _| match number {
        0 => answer(&json!({"Items": [], "LastEvaluatedKey": key_json("a")})),
        _ => answer(&json!({"Items": [item_json(&[("PK", "P"), ("SK", "b")])]})),
    })
    .await;
    let query = Query { pk: "P".to_owned(), range: Range::All, descending: false, limit: Some(1) };
    assert_eq!(table(&stub).query(&query).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_put_asks_for_the_item_that_stood_in_its_way() {
    let (operation, body) = asked_by(async |table| table.write(&put(Some(Condition::Absent))).await.unwrap()).await;
    assert_eq!(operation, "PutItem");
    let expected = json!({
        "TableName": "the table", "Item": item_json(&[("PK", "P"), ("SK", "a"), ("v", "1")]),
        "ConditionExpression": "attribute_not_exists(#PK)", "ExpressionAttributeNames": {"#PK": "PK"},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(body, expected);
    let (_, body) = asked_by(async |table| table.write(&put(None)).await.unwrap()).await;
    assert!(body.get("ConditionExpression").is_none() && body.get("ExpressionAttributeNames").is_none());
}

#[tokio::test]
async fn an_update_asks_for_the_item_as_it_became() {
    let changes = vec![
        Change::Set("name", text("n")),
        Change::Add("count", -2),
        Change::Remove("old"),
        Change::Set("other", Value::N("5".to_owned())),
    ];
    let write = Write { key: key("a"), effect: Effect::Update(changes), condition: Some(Condition::Present) };
    let (operation, body) = asked_by(async |table| table.write(&write).await.unwrap()).await;
    assert_eq!(operation, "UpdateItem");
    let expected = json!({
        "TableName": "the table", "Key": key_json("a"),
        "UpdateExpression": "SET #name = :v0, #other = :v2 ADD #count :v1 REMOVE #old",
        "ConditionExpression": "attribute_exists(#PK)",
        "ExpressionAttributeNames":
            {"#PK": "PK", "#name": "name", "#count": "count", "#old": "old", "#other": "other"},
        "ExpressionAttributeValues": {":v0": {"S": "n"}, ":v1": {"N": "-2"}, ":v2": {"N": "5"}},
        "ReturnValues": "ALL_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_delete_says_every_kind_of_condition() {
    let condition = Condition::All(vec![
        Condition::Missing("m"),
        Condition::Equals("e", text("1")),
        Condition::Any(vec![
            Condition::AtMost("x", text("2")),
            Condition::AtLeast("y", text("3")),
            Condition::Above("z", text("4")),
        ]),
    ]);
    let write = Write { key: key("a"), effect: Effect::Delete, condition: Some(condition) };
    let (operation, body) = asked_by(async |table| table.write(&write).await.unwrap()).await;
    assert_eq!(operation, "DeleteItem");
    let expected = json!({
        "TableName": "the table", "Key": key_json("a"),
        "ConditionExpression": "(attribute_not_exists(#m) AND #e = :v0 AND (#x <= :v1 OR #y >= :v2 OR #z > :v3))",
        "ExpressionAttributeNames": {"#m": "m", "#e": "e", "#x": "x", "#y": "y", "#z": "z"},
        "ExpressionAttributeValues":
            {":v0": {"S": "1"}, ":v1": {"S": "2"}, ":v2": {"S": "3"}, ":v3": {"S": "4"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(body, expected);
}

async fn refused(write: &Write, found: Option<Json>) -> Option<Item> {
    let stub = Stub::answering(move |_, _| condition_failed(found.clone())).await;
    let written = table(&stub).write(write).await.unwrap();
    assert_eq!(stub.asked().len(), 1, "a refusal is an answer");
    let Written::Refused(found) = written else { panic!("{written:?}") };
    found
}

#[tokio::test]
async fn each_refusal_shows_the_item_that_was_found() {
    let update = Effect::Update(vec![Change::Remove("old")]);
    for effect in [Effect::Put(item(&[("v", "1")])), update, Effect::Delete] {
        let write = Write { key: key("a"), effect, condition: Some(Condition::Missing("v")) };
        assert_eq!(refused(&write, Some(item_json(&[("v", "2")]))).await, Some(item(&[("v", "2")])));
        assert_eq!(refused(&write, None).await, None);
        assert_eq!(refused(&write, Some(json!({}))).await, None);
    }
}

#[tokio::test]
async fn only_an_update_shows_the_item_as_it_became() {
    let after = json!({"Attributes": item_json(&[("v", "2")])});
    let stub = Stub::answering(move |_, _| answer(&after)).await;
    let update = Effect::Update(vec![Change::Set("v", text("2"))]);
    let write = Write { key: key("a"), effect: update, condition: None };
    let written = table(&stub).write(&write).await.unwrap();
    assert!(matches!(&written, Written::Done(Some(now)) if *now == item(&[("v", "2")])), "{written:?}");
    for effect in [Effect::Put(item(&[])), Effect::Delete] {
        let write = Write { key: key("a"), effect, condition: None };
        assert!(matches!(table(&stub).write(&write).await.unwrap(), Written::Done(None)));
    }
}

#[tokio::test]
async fn a_create_recognises_its_own_success_after_a_lost_answer() {
    let own = item_json(&[("PK", "P"), ("SK", "a"), ("v", "1")]);
    let foreign = item_json(&[("PK", "P"), ("SK", "a"), ("v", "2")]);
    let lost_then = async |write: &Write, found: &Json| {
        let found = found.clone();
        let reply = move |number, _: &_| match number {
            0 => Reply::Drops,
            _ => condition_failed(Some(found.clone())),
        };
        let stub = Stub::answering(reply).await;
        table(&stub).write(write).await.unwrap()
    };
    assert!(matches!(lost_then(&put(Some(Condition::Absent)), &own).await, Written::Done(None)));
    let written = lost_then(&put(Some(Condition::Absent)), &foreign).await;
    assert!(matches!(&written, Written::Refused(Some(_))), "{written:?}");
    let written = lost_then(&put(Some(Condition::Missing("v"))), &own).await;
    assert!(matches!(&written, Written::Refused(Some(_))), "{written:?}");
}
