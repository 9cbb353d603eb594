//! What is sent again, what is not, how often, and for how long.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::table::{Effect, Query, Range, Table, TableError, Write};

use crate::stub::{Asked, Reply, Stub};
use crate::table::{assert_broken, assert_unavailable, done, error, item, key, table, throttled};

/// A lost or unreadable answer, a service that failed, or a request that was turned away for now.
const AGAIN: [(u16, &str); 20] = [
    (400, "ThrottlingException"),
    (400, "ThrottlingError"),
    (400, "ProvisionedThroughputExceededException"),
    (400, "RequestLimitExceeded"),
    (400, "TransactionConflictException"),
    (400, "ReplicatedWriteConflictException"),
    (400, "InvalidSignatureException"),
    (403, "SignatureDoesNotMatch"),
    (400, "RequestTimeTooSkewed"),
    (400, "RequestExpired"),
    (400, "ExpiredTokenException"),
    (403, "ExpiredToken"),
    (400, "UnrecognizedClientException"),
    (400, "TransactionInProgressException"),
    (400, "IdempotentParameterMismatchException"),
    (500, "InternalServerError"),
    (500, "InternalFailure"),
    (503, "ServiceUnavailable"),
    (503, "ServiceUnavailableException"),
    (500, "SomethingNew"),
];

const NEVER: [&str; 6] = [
    "ValidationException",
    "AccessDeniedException",
    "ResourceNotFoundException",
    "MissingAuthenticationTokenException",
    "ItemCollectionSizeLimitExceededException",
    "SerializationException",
];

const VERBS: [&str; 5] = ["GetItem", "BatchGetItem", "Query", "PutItem", "TransactWriteItems"];

async fn call(table: &Table, verb: &str) -> Result<(), TableError> {
    let write = Write { key: key("a"), effect: Effect::Put(item(&[("v", "1")])), condition: None };
    match verb {
        "GetItem" => table.get(&key("a")).await.map(drop),
        "BatchGetItem" => table.get_all(&[key("a"), key("b")]).await.map(drop),
        "Query" => {
            let query = Query { pk: "P".to_owned(), range: Range::All, descending: false, limit: None };
            table.query(&query).await.map(drop)
        }
        "PutItem" => table.write(&write).await.map(drop),
        _ => table.transact(&[write]).await.map(drop),
    }
}

fn now() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "tests measure how long an answer takes")]
    Instant::now()
}

#[tokio::test]
async fn what_means_again_is_sent_again_by_every_verb() {
    for verb in VERBS {
        let stub = Stub::answering(|_, _| done()).await;
        let table = table(&stub);
        for (status, code) in AGAIN {
            stub.now_answers(move |number, _| if number == 0 { error(status, code) } else { done() });
            call(&table, verb).await.unwrap_or_else(|failed| panic!("{verb} {code}: {failed:?}"));
            let asked = stub.asked();
            assert_eq!(asked.len(), 2, "{verb} {code}");
            assert!(asked.iter().all(|asked| asked.operation() == verb));
        }
    }
}

#[tokio::test]
async fn an_error_without_a_code_is_sent_again() {
    let stub = Stub::answering(|_, _| done()).await;
    let table = table(&stub);
    for (status, body) in [(400, ""), (400, "{}"), (413, "<html>"), (500, ""), (502, "<html>"), (503, "{}")] {
        for verb in VERBS {
            let answer = move || Reply::Answers(status, body.to_owned());
            stub.now_answers(move |number, _| if number == 0 { answer() } else { done() });
            call(&table, verb).await.unwrap_or_else(|failed| panic!("{verb} {status} {body}: {failed:?}"));
            assert_eq!(stub.asked().len(), 2, "{verb} {status} {body}");
        }
    }
}

#[tokio::test]
async fn a_lost_connection_and_an_unreadable_answer_are_sent_again() {
    let stub = Stub::answering(|_, _| done()).await;
    let table = table(&stub);
    for verb in VERBS {
        stub.now_answers(|number, _| if number == 0 { Reply::Drops } else { done() });
        call(&table, verb).await.unwrap_or_else(|failed| panic!("{verb}: {failed:?}"));
        assert_eq!(stub.asked().len(), 2, "{verb}");
        stub.now_answers(|number, _| if number == 0 { Reply::Answers(200, "<html>".to_owned()) } else { done() });
        call(&table, verb).await.unwrap_or_else(|failed| panic!("{verb}: {failed:?}"));
        assert_eq!(stub.asked().len(), 2, "{verb}");
    }
}

#[tokio::test]
async fn what_lasts_is_asked_once_and_is_our_own_fault() {
    let stub = Stub::answering(|_, _| done()).await;
    let table = table(&stub);
    for code in NEVER {
        for verb in VERBS {
            stub.now_answers(move |_, _| error(400, code));
            assert_broken(call(&table, verb).await);
            assert_eq!(stub.asked().len(), 1, "{verb} {code}");
        }
    }
}

#[tokio::test]
async fn eight_attempts_are_enough() {
    let stub = Stub::answering(|_, _| throttled()).await;
    for verb in VERBS {
        stub.now_answers(|_, _| throttled());
        assert_unavailable(call(&table(&stub), verb).await);
        assert_eq!(stub.asked().len(), 8, "{verb}");
    }
}

#[tokio::test]
async fn a_read_is_given_700_milliseconds_and_two_seconds_in_all() {
    let stub = Stub::answering(|number, _| if number == 0 { Reply::Hangs } else { done() }).await;
    let started = now();
    call(&table(&stub), "GetItem").await.unwrap();
    assert!((700..1_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());

    stub.now_answers(|_, _| Reply::Hangs);
    for verb in ["GetItem", "BatchGetItem", "Query"] {
        let started = now();
        assert_unavailable(call(&table(&stub), verb).await);
        assert!((1_400..2_300).contains(&started.elapsed().as_millis()), "{verb} {:?}", started.elapsed());
    }
    assert_eq!(stub.asked().len(), 9, "three attempts each");
}

#[tokio::test]
async fn a_write_is_given_a_second_and_three_in_all() {
    let stub = Stub::answering(|number, _| if number == 0 { Reply::Hangs } else { done() }).await;
    let started = now();
    call(&table(&stub), "PutItem").await.unwrap();
    assert!((1_000..1_400).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());

    stub.now_answers(|_, _| Reply::Hangs);
    let (put, transaction) = (table(&stub), table(&stub));
    let started = now();
    let (one, other) = tokio::join!(call(&put, "PutItem"), call(&transaction, "TransactWriteItems"));
    assert_unavailable(one);
    assert_unavailable(other);
    assert!((2_000..3_400).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert_eq!(stub.asked().len(), 6, "three attempts each");
}

#[tokio::test]
async fn a_repetition_that_succeeds_costs_nothing() {
    let stub = Stub::answering(|number, _| if number % 2 == 0 { throttled() } else { done() }).await;
    let table = table(&stub);
    for number in 0..200 {
        call(&table, "GetItem").await.unwrap_or_else(|failed| panic!("{number}: {failed:?}"));
    }
}

/// The time at which a request was signed, e.g. `20300101T120000Z`.
fn signed_at(asked: &Asked) -> chrono::NaiveDateTime {
    chrono::NaiveDateTime::parse_from_str(asked.header("x-amz-date"), "%Y%m%dT%H%M%SZ").expect("a time")
}

#[tokio::test]
async fn each_attempt_is_signed_anew_with_the_time_that_the_table_tells() {
    let stub = Stub::answering(|_, _| done()).await;
    let ahead = Duration::from_hours(24 * 365 * 20);
    for verb in VERBS {
        stub.now_answers(move |number, asked| {
            if number > 0 {
                return done();
            }
            let date = (signed_at(asked) + ahead).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let body = json!({"__type": "com.amazon.coral.service#InvalidSignatureException"}).to_string();
            Reply::AnswersAt(date, 400, body)
        });
        call(&table(&stub), verb).await.unwrap();
        let asked = stub.asked();
        let correction = signed_at(&asked[1]) - signed_at(&asked[0]) - chrono::TimeDelta::from_std(ahead).unwrap();
        assert!(correction.num_seconds().abs() < 10, "{verb}: {correction}");
        assert_ne!(asked[0].header("authorization"), asked[1].header("authorization"));
    }
}
