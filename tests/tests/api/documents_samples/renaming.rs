//! The document's samples name schedules by ids of its own. A schedule that the product planned gets such an id here, in
//! the table, so that these samples can be sent as they are.

use api_tests::{Actor, Product};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// From now on the schedule has this id, wherever the table names it.
pub async fn rename(product: &Product, from: &str, to: &str) {
    let table = json!({"TableName": local::Options::default().table_name});
    let keys = ask(product, "DescribeTable", &table, json!({})).await["Table"]["KeySchema"].clone();
    let names: Vec<String> = texts(&keys, "AttributeName");
    let rows = ask(product, "Scan", &table, json!({})).await["Items"].clone();
    let mut renamed = 0;
    for row in rows.as_array().expect("rows") {
        let text = row.to_string();
        if text.contains(from) {
            let key: Map<String, Value> = names.iter().map(|name| (name.clone(), row[name].clone())).collect();
            let row: Value = serde_json::from_str(&text.replace(from, to)).expect("JSON");
            ask(product, "DeleteItem", &table, json!({"Key": key})).await;
            ask(product, "PutItem", &table, json!({"Item": row})).await;
            renamed += 1;
        }
    }
    assert!(renamed > 0, "the table names {from}");
}

fn texts(list: &Value, member: &str) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|element| element[member].as_str().expect("text").to_owned()).collect()
}

/// Speaks DynamoDB's protocol to the table.
async fn ask(product: &Product, operation: &str, table: &Value, mut request: Value) -> Value {
    request["TableName"] = table["TableName"].clone();
    let target = format!("DynamoDB_20120810.{operation}");
    let credential = "Credential=local/20300101/ap-northeast-1/dynamodb/aws4_request";
    let signature = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host;x-amz-date, Signature=0");
    let headers = [
        ("x-amz-target", target.as_str()),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-date", "20300101T000000Z"),
        ("authorization", signature.as_str()),
    ];
    let client = Actor::at(&product.server.table_url);
    let answer = client.send(Method::POST, "", &headers, Some(request.to_string().into())).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
    answer.json()
}
