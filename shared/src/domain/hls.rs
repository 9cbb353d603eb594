//! `imageflux_params`: the `hls` array of ImageFlux's `CreateMultistreamChannelWithHLS`.
//!
//! The members we know are checked; the text itself goes to ImageFlux untouched, so that what we do
//! not know (`archive`, say) and the spelling of numbers survive.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::invalid::{FieldError, Invalid, JsonType};

/// The member that carries it, and the prefix of every field named in an error.
pub const FIELD: &str = "imageflux_params";

/// Where a recording goes, in an ImageFlux account that all tenants share.
const ARCHIVE_DESTINATION: &str = "archive_destination_id";
const MAX_RENDITIONS: usize = 10;
pub const MAX_DEPTH: usize = 16;
const CODECS: &[&str] = &["h264_high", "h264_main", "h264_baseline"];

/// The JSON text of a checked array of 1 to 10 renditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HlsParams(String);

impl HlsParams {
    /// `text` and `value` are the same JSON, as text and as a tree without duplicate members.
    ///
    /// # Errors
    /// Every rule broken, with the path of the member that breaks it.
    pub fn check(text: &str, value: &Value) -> Result<Self, Vec<FieldError>> {
        if depth(value) > MAX_DEPTH {
            return Err(vec![FieldError::new(FIELD, Invalid::TooDeep(MAX_DEPTH))]);
        }
        let mut errors = Vec::new();
        match value {
            Value::Array(renditions) if renditions.is_empty() => {
                errors.push(FieldError::new(FIELD, Invalid::TooShort(1)));
            }
            Value::Array(renditions) if renditions.len() > MAX_RENDITIONS => {
                errors.push(FieldError::new(FIELD, Invalid::TooLong(MAX_RENDITIONS)));
            }
            Value::Array(renditions) => {
                for (index, rendition) in renditions.iter().enumerate() {
                    check_rendition(&format!("{FIELD}[{index}]"), rendition, &mut errors);
                }
            }
            Value::Null => errors.push(FieldError::new(FIELD, Invalid::Null)),
            _ => errors.push(FieldError::new(FIELD, Invalid::WrongType(JsonType::Array))),
        }
        if errors.is_empty() { Ok(Self(text.to_owned())) } else { Err(errors) }
    }

    /// What was checked when it was stored.
    pub fn from_store(text: String) -> Self {
        Self(text)
    }

    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Every `archive_destination_id`, wherever it stands, that is none of these.
    pub fn foreign_archive_destinations(&self, own: &BTreeSet<String>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Ok(value) = serde_json::from_str(&self.0) {
            find_foreign(FIELD, &value, own, &mut errors);
        }
        errors
    }

    pub fn names_an_archive_destination(&self) -> bool {
        !self.foreign_archive_destinations(&BTreeSet::new()).is_empty()
    }
}

fn find_foreign(path: &str, value: &Value, own: &BTreeSet<String>, errors: &mut Vec<FieldError>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_foreign(&format!("{path}[{index}]"), item, own, errors);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let path = format!("{path}.{name}");
                if name == ARCHIVE_DESTINATION && !member.as_str().is_some_and(|id| own.contains(id)) {
                    errors.push(FieldError::new(path, Invalid::NotYours));
                } else {
                    find_foreign(&path, member, own, errors);
                }
            }
        }
        _ => {}
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn check_rendition(path: &str, rendition: &Value, errors: &mut Vec<FieldError>) {
    let Value::Object(members) = rendition else {
        errors.push(FieldError::new(path, Invalid::WrongType(JsonType::Object)));
        return;
    };
    let mut object = Object { path, members, errors };
    object.optional("durationSeconds", positive_number);
    object.optional("startTimeOffset", |value| number(value).map(drop));
    if !members.contains_key("video") && !members.contains_key("audio") {
        object.errors.push(FieldError::new(path, Invalid::NoMedia));
    }
    object.nested("video", |video| {
        video.required("width", |value| integer_between(value, 36, 4096));
        video.required("height", |value| integer_between(value, 36, 4096));
        video.optional("fps", |value| integer_between(value, 1, 60));
        video.optional("bps", |value| integer_between(value, 15_000, 15_000_000));
        video.optional("codec", codec);
    });
    object.nested("audio", |audio| {
        audio.optional("bps", positive_integer);
    });
}

/// One JSON object under examination.
struct Object<'a> {
    path: &'a str,
    members: &'a Map<String, Value>,
    errors: &'a mut Vec<FieldError>,
}

impl Object<'_> {
    fn required(&mut self, name: &str, check: impl Fn(&Value) -> Result<(), Invalid>) {
        if self.members.contains_key(name) {
            self.optional(name, check);
        } else {
            self.errors.push(FieldError::new(format!("{}.{name}", self.path), Invalid::Missing));
        }
    }

    fn optional(&mut self, name: &str, check: impl Fn(&Value) -> Result<(), Invalid>) {
        let refused = match self.members.get(name) {
            None => None,
            Some(Value::Null) => Some(Invalid::Null),
            Some(value) => check(value).err(),
        };
        if let Some(reason) = refused {
            self.errors.push(FieldError::new(format!("{}.{name}", self.path), reason));
        }
    }

    fn nested(&mut self, name: &str, check: impl Fn(&mut Object<'_>)) {
        let path = format!("{}.{name}", self.path);
        match self.members.get(name) {
            None => {}
            Some(Value::Object(members)) => check(&mut Object { path: &path, members, errors: self.errors }),
            Some(Value::Null) => self.errors.push(FieldError::new(path, Invalid::Null)),
            Some(_) => self.errors.push(FieldError::new(path, Invalid::WrongType(JsonType::Object))),
        }
    }
}

fn number(value: &Value) -> Result<f64, Invalid> {
    value.as_f64().ok_or(Invalid::WrongType(JsonType::Number))
}

fn positive_number(value: &Value) -> Result<(), Invalid> {
    if number(value)? > 0.0 { Ok(()) } else { Err(Invalid::NotPositive) }
}

fn integer_between(value: &Value, least: i64, most: i64) -> Result<(), Invalid> {
    match value.as_i64() {
        Some(integer) if (least..=most).contains(&integer) => Ok(()),
        None if !value.is_u64() => Err(Invalid::WrongType(JsonType::Integer)),
        _ => Err(Invalid::OutOfRange(least, most)),
    }
}

fn positive_integer(value: &Value) -> Result<(), Invalid> {
    match value.as_u64() {
        Some(1..) => Ok(()),
        None if !value.is_i64() => Err(Invalid::WrongType(JsonType::Integer)),
        _ => Err(Invalid::NotPositive),
    }
}

fn codec(value: &Value) -> Result<(), Invalid> {
    match value.as_str() {
        Some(word) if CODECS.contains(&word) => Ok(()),
        Some(_) => Err(Invalid::NotOneOf(CODECS)),
        None => Err(Invalid::WrongType(JsonType::String)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(value: &Value) -> Vec<(String, &'static str)> {
        let errors = HlsParams::check(&value.to_string(), value).expect_err("refused");
        errors.into_iter().map(|error| (error.field, error.reason.code())).collect()
    }

    fn rendition() -> Value {
        json!({"durationSeconds": 1, "startTimeOffset": -2,
               "video": {"width": 640, "height": 480, "fps": 12, "bps": 2_465_792}, "audio": {"bps": 64000}})
    }

    #[test]
    fn the_sample_of_the_document_is_accepted_with_members_we_do_not_know() {
        let mut value = json!([rendition()]);
        value[0]["archive"] = json!({"archive_destination_id": "x"});
        assert!(HlsParams::check(&value.to_string(), &value).is_ok());
    }

    #[test]
    fn a_foreign_archive_destination_is_found_wherever_it_stands() {
        let mut value = json!([rendition(), rendition()]);
        value[0]["archive"] = json!({"archive_destination_id": "own"});
        value[1]["a"] = json!([{"archive_destination_id": "other"}, {"archive_destination_id": 1}]);
        let params = HlsParams::check(&value.to_string(), &value).unwrap();
        let found = params.foreign_archive_destinations(&["own".to_owned()].into());
        let fields: Vec<&str> = found.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            ["imageflux_params[1].a[0].archive_destination_id", "imageflux_params[1].a[1].archive_destination_id"]
        );
        assert!(params.names_an_archive_destination());
        let value = json!([rendition()]);
        assert!(!HlsParams::check(&value.to_string(), &value).unwrap().names_an_archive_destination());
    }

    #[test]
    fn every_failing_member_is_named_at_once() {
        let value = json!([{"durationSeconds": 0, "video": {"width": 35, "height": "480", "codec": "vp9"}, "audio": {"bps": 0}}]);
        assert_eq!(
            refused(&value),
            [
                ("imageflux_params[0].durationSeconds".to_owned(), "out_of_range"),
                ("imageflux_params[0].video.width".to_owned(), "out_of_range"),
                ("imageflux_params[0].video.height".to_owned(), "wrong_type"),
                ("imageflux_params[0].video.codec".to_owned(), "not_one_of"),
                ("imageflux_params[0].audio.bps".to_owned(), "out_of_range"),
            ]
        );
    }

    #[test]
    fn a_bit_rate_of_sound_is_any_number_above_zero() {
        let with = |bps: Value| {
            let mut value = rendition();
            value["audio"]["bps"] = bps;
            json!([value])
        };
        for bps in [json!(1), json!(u64::MAX)] {
            let value = with(bps);
            assert!(HlsParams::check("", &value).is_ok(), "{value}");
        }
        for bps in [json!(0), json!(-1), json!(0.5)] {
            assert_eq!(refused(&with(bps)).len(), 1);
        }
    }

    #[test]
    fn one_to_ten_renditions_are_accepted() {
        let of = |count| Value::Array(vec![rendition(); count]);
        assert!(HlsParams::check("", &of(10)).is_ok());
        assert_eq!(refused(&of(0)), [(FIELD.to_owned(), "too_short")]);
        assert_eq!(refused(&of(11)), [(FIELD.to_owned(), "too_long")]);
    }

    #[test]
    fn a_rendition_has_video_or_audio() {
        assert_eq!(
            refused(&json!([{"durationSeconds": 1, "startTimeOffset": -2}])),
            [("imageflux_params[0]".to_owned(), "no_media")]
        );
    }

    #[test]
    fn nesting_deeper_than_sixteen_levels_is_refused() {
        let mut value = json!([rendition()]);
        value[0]["unknown"] = (0..14).fold(json!(1), |inner, _| json!([inner]));
        assert!(HlsParams::check("", &value).is_ok());
        value[0]["unknown"] = json!([value[0]["unknown"].clone()]);
        assert_eq!(refused(&value), [(FIELD.to_owned(), "too_deep")]);
    }
}
