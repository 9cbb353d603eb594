//! The fields of an operator's event, by the rules and in the words that a request's are refused with.
//! Every failing one is named at once.

use serde_json::Value;

use super::wording::Language;
use crate::domain::invalid::{FieldError, Invalid, JsonType};

pub struct Fields<'e> {
    event: &'e Value,
    errors: Vec<FieldError>,
}

impl<'e> Fields<'e> {
    #[must_use]
    pub fn of(event: &'e Value) -> Self {
        Self { event, errors: Vec::new() }
    }

    /// `path` is dotted, e.g. `master.name`.
    pub fn text<T>(&mut self, path: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        let result = match self.value(path) {
            None => Err(Invalid::Missing),
            Some(value) => text(value).and_then(parse),
        };
        self.checked(path, result)
    }

    /// As `text`; `None` for what is absent, too.
    pub fn optional<T>(&mut self, path: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        self.value(path)?;
        self.text(path, parse)
    }

    /// An array of texts.
    pub fn texts<T>(
        &mut self,
        path: &str,
        at_most: usize,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        let result = match self.value(path) {
            None => Err(Invalid::Missing),
            Some(Value::Array(values)) if values.len() > at_most => Err(Invalid::TooLong(at_most)),
            Some(Value::Array(values)) => values.iter().map(|value| text(value).and_then(&parse)).collect(),
            Some(_) => Err(Invalid::WrongType(JsonType::Array)),
        };
        self.checked(path, result)
    }

    /// A whole number from 1 on; `None` for what is absent, too.
    pub fn optional_count(&mut self, path: &str, at_most: usize) -> Option<usize> {
        let value = self.value(path)?;
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        let result = match number {
            Some(number) if (1..=at_most).contains(&number) => Ok(number),
            _ if value.is_number() => Err(Invalid::OutOfRange(1, i64::try_from(at_most).unwrap_or(i64::MAX))),
            _ => Err(Invalid::WrongType(JsonType::Integer)),
        };
        self.checked(path, result)
    }

    fn value(&self, path: &str) -> Option<&'e Value> {
        path.split('.').try_fold(self.event, |value, name| value.get(name))
    }

    fn checked<T>(&mut self, path: &str, result: Result<T, Invalid>) -> Option<T> {
        result.map_err(|reason| self.errors.push(FieldError::new(path, reason))).ok()
    }

    /// # Errors
    /// One line that names every failing field and its rule.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, String> {
        if self.errors.is_empty() {
            return build().ok_or_else(|| "a field was lost".to_owned());
        }
        let lines =
            self.errors.iter().map(|error| format!("{}: {}", error.field, Language::English.field(&error.reason)));
        Err(lines.collect::<Vec<_>>().join("; "))
    }
}

fn text(value: &Value) -> Result<&str, Invalid> {
    match value {
        Value::Null => Err(Invalid::Null),
        Value::String(text) => Ok(text),
        _ => Err(Invalid::WrongType(JsonType::String)),
    }
}
