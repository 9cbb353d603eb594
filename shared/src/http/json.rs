//! JSON as clients write it: what is given twice is noticed, and how deep it may be is bounded.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::domain::hls;
use crate::domain::invalid::{FormError, Invalid};

const DUPLICATE: &str = "a member is given twice";

/// What clients send where there is nothing to send.
pub fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    text.is_empty() || text == "null" || inside.is_some_and(|inside| inside.trim().is_empty())
}

/// The members of a JSON object, repeated ones included. What nobody asks for is never looked into.
pub fn members(text: &str) -> Result<Vec<(String, &RawValue)>, FormError> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Members).map_err(|_| FormError::Malformed)?;
    deserializer.end().map_err(|_| FormError::Malformed)?;
    Ok(members)
}

/// A JSON tree in which no object has a member twice.
pub fn tree(text: &str) -> Result<Value, Invalid> {
    struct Tree;

    impl<'de> DeserializeSeed<'de> for Tree {
        type Value = Value;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for Tree {
        type Value = Value;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("JSON")
        }

        fn visit_unit<E>(self) -> Result<Value, E> {
            Ok(Value::Null)
        }

        fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_str<E>(self, value: &str) -> Result<Value, E> {
            Ok(value.into())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = seq.next_element_seed(Tree)? {
                items.push(item);
            }
            Ok(Value::Array(items))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
            let mut members = Map::new();
            while let Some(name) = map.next_key::<String>()? {
                let value = map.next_value_seed(Tree)?;
                if members.insert(name, value).is_some() {
                    return Err(A::Error::custom(DUPLICATE));
                }
            }
            Ok(Value::Object(members))
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Tree.deserialize(&mut deserializer).map_err(|error| match error.to_string() {
        message if message.starts_with(DUPLICATE) => Invalid::Duplicate,
        message if message.starts_with("recursion limit") => Invalid::TooDeep(hls::MAX_DEPTH),
        _ => Invalid::NotJson,
    })?;
    deserializer.end().map_err(|_| Invalid::NotJson)?;
    Ok(value)
}
