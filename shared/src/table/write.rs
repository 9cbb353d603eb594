//! A write as a value: what it does to an item, under which condition, and what became of it.

use super::{Item, Key, PK, SK, Value};

/// What must hold of the item for a write to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Absent,
    Present,
    /// The attribute is not there.
    Missing(&'static str),
    /// The attribute is there and equal.
    Equals(&'static str, Value),
    /// The attribute is there and not greater.
    AtMost(&'static str, Value),
    /// The attribute is there and not smaller.
    AtLeast(&'static str, Value),
    /// The attribute is there and greater.
    Above(&'static str, Value),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Set(&'static str, Value),
    Add(&'static str, i64),
    Remove(&'static str),
}

/// What a write does to its item.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The whole item; its key is added.
    Put(Item),
    Update(Vec<Change>),
    Delete,
    /// Nothing: the condition alone matters. Only in transactions.
    Check,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub key: Key,
    pub effect: Effect,
    pub condition: Option<Condition>,
}

/// What became of a single write.
#[derive(Debug)]
pub enum Written {
    /// Done; after an update, this is the item as it is now.
    Done(Option<Item>),
    /// The condition did not hold of the item found, if one was found.
    Refused(Option<Item>),
}

/// What became of a transaction.
#[derive(Debug)]
pub enum Transacted {
    Done,
    /// Nothing was written. By index of the write: whether its condition failed, and on what item.
    Refused(Vec<Refusal>),
}

#[derive(Debug)]
pub enum Refusal {
    Passed,
    Failed(Option<Item>),
}

impl Refusal {
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl Write {
    /// Writes an item that must not exist yet.
    pub fn create(key: Key, item: Item) -> Self {
        Self::put(key, item).only_if(Condition::Absent)
    }

    /// Writes an item, whatever was there.
    pub fn put(key: Key, item: Item) -> Self {
        Self { key, effect: Effect::Put(item), condition: None }
    }

    /// Changes attributes; an item that does not exist is made of them.
    pub fn update(key: Key, changes: Vec<Change>) -> Self {
        Self { key, effect: Effect::Update(changes), condition: None }
    }

    /// Removes an item, if it is there.
    pub fn delete(key: Key) -> Self {
        Self { key, effect: Effect::Delete, condition: None }
    }

    /// Writes nothing; the transaction happens only if the condition holds.
    pub fn check(key: Key, condition: Condition) -> Self {
        Self { key, effect: Effect::Check, condition: Some(condition) }
    }

    #[must_use]
    pub fn only_if(self, condition: Condition) -> Self {
        Self { condition: Some(condition), ..self }
    }

    /// The item that a put leaves: its attributes and its key.
    pub fn whole_item(&self) -> Option<Item> {
        let Effect::Put(item) = &self.effect else { return None };
        let mut item = item.clone();
        item.insert(PK.to_owned(), Value::S(self.key.pk.clone()));
        item.insert(SK.to_owned(), Value::S(self.key.sk.clone()));
        Some(item)
    }
}
