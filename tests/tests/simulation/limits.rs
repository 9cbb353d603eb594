//! What DynamoDB refuses whatever the table holds: requests that are wrong in themselves.
//!
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>

use std::collections::BTreeSet;

use shared::table::{Change, Condition, Effect, Item, Key, Query, Value, Write};

const WRITES_IN_A_TRANSACTION: usize = 100;
const KEYS_IN_A_BATCH: usize = 100;
const BYTES_IN_AN_ITEM: usize = 400 * 1024;
const BYTES_IN_A_TRANSACTION: usize = 4 * 1024 * 1024;
const BYTES_IN_A_PARTITION_KEY: usize = 2_048;
const BYTES_IN_A_SORT_KEY: usize = 1_024;
const OPERATORS_IN_AN_EXPRESSION: usize = 300;
const BYTES_OF_AN_EXPRESSION: usize = 4 * 1024;
const DEPTH: usize = 32;

type Check = Result<(), String>;

pub fn of_transaction(writes: &[Write]) -> Check {
    require((1..=WRITES_IN_A_TRANSACTION).contains(&writes.len()), || format!("{} writes", writes.len()))?;
    let places: BTreeSet<&Key> = writes.iter().map(|write| &write.key).collect();
    require(places.len() == writes.len(), || {
        let keys: Vec<&Key> = writes.iter().map(|write| &write.key).collect();
        format!("one place twice: {keys:?}")
    })?;
    writes.iter().try_for_each(of_any_write)?;
    let bytes: usize = writes.iter().filter_map(Write::whole_item).map(|item| size_of_item(&item)).sum();
    require(bytes <= BYTES_IN_A_TRANSACTION, || format!("{bytes} bytes at once"))
}

/// Of one that stands alone, which cannot only check.
pub fn of_write(write: &Write) -> Check {
    require(write.effect != Effect::Check, || format!("nothing to write: {:?}", write.key))?;
    of_any_write(write)
}

pub fn of_batch(keys: &[Key]) -> Check {
    require((1..=KEYS_IN_A_BATCH).contains(&keys.len()), || format!("{} keys", keys.len()))?;
    require(keys.iter().collect::<BTreeSet<_>>().len() == keys.len(), || format!("one key twice: {keys:?}"))?;
    keys.iter().try_for_each(of_key)
}

pub fn of_query(query: &Query) -> Check {
    require((1..=BYTES_IN_A_PARTITION_KEY).contains(&query.pk.len()), || format!("a key of {} bytes", query.pk.len()))?;
    require(query.limit != Some(0), || "a query of no items".to_owned())
}

pub fn of_key(key: &Key) -> Check {
    require((1..=BYTES_IN_A_PARTITION_KEY).contains(&key.pk.len()), || format!("no partition key: {key:?}"))?;
    require((1..=BYTES_IN_A_SORT_KEY).contains(&key.sk.len()), || format!("no sort key: {key:?}"))
}

/// What an update makes of an item may be too large, too.
pub fn of_item(item: &Item) -> Check {
    let bytes = size_of_item(item);
    require(bytes <= BYTES_IN_AN_ITEM, || format!("an item of {bytes} bytes"))?;
    require(item.iter().all(|(_, value)| depth(value) <= DEPTH), || "an item nested too deep".to_owned())
}

fn of_any_write(write: &Write) -> Check {
    of_key(&write.key)?;
    if let Effect::Update(changes) = &write.effect {
        of_changes(changes)?;
    }
    require(write.effect != Effect::Check || write.condition.is_some(), || format!("no condition: {:?}", write.key))?;
    write.condition.as_ref().map_or(Ok(()), |condition| {
        let (operators, bytes) = weight(condition);
        require(operators <= OPERATORS_IN_AN_EXPRESSION, || format!("{operators} operators: {:?}", write.key))?;
        require(bytes <= BYTES_OF_AN_EXPRESSION, || format!("a condition of {bytes} bytes: {:?}", write.key))
    })
}

fn of_changes(changes: &[Change]) -> Check {
    let name = |change: &Change| match change {
        Change::Set(name, _) | Change::Add(name, _) | Change::Remove(name) => *name,
    };
    let names: BTreeSet<&str> = changes.iter().map(name).collect();
    require(!changes.is_empty(), || "an update without changes".to_owned())?;
    require(names.len() == changes.len(), || format!("one attribute changed twice: {changes:?}"))?;
    require(!names.contains("PK") && !names.contains("SK"), || "a key changed".to_owned())?;
    require(changes.len() <= OPERATORS_IN_AN_EXPRESSION, || format!("{} changes", changes.len()))?;
    // The name behind its sign, a placeholder of up to four characters, and what stands between them.
    let bytes: usize = changes.iter().map(|change| name(change).len() + 10).sum();
    require(bytes <= BYTES_OF_AN_EXPRESSION, || format!("an update of {bytes} bytes"))
}

/// How many operators and functions, and about how many bytes it takes.
fn weight(condition: &Condition) -> (usize, usize) {
    match condition {
        Condition::Absent | Condition::Present | Condition::Missing(_) => (1, 40),
        Condition::Equals(name, _)
        | Condition::AtMost(name, _)
        | Condition::AtLeast(name, _)
        | Condition::Above(name, _) => (1, name.len() + 10),
        Condition::All(parts) | Condition::Any(parts) => {
            let weights = parts.iter().map(weight);
            let (operators, bytes) = weights.fold((0, 2), |sum, part| (sum.0 + part.0, sum.1 + part.1 + 5));
            (operators + parts.len().saturating_sub(1), bytes)
        }
    }
}

fn size_of_item(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}

fn size(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len(),
        Value::N(_) => 21,
        Value::B(bytes) => bytes.len(),
        Value::L(values) => 3 + values.iter().map(|value| 1 + size(value)).sum::<usize>(),
        Value::M(members) => 3 + members.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>(),
        _ => 1,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::L(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::M(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn require(holds: bool, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(format!("ValidationException: {}", what())) }
}

#[test]
fn the_table_refuses_what_dynamodb_refuses() {
    let key = |pk: &str, sk: &str| Key { pk: pk.to_owned(), sk: sk.to_owned() };
    let text = |bytes: usize| Value::S("x".repeat(bytes));
    let delete = |number: usize| Write::delete(key("P", &number.to_string()));
    let is_refused = |write: Write| of_transaction(&[write]).is_err();

    let twice = [delete(1), Write::check(key("P", "1"), Condition::Present)];
    assert!(of_transaction(&twice).is_err(), "one place twice");
    assert!(of_transaction(&[]).is_err());
    assert!(of_transaction(&(0..100).map(delete).collect::<Vec<_>>()).is_ok());
    assert!(of_transaction(&(0..101).map(delete).collect::<Vec<_>>()).is_err());
    assert!(is_refused(Write::delete(key("P", ""))) && is_refused(Write::delete(key("", "S"))));
    assert!(is_refused(Write::delete(key("P", &"s".repeat(1_025)))));
    let any = |count: usize| Condition::Any(vec![Condition::Present; count]);
    assert!(is_refused(delete(1).only_if(any(151))), "301 operators");
    assert!(!is_refused(delete(1).only_if(any(90))));
    assert!(is_refused(Write::update(key("P", "S"), Vec::new())));
    assert!(is_refused(Write::update(key("P", "S"), vec![Change::Remove("a"), Change::Add("a", 1)])));
    assert!(of_write(&Write::check(key("P", "S"), Condition::Present)).is_err());
    assert!(of_write(&delete(1)).is_ok());
    assert!(of_batch(&[key("P", "S"), key("P", "S")]).is_err());
    let item = |bytes: usize| Item::from(std::collections::HashMap::from([("a".to_owned(), text(bytes))]));
    assert!(of_item(&item(BYTES_IN_AN_ITEM - 1)).is_ok());
    assert!(of_item(&item(BYTES_IN_AN_ITEM)).is_err());
}
