//! The verbs as DynamoDB calls. Only this file and those in its folder see the SDK's types.
//!
//! The SDK's own retries are off, because `Table` owns them. Values and names always travel as
//! placeholders, never inside of an expression.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, ConsumedCapacity, Delete, KeysAndAttributes, Put, ReturnConsumedCapacity,
    ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};
use uuid::Uuid;

use self::expression::Expression;
use self::faults::{cancelled_or_fault, fault, refused_or_fault};
use self::same_bytes::SameBytes;
use super::{
    Backend, BackendFuture, Batch, Effect, Fault, Item, Key, PK, Page, Query, Range, SK, Transacted, Value, Write,
    Written,
};
use crate::platform::telemetry;

mod expression;
mod faults;
mod same_bytes;

const READ_ATTEMPT: Duration = Duration::from_millis(700);
const WRITE_ATTEMPT: Duration = Duration::from_secs(1);

type Attributes = HashMap<String, AttributeValue>;

/// What every kind of write says alike. The SDK has a builder for each kind, with no trait in common.
macro_rules! conditioned {
    ($builder:expr, $table:expr, $words:expr, $condition:expr) => {
        $builder
            .table_name($table)
            .set_condition_expression($condition)
            .set_expression_attribute_names($words.names())
            .set_expression_attribute_values($words.values())
            .return_values_on_condition_check_failure(OnFailure::AllOld)
    };
}

pub struct DynamoDb {
    reads: Client,
    writes: Client,
    table: String,
}

impl DynamoDb {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, table: String) -> Self {
        let client = |attempt| {
            let timeouts = TimeoutConfig::builder().operation_attempt_timeout(attempt).build();
            let config = aws_sdk_dynamodb::config::Builder::from(config)
                .retry_config(RetryConfig::disabled())
                .timeout_config(timeouts)
                .build();
            Client::from_conf(config)
        };
        Self { reads: client(READ_ATTEMPT), writes: client(WRITE_ATTEMPT), table }
    }

    async fn get_item(&self, key: &Key) -> Result<Option<Item>, Fault> {
        let answer = self
            .reads
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| fault(&error))?;
        note_read(answer.consumed_capacity());
        Ok(answer.item.map(Item::from))
    }

    async fn get_items(&self, keys: &[Key]) -> Result<Batch, Fault> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(key_attributes).collect()))
            .consistent_read(true)
            .build()
            .map_err(|error| Fault::Broken(error.to_string()))?;
        let answer = self
            .reads
            .batch_get_item()
            .request_items(&self.table, wanted)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| fault(&error))?;
        answer.consumed_capacity().iter().for_each(|capacity| note_read(Some(capacity)));
        let unread: Vec<Key> = answer
            .unprocessed_keys
            .unwrap_or_default()
            .into_values()
            .flat_map(|left| left.keys)
            .filter_map(|key| key_of(&key.into()))
            .collect();
        if unread.len() >= keys.len() {
            return Err(Fault::Busy("the table read no key of a batch".to_owned()));
        }
        let items = answer.responses.unwrap_or_default().into_values().flatten().map(Item::from);
        let found = items.filter_map(|item| Some((key_of(&item)?, item))).collect();
        Ok(Batch { found, unread })
    }

    async fn query_page(&self, query: &Query, after: Option<String>) -> Result<Page, Fault> {
        let (condition, bound) = match &query.range {
            Range::All => ("#pk = :pk", None),
            Range::Below(sk) => ("#pk = :pk AND #sk < :sk", Some(sk)),
            Range::AtMost(sk) => ("#pk = :pk AND #sk <= :sk", Some(sk)),
            Range::Above(sk) => ("#pk = :pk AND #sk > :sk", Some(sk)),
            Range::Between(sk, _) => ("#pk = :pk AND #sk BETWEEN :sk AND :last", Some(sk)),
        };
        let mut request = self
            .reads
            .query()
            .table_name(&self.table)
            .key_condition_expression(condition)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", AttributeValue::S(query.pk.clone()))
            .scan_index_forward(!query.descending)
            .consistent_read(true)
            .set_limit(query.limit.and_then(|limit| i32::try_from(limit).ok()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if let Some(sk) = bound {
            request = request
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":sk", AttributeValue::S(sk.clone()));
        }
        if let Range::Between(_, last) = &query.range {
            request = request.expression_attribute_values(":last", AttributeValue::S(last.clone()));
        }
        if let Some(sk) = after {
            request = request.set_exclusive_start_key(Some(key_attributes(&Key { pk: query.pk.clone(), sk })));
        }
        let answer = request.send().await.map_err(|error| fault(&error))?;
        note_read(answer.consumed_capacity());
        let more_after = match answer.last_evaluated_key.and_then(|mut key| key.remove(SK)) {
            Some(AttributeValue::S(sk)) => Some(sk),
            _ => None,
        };
        Ok(Page { items: answer.items.unwrap_or_default().into_iter().map(Item::from).collect(), more_after })
    }

    async fn write_one(&self, write: &Write) -> Result<Written, Fault> {
        let mut words = Expression::default();
        let condition = write.condition.as_ref().map(|condition| words.condition(condition));
        let result = match &write.effect {
            Effect::Put(_) => {
                let answer = conditioned!(self.writes.put_item(), &self.table, words, condition)
                    .set_item(write.whole_item().map(Into::into))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await;
                answer.map(|answer| (answer.consumed_capacity, None)).map_err(|error| refused_or_fault(&error))
            }
            Effect::Update(changes) => {
                let update = words.update(changes);
                let answer = conditioned!(self.writes.update_item(), &self.table, words, condition)
                    .set_key(Some(key_attributes(&write.key)))
                    .update_expression(update)
                    .return_values(ReturnValue::AllNew)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await;
                answer
                    .map(|answer| (answer.consumed_capacity, answer.attributes))
                    .map_err(|error| refused_or_fault(&error))
            }
            Effect::Check => return Err(Fault::Broken("a check belongs in a transaction".to_owned())),
            Effect::Delete => {
                let answer = conditioned!(self.writes.delete_item(), &self.table, words, condition)
                    .set_key(Some(key_attributes(&write.key)))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await;
                answer.map(|answer| (answer.consumed_capacity, None)).map_err(|error| refused_or_fault(&error))
            }
        };
        match result {
            Ok((capacity, item)) => {
                note_write(capacity.as_ref());
                Ok(Written::Done(item.map(Item::from)))
            }
            Err(Ok(found)) => Ok(Written::Refused(found.map(Item::from))),
            Err(Err(fault)) => Err(fault),
        }
    }

    async fn transact_all(&self, writes: &[Write], token: Uuid) -> Result<Transacted, Fault> {
        let items = writes
            .iter()
            .map(|write| self.transact_item(write))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Fault::Broken(error.to_string()))?;
        let answer = self
            .writes
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(token.hyphenated().to_string())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(SameBytes)
            .send()
            .await;
        let error = match answer {
            Ok(answer) => {
                answer.consumed_capacity().iter().for_each(|capacity| note_write(Some(capacity)));
                return Ok(Transacted::Done);
            }
            Err(error) => error,
        };
        cancelled_or_fault(&error)
    }

    fn transact_item(&self, write: &Write) -> Result<TransactWriteItem, aws_sdk_dynamodb::error::BuildError> {
        let mut words = Expression::default();
        let condition = write.condition.as_ref().map(|condition| words.condition(condition));
        let item = TransactWriteItem::builder();
        let item = match &write.effect {
            Effect::Put(_) => item.put(
                conditioned!(Put::builder(), &self.table, words, condition)
                    .set_item(write.whole_item().map(Into::into))
                    .build()?,
            ),
            Effect::Update(changes) => {
                let update = words.update(changes);
                item.update(
                    conditioned!(Update::builder(), &self.table, words, condition)
                        .set_key(Some(key_attributes(&write.key)))
                        .update_expression(update)
                        .build()?,
                )
            }
            Effect::Check => item.condition_check(
                conditioned!(ConditionCheck::builder(), &self.table, words, condition)
                    .set_key(Some(key_attributes(&write.key)))
                    .build()?,
            ),
            Effect::Delete => item.delete(
                conditioned!(Delete::builder(), &self.table, words, condition)
                    .set_key(Some(key_attributes(&write.key)))
                    .build()?,
            ),
        };
        Ok(item.build())
    }
}

impl Backend for DynamoDb {
    fn get<'a>(&'a self, key: &'a Key) -> BackendFuture<'a, Option<Item>> {
        Box::pin(self.get_item(key))
    }

    fn get_batch<'a>(&'a self, keys: &'a [Key]) -> BackendFuture<'a, Batch> {
        Box::pin(self.get_items(keys))
    }

    fn query<'a>(&'a self, query: &'a Query, after: Option<String>) -> BackendFuture<'a, Page> {
        Box::pin(self.query_page(query, after))
    }

    fn write<'a>(&'a self, write: &'a Write) -> BackendFuture<'a, Written> {
        Box::pin(self.write_one(write))
    }

    fn transact<'a>(&'a self, writes: &'a [Write], token: Uuid) -> BackendFuture<'a, Transacted> {
        Box::pin(self.transact_all(writes, token))
    }
}

fn key_attributes(key: &Key) -> Attributes {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

fn key_of(item: &Item) -> Option<Key> {
    match (item.get(PK)?, item.get(SK)?) {
        (Value::S(pk), Value::S(sk)) => Some(Key { pk: pk.clone(), sk: sk.clone() }),
        _ => None,
    }
}

fn note_read(capacity: Option<&ConsumedCapacity>) {
    telemetry::consumed(capacity.and_then(ConsumedCapacity::capacity_units).unwrap_or(0.0), 0.0);
}

fn note_write(capacity: Option<&ConsumedCapacity>) {
    telemetry::consumed(0.0, capacity.and_then(ConsumedCapacity::capacity_units).unwrap_or(0.0));
}
