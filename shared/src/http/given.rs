//! A parameter's value as it was given, and what it says.

use crate::domain::invalid::{Invalid, JsonType};

/// A value as it was given.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    Query(&'a str),
    /// JSON text.
    Json(&'a str),
}

pub fn string(given: Given<'_>) -> Result<String, Invalid> {
    match given {
        Given::Query(text) => Ok(text.to_owned()),
        Given::Json(json) => serde_json::from_str(json).map_err(|_| Invalid::WrongType(JsonType::String)),
    }
}

pub fn boolean(given: Given<'_>) -> Result<bool, Invalid> {
    match given {
        Given::Json("true" | "1") | Given::Query("true" | "1") => Ok(true),
        Given::Json("false" | "0") | Given::Query("false" | "0") => Ok(false),
        _ => Err(Invalid::WrongType(JsonType::Boolean)),
    }
}

/// A JSON integer, or decimal digits in a query.
pub fn integer(given: Given<'_>, least: i64, most: i64) -> Result<i64, Invalid> {
    let (Given::Query(text) | Given::Json(text)) = given;
    let digits = match given {
        Given::Query(text) => text,
        Given::Json(text) => text.strip_prefix('-').unwrap_or(text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Invalid::WrongType(JsonType::Integer));
    }
    let number: Option<i64> = if text.starts_with('-') { None } else { text.parse().ok() };
    number.filter(|number| (least..=most).contains(number)).ok_or(Invalid::OutOfRange(least, most))
}
