//! Transactions, member by member, and what is read from their cancellations.

use serde_json::{Value as Json, json};
use shared::table::{Change, Condition, Effect, Refusal, TableError, Transacted, Write};

use crate::stub::{Reply, Stub};
use crate::table::{
    assert_broken, assert_unavailable, done, error, error_with, item, item_json, key, key_json, table, text, throttled,
};

fn writes() -> Vec<Write> {
    let names: Vec<String> = (0..40).map(|number| format!("member {number}")).collect();
    let members: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    vec![
        Write { key: key("a"), effect: Effect::Put(item(&members)), condition: Some(Condition::Absent) },
        Write {
            key: key("b"),
            effect: Effect::Update(vec![Change::Set("v", text("2")), Change::Add("n", 1)]),
            condition: Some(Condition::Equals("v", text("1"))),
        },
        Write { key: key("c"), effect: Effect::Delete, condition: Some(Condition::Present) },
    ]
}

/// By index of the write: why it was cancelled, and perhaps on what item.
fn cancelled(reasons: &Json) -> Reply {
    error_with(400, "TransactionCanceledException", json!({"CancellationReasons": reasons}))
}

async fn transact_with(reply: impl Fn() -> Reply + Send + 'static) -> (Result<Transacted, TableError>, usize) {
    let stub = Stub::answering(move |_, _| reply()).await;
    let outcome = table(&stub).transact(&writes()).await;
    (outcome, stub.asked().len())
}

#[tokio::test]
async fn a_transaction_says_each_write_whole() {
    let stub = Stub::answering(|_, _| done()).await;
    let write = Write { key: key("a"), effect: Effect::Put(item(&[("v", "1")])), condition: Some(Condition::Absent) };
    let bare = Write { key: key("d"), effect: Effect::Delete, condition: None };
    let check = Write { key: key("e"), effect: Effect::Check, condition: Some(Condition::Equals("v", text("9"))) };
    let all = [write, writes().remove(1), writes().remove(2), bare, check];
    assert!(matches!(table(&stub).transact(&all).await.unwrap(), Transacted::Done));
    let asked = &stub.asked()[0];
    assert_eq!(asked.operation(), "TransactWriteItems");
    let mut body = asked.body.clone();
    let token = body["ClientRequestToken"].take();
    assert_eq!(token.as_str().unwrap().len(), 36);
    let expected = json!({
        "ClientRequestToken": null, "ReturnConsumedCapacity": "TOTAL",
        "TransactItems": [
            {"Put": {
                "TableName": "the table", "Item": item_json(&[("PK", "P"), ("SK", "a"), ("v", "1")]),
                "ConditionExpression": "attribute_not_exists(#PK)", "ExpressionAttributeNames": {"#PK": "PK"},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }},
            {"Update": {
                "TableName": "the table", "Key": key_json("b"),
                "UpdateExpression": "SET #v = :v1 ADD #n :v2", "ConditionExpression": "#v = :v0",
                "ExpressionAttributeNames": {"#v": "v", "#n": "n"},
                "ExpressionAttributeValues": {":v0": {"S": "1"}, ":v1": {"S": "2"}, ":v2": {"N": "1"}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }},
            {"Delete": {
                "TableName": "the table", "Key": key_json("c"),
                "ConditionExpression": "attribute_exists(#PK)", "ExpressionAttributeNames": {"#PK": "PK"},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }},
            {"Delete": {
                "TableName": "the table", "Key": key_json("d"), "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }},
            {"ConditionCheck": {
                "TableName": "the table", "Key": key_json("e"), "ConditionExpression": "#v = :v0",
                "ExpressionAttributeNames": {"#v": "v"}, "ExpressionAttributeValues": {":v0": {"S": "9"}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }},
        ],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn repetitions_are_the_same_to_the_byte_and_carry_one_token() {
    let fates = |number: usize, _: &_| match number {
        0 => Reply::Drops,
        1 => error(400, "TransactionInProgressException"),
        2 => error(400, "IdempotentParameterMismatchException"),
        3 => throttled(),
        4 => cancelled(&json!([{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}])),
        _ => done(),
    };
    let stub = Stub::answering(fates).await;
    let table = table(&stub);
    assert!(matches!(table.transact(&writes()).await.unwrap(), Transacted::Done));
    let asked = stub.asked();
    assert_eq!(asked.len(), 6);
    assert!(asked.iter().all(|again| again.text == asked[0].text));
    assert!(asked.iter().all(|again| again.header("content-length") == again.text.len().to_string()));

    stub.now_answers(|_, _| done());
    table.transact(&writes()).await.unwrap();
    let next = &stub.asked()[0].body["ClientRequestToken"];
    assert_ne!(*next, asked[0].body["ClientRequestToken"], "another decision has another token");
}

#[tokio::test]
async fn a_token_that_stays_in_use_is_an_unknown_outcome_and_no_bug() {
    for code in ["TransactionInProgressException", "IdempotentParameterMismatchException"] {
        let (outcome, attempts) = transact_with(move || error(400, code)).await;
        assert_unavailable(outcome);
        assert_eq!(attempts, 8);
    }
}

#[tokio::test]
async fn refusals_are_told_by_the_index_of_the_write() {
    let found = item_json(&[("v", "7")]);
    let reasons = json!([
        {"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": found}, {"Code": "ConditionalCheckFailed"},
    ]);
    let (outcome, attempts) = transact_with(move || cancelled(&reasons)).await;
    assert_eq!(attempts, 1, "a refusal is an answer");
    let Ok(Transacted::Refused(refusals)) = outcome else { panic!("{outcome:?}") };
    let [Refusal::Passed, Refusal::Failed(Some(found)), Refusal::Failed(None)] = &refusals[..] else {
        panic!("{refusals:?}")
    };
    assert_eq!(*found, item(&[("v", "7")]));
}

#[tokio::test]
async fn a_failed_condition_outweighs_a_conflict() {
    for other in ["TransactionConflict", "ThrottlingError", "ValidationError"] {
        let reasons = json!([{"Code": other}, {"Code": "ConditionalCheckFailed"}, {"Code": "None"}]);
        let (outcome, _) = transact_with(move || cancelled(&reasons)).await;
        let Ok(Transacted::Refused(refusals)) = outcome else { panic!("{other}: {outcome:?}") };
        let failed: Vec<bool> = refusals.iter().map(Refusal::is_failed).collect();
        assert_eq!(failed, [false, true, false]);
    }
}

#[tokio::test]
async fn a_cancellation_that_may_pass_is_sent_again() {
    let passing = [
        json!([{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}]),
        json!([{"Code": "None"}, {"Code": "ThrottlingError"}, {"Code": "None"}]),
        json!([{"Code": "None"}, {"Code": "None"}, {"Code": "ProvisionedThroughputExceeded"}]),
        json!([{"Code": "None"}, {"Code": "None"}, {"Code": "SomethingNew"}]),
        json!([{"Code": "None"}, {"Code": "None"}, {"Code": "None"}]),
        json!([{}, {}, {}]),
        json!([]),
        json!(null),
    ];
    for reasons in passing {
        let stub = {
            let reasons = reasons.clone();
            Stub::answering(move |number, _| if number == 0 { cancelled(&reasons) } else { done() }).await
        };
        let outcome = table(&stub).transact(&writes()).await;
        assert!(matches!(outcome, Ok(Transacted::Done)), "{reasons}: {outcome:?}");
        assert_eq!(stub.asked().len(), 2, "{reasons}");
        let (outcome, attempts) = transact_with(move || cancelled(&reasons)).await;
        assert_unavailable(outcome);
        assert_eq!(attempts, 8);
    }
}

#[tokio::test]
async fn a_cancellation_that_lasts_is_our_own_fault() {
    for code in ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"] {
        for other in ["None", "TransactionConflict"] {
            let reasons = json!([{"Code": other}, {"Code": code}, {"Code": "None"}]);
            let (outcome, attempts) = transact_with(move || cancelled(&reasons)).await;
            assert_broken(outcome);
            assert_eq!(attempts, 1);
        }
    }
}
