//! The product's table over a stub of DynamoDB, and the words in which both speak.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Value as Json, json};
use shared::platform::https;
use shared::platform::random::Random;
use shared::table::dynamodb::DynamoDb;
use shared::table::{Item, Key, Table, TableError, Value};

use crate::stub::{Reply, Stub};

pub fn table(stub: &Stub) -> Table {
    let credentials = Credentials::new("an id", "a secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(https::sdk_client().expect("a client"))
        .endpoint_url(&stub.url)
        .build();
    Table::new(Arc::new(DynamoDb::new(&config, "the table".to_owned())), Random::from_seed(1))
}

pub fn key(sk: &str) -> Key {
    Key { pk: "P".to_owned(), sk: sk.to_owned() }
}

pub fn text(text: &str) -> Value {
    Value::S(text.to_owned())
}

pub fn item(members: &[(&str, &str)]) -> Item {
    let mut item = Item::default();
    for (name, value) in members {
        item.insert((*name).to_owned(), text(value));
    }
    item
}

/// The same in DynamoDB's own JSON.
pub fn item_json(members: &[(&str, &str)]) -> Json {
    members.iter().map(|(name, value)| ((*name).to_owned(), json!({"S": value}))).collect()
}

pub fn key_json(sk: &str) -> Json {
    item_json(&[("PK", "P"), ("SK", sk)])
}

pub fn done() -> Reply {
    Reply::Answers(200, "{}".to_owned())
}

pub fn answer(body: &Json) -> Reply {
    Reply::Answers(200, body.to_string())
}

/// An error as DynamoDB writes it.
pub fn error(status: u16, code: &str) -> Reply {
    error_with(status, code, json!({}))
}

pub fn error_with(status: u16, code: &str, mut members: Json) -> Reply {
    members["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{code}"));
    Reply::Answers(status, members.to_string())
}

pub fn throttled() -> Reply {
    error(400, "ThrottlingException")
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "a result is asserted where it comes to be")]
pub fn assert_unavailable<T: std::fmt::Debug>(result: Result<T, TableError>) {
    assert!(matches!(result, Err(TableError::Unavailable(_))), "{result:?}");
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "a result is asserted where it comes to be")]
pub fn assert_broken<T: std::fmt::Debug>(result: Result<T, TableError>) {
    assert!(matches!(result, Err(TableError::Broken(_))), "{result:?}");
}
