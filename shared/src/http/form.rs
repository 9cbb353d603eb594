//! A request's parameters, from its body, its query, or both. Every failing field is named at once.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::given::{Given, boolean, integer, string};
use super::request::Request;
use super::{datetime, json};
use crate::domain::hls::{self, HlsParams};
use crate::domain::ids::{MessageId, ScheduleId, UserId};
use crate::domain::interval::Interval;
use crate::domain::invalid::{FieldError, FormError, Invalid};
use crate::domain::permission::{Permission, Permissions};
use crate::domain::room;
use crate::operations::Error;
use crate::operations::idempotency::{IdempotencyKey, Keyed};

/// The members whose values no fast digest may hold.
const SECRETS: [&str; 2] = ["password", "access_code"];

pub struct Form<'r> {
    request: &'r Request,
    body: Vec<(String, &'r RawValue)>,
    errors: Vec<FieldError>,
}

impl<'r> Form<'r> {
    /// POST and PATCH: a JSON object. What it lacks may stand in the query, where it may stand alone.
    ///
    /// # Errors
    /// When there is neither, or the body is something else.
    pub fn of_body(request: &'r Request) -> Result<Self, Error> {
        let body = match request.text()? {
            Some(text) => json::members(text)?,
            None if request.query.is_empty() => return Err(FormError::Malformed.into()),
            None => Vec::new(),
        };
        Ok(Self::new(request, body))
    }

    /// GET, DELETE and whatever asks for nothing: the query, or a JSON object.
    ///
    /// # Errors
    /// When there is a body that is something else.
    pub fn of_query_or_body(request: &'r Request) -> Result<Self, Error> {
        let body = match request.text()? {
            Some(text) if !json::is_nothing(text) => json::members(text)?,
            _ => Vec::new(),
        };
        Ok(Self::new(request, body))
    }

    fn new(request: &'r Request, body: Vec<(String, &'r RawValue)>) -> Self {
        let twice = repeated(body.iter().map(|(name, _)| name.as_str()));
        let errors = twice.into_iter().map(|name| FieldError::new(name, Invalid::Duplicate)).collect();
        Self { request, body, errors }
    }

    /// The checked form, or every field that failed.
    ///
    /// # Errors
    /// `Invalid`, when a field failed.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Error> {
        if !self.errors.is_empty() {
            return Err(FormError::Fields(self.errors).into());
        }
        build().ok_or_else(|| Error::Internal("a form lost a field".to_owned()))
    }

    /// As `finish`, with the request's `Idempotency-Key`.
    ///
    /// # Errors
    /// `Invalid`, when a field or the key failed.
    pub fn finish_keyed<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<Keyed<T>, Error> {
        let key = self.request.idempotency_key().unwrap_or_else(|error| {
            self.errors.push(error);
            None
        });
        let key = key.map(|key| IdempotencyKey::new(&key, self.public_members().as_bytes()));
        Ok(Keyed { form: self.finish(build)?, key })
    }

    /// What was sent, without its secrets.
    fn public_members(&self) -> String {
        let is_public = |name: &str| !SECRETS.contains(&name);
        let body = self.body.iter().map(|(name, value)| (name, value.get().to_owned()));
        let query = self
            .request
            .query
            .iter()
            .map(|(name, value)| (name, serde_json::Value::from(value.as_deref()).to_string()));
        let mut public = String::new();
        for (name, value) in body.chain(query).filter(|(name, _)| is_public(name)) {
            public.extend([serde_json::Value::from(name.as_str()).to_string().as_str(), ":", &value, "\n"]);
        }
        public
    }

    pub fn text<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        self.required(name, |given| parse(&string(given)?))
    }

    pub fn optional_text<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        self.optional_or_empty(name, |given| parse(&string(given)?))
    }

    /// As `optional_text`, for what a change says: nothing is changed to an empty text.
    pub fn changed_text<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        self.optional(name, |given| parse(&string(given)?))
    }

    /// A password or an access code, which may stand in the body alone.
    pub fn secret<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        if self.is_in_query(name) { self.optional_secret(name, parse) } else { self.text(name, parse) }
    }

    pub fn optional_secret<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        if self.is_in_query(name) {
            self.errors.push(FieldError::new(name, Invalid::SecretInQuery));
            return None;
        }
        self.changed_text(name, parse)
    }

    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        self.required(name, boolean)
    }

    pub fn optional_boolean(&mut self, name: &str) -> Option<bool> {
        self.optional(name, boolean)
    }

    /// Each permission must be said.
    pub fn permissions(&mut self) -> Option<Permissions> {
        // First all, so that every one that fails is named.
        let given = Permission::ALL.map(|permission| (permission, self.boolean(permission.name())));
        let mut permissions = Permissions::NONE;
        for (permission, is_granted) in given {
            permissions.set(permission, is_granted?);
        }
        Some(permissions)
    }

    /// The permissions that are said.
    pub fn changed_permissions(&mut self) -> Vec<(Permission, bool)> {
        let given = Permission::ALL.map(|permission| Some((permission, self.optional_boolean(permission.name())?)));
        given.into_iter().flatten().collect()
    }

    /// Any string is a schedule's id; most name nothing.
    pub fn schedule_id(&mut self) -> Option<ScheduleId> {
        self.text("schedule_id", |text| Ok(text.into()))
    }

    /// As with schedules, any string.
    pub fn chat_id(&mut self) -> Option<MessageId> {
        self.text("chat_id", |text| Ok(text.into()))
    }

    pub fn user_id(&mut self) -> Option<UserId> {
        self.required("user_id", |given| integer(given, 0, i64::MAX).map(UserId))
    }

    pub fn optional_user_id(&mut self) -> Option<UserId> {
        self.optional_or_empty("user_id", |given| integer(given, 0, i64::MAX).map(UserId))
    }

    pub fn limit(&mut self) -> Option<usize> {
        self.count("limit")
    }

    /// The newest so many, which nobody asks for who goes on after a cursor.
    pub fn tail(&mut self) -> Option<usize> {
        let tail = self.count("tail");
        if tail.is_some() && self.given_unless("after", is_empty).is_some() {
            self.errors.push(FieldError::new("tail", Invalid::NotTogetherWith("after")));
        }
        tail
    }

    fn count(&mut self, name: &str) -> Option<usize> {
        self.optional_or_empty(name, |given| integer(given, 1, 1000)).and_then(|count| usize::try_from(count).ok())
    }

    /// For how long to mute.
    pub fn mute_seconds(&mut self) -> i64 {
        self.optional_or_empty("seconds", |given| integer(given, 1, room::LONGEST_MUTE)).unwrap_or(room::USUAL_MUTE)
    }

    /// Whether a chat is open, and how slow it is: one of them at least.
    pub fn chat_rules(&mut self) -> (Option<bool>, Option<i64>) {
        let names = ["is_open", "slow_seconds"];
        if names.iter().all(|name| self.given(name).is_none()) {
            self.errors.extend(names.map(|name| FieldError::new(name, Invalid::Missing)));
        }
        (
            self.optional_boolean("is_open"),
            self.optional("slow_seconds", |given| integer(given, 0, room::Rules::SLOWEST)),
        )
    }

    fn optional_datetime(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.optional_text(name, datetime::parse)
    }

    pub fn interval(&mut self) -> Option<Interval> {
        let start = self.text("start_datetime", datetime::parse);
        let end = self.text("end_datetime", datetime::parse);
        self.between("end_datetime", start?, end?)
    }

    /// Both, either or neither end of a window, `from` before `to`.
    pub fn window(&mut self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let (from, to) = (self.optional_datetime("from"), self.optional_datetime("to"));
        if let (Some(from), Some(to)) = (from, to) {
            self.between("to", from, to);
        }
        (from, to)
    }

    fn between(&mut self, end_name: &str, start: DateTime<Utc>, end: DateTime<Utc>) -> Option<Interval> {
        Interval::new(start, end).map_err(|reason| self.errors.push(FieldError::new(end_name, reason))).ok()
    }

    /// An array, or a string that holds one.
    pub fn hls_params(&mut self) -> Option<HlsParams> {
        let mut errors = Vec::new();
        let checked = self.required(hls::FIELD, |given| {
            let text = match given {
                Given::Json(json) if !json.starts_with('"') => json.to_owned(),
                _ => string(given)?,
            };
            let value = json::tree(&text)?;
            Ok(HlsParams::check(text.trim(), &value).map_err(|found| errors = found).ok())
        });
        self.errors.extend(errors);
        checked.flatten()
    }

    fn required<T>(&mut self, name: &str, parse: impl FnOnce(Given<'_>) -> Result<T, Invalid>) -> Option<T> {
        if self.given(name).is_none() {
            self.errors.push(FieldError::new(name, Invalid::Missing));
        }
        self.optional(name, parse)
    }

    fn optional<T>(&mut self, name: &str, parse: impl FnOnce(Given<'_>) -> Result<T, Invalid>) -> Option<T> {
        let result = self.given(name)?.and_then(parse);
        self.checked(name, result)
    }

    /// As `optional`, where an empty text is an absent one.
    fn optional_or_empty<T>(&mut self, name: &str, parse: impl FnOnce(Given<'_>) -> Result<T, Invalid>) -> Option<T> {
        let result = self.given_unless(name, is_empty)?.and_then(parse);
        self.checked(name, result)
    }

    fn checked<T>(&mut self, name: &str, result: Result<T, Invalid>) -> Option<T> {
        result.map_err(|reason| self.errors.push(FieldError::new(name, reason))).ok()
    }

    fn in_query(&self, name: &str) -> impl Iterator<Item = Option<&'r str>> {
        self.request.query.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_deref())
    }

    fn is_in_query(&self, name: &str) -> bool {
        self.in_query(name).next().is_some()
    }

    /// The value in the body or in the query; in both only if they are the same.
    fn given(&self, name: &str) -> Option<Result<Given<'r>, Invalid>> {
        self.given_unless(name, |_| false)
    }

    fn given_unless(&self, name: &str, is_absent: impl Fn(Given<'_>) -> bool) -> Option<Result<Given<'r>, Invalid>> {
        let mut query = self.in_query(name);
        let (query, another) = (query.next(), query.next());
        let query = query.filter(|text| !text.is_some_and(|text| is_absent(Given::Query(text))));
        let body = self.body.iter().find(|(given, _)| given == name).map(|(_, value)| value.get());
        let body = body.filter(|json| !is_absent(Given::Json(json)));
        match (query, body) {
            _ if another.is_some() => Some(Err(Invalid::Duplicate)),
            (None, None) => None,
            (Some(None), _) => Some(Err(Invalid::NotUtf8)),
            (Some(Some(text)), None) => Some(Ok(Given::Query(text))),
            (None, Some("null")) => Some(Err(Invalid::Null)),
            (None, Some(json)) => Some(Ok(Given::Json(json))),
            (Some(Some(text)), Some(json)) => {
                let same = json == text || serde_json::from_str::<String>(json).is_ok_and(|string| string == text);
                Some(if same { Ok(Given::Json(json)) } else { Err(Invalid::Contradictory) })
            }
        }
    }
}

fn repeated<'n>(names: impl Iterator<Item = &'n str>) -> BTreeSet<&'n str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}

fn is_empty(given: Given<'_>) -> bool {
    matches!(given, Given::Query("") | Given::Json("\"\""))
}
