//! The fields of an operator's event, by the rules and in the words that a request's are refused with.
//! Every failing one is named at once.

use serde_json::Value;

use super::wording::Language;
use crate::domain::ids::TenantId;
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
        let value = path.split('.').try_fold(self.event, |value, name| value.get(name));
        let result = match value {
            None => Err(Invalid::Missing),
            Some(Value::Null) => Err(Invalid::Null),
            Some(Value::String(text)) => parse(text),
            Some(_) => Err(Invalid::WrongType(JsonType::String)),
        };
        result.map_err(|reason| self.errors.push(FieldError::new(path, reason))).ok()
    }

    pub fn tenant_id(&mut self) -> Option<TenantId> {
        self.text("tenant_id", |text| TenantId::parse(text).ok_or(Invalid::NotAnId))
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
