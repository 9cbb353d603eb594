//! What one request cost and did, and the one line that says so.
//!
//! A request runs inside `observe`; the table and the ImageFlux client add what they did to the
//! request's record, wherever they are called. No bodies, tokens or values of clients are kept.

use std::cell::RefCell;
use std::future::Future;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::platform::clock::Clock;
use crate::platform::env::var;
use crate::platform::random::Random;

/// Of all our metrics.
const NAMESPACE: &str = "ImageFluxOption";
/// Kept by version as well, so that a deployment is judged by what the new version does.
const BY_VERSION: &str = "InternalErrors";

tokio::task_local! {
    static RECORD: RefCell<Record>;
}

/// What a request did to its dependencies.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Calls to the table, repeated attempts included.
    pub table_attempts: u32,
    /// Calls to the table, as the code asks for them.
    pub table_calls: u32,
    /// The longest chain of table calls in which each had to wait for the one before.
    pub table_depth: u32,
    pub table_read_units: f64,
    pub table_write_units: f64,
    pub table_time: Duration,
    pub imageflux_calls: u32,
    pub imageflux_failures: u32,
    pub imageflux_time: Duration,
    /// Facts worth knowing: tenant (hashed), user, what was written, why it failed.
    pub facts: Map<String, Value>,
    /// Whether it is one of the many that ask for what is new.
    is_poll: bool,
    /// Whether something did not go as it should, though the request was answered.
    is_odd: bool,
    metrics: Vec<(&'static str, &'static str)>,
    finished_depth: u32,
}

/// Chooses one in so many, beginning with any of the first.
pub struct OneIn {
    every: u64,
    seen: AtomicU64,
}

/// Runs one request and returns its record beside its result.
pub async fn observe<T>(request: impl Future<Output = T>) -> (T, Record) {
    RECORD
        .scope(RefCell::default(), async {
            let result = request.await;
            (result, RECORD.with(RefCell::take))
        })
        .await
}

/// Adds to the current request's record; outside of a request it does nothing.
fn record(change: impl FnOnce(&mut Record)) {
    let _outside_of_a_request = RECORD.try_with(|record| change(&mut record.borrow_mut()));
}

/// Notes one fact for the request's line. Never a secret, never a value that a client typed.
pub fn note(name: &str, value: impl Into<Value>) {
    let value = value.into();
    record(|record| drop(record.facts.insert(name.to_owned(), value)));
}

/// Notes why something did not go as it should, though the request may be answered.
pub fn note_odd(name: &str, value: impl Into<Value>) {
    note(name, value);
    record(|record| record.is_odd = true);
}

/// The current request is one of the many that ask for what is new.
pub fn note_poll() {
    record(|record| record.is_poll = true);
}

/// Notes a number that CloudWatch shall keep as a metric, with one of its units, e.g. `Seconds`.
pub fn metric(name: &'static str, value: impl Into<Value>, unit: &'static str) {
    note(name, value);
    record(|record| record.metrics.push((name, unit)));
}

/// One call to the table, from its start to its drop.
pub struct TableCall {
    started: Instant,
    depth: u32,
}

impl TableCall {
    #[must_use]
    pub fn start() -> Self {
        let mut depth = 1;
        record(|record| {
            depth = record.finished_depth + 1;
            record.table_calls += 1;
            record.table_depth = record.table_depth.max(depth);
        });
        Self { started: now(), depth }
    }

    pub fn attempt(&self) {
        record(|record| record.table_attempts += 1);
    }
}

impl Drop for TableCall {
    fn drop(&mut self) {
        record(|record| {
            record.finished_depth = record.finished_depth.max(self.depth);
            record.table_time += self.started.elapsed();
        });
    }
}

/// Capacity that an answer of the table says it consumed.
pub fn consumed(read_units: f64, write_units: f64) {
    record(|record| {
        record.table_read_units += read_units;
        record.table_write_units += write_units;
    });
}

/// Times one call to ImageFlux.
pub async fn imageflux_call<T>(call: impl Future<Output = T>) -> T {
    let started = now();
    let result = call.await;
    record(|record| {
        record.imageflux_calls += 1;
        record.imageflux_time += started.elapsed();
    });
    result
}

/// The call before was not answered, or not as it must be.
pub fn imageflux_failed() {
    record(|record| record.imageflux_failures += 1);
}

/// For durations only; what time it is, `Clock` says.
#[must_use]
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "durations are measured here, whatever the clock shows")]
    Instant::now()
}

impl OneIn {
    #[must_use]
    pub fn new(every: u64, random: &Random) -> Self {
        let every = every.max(1);
        Self { every, seen: AtomicU64::new(random.below(every)) }
    }

    fn is_next(&self) -> bool {
        self.seen.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.every)
    }
}

impl Record {
    /// How many requests like it the line of a successful request stands for; `None` if it is not to be written. Polls
    /// alone are left out, and none whose line is a metric, tells of trouble or of a start.
    #[must_use]
    pub fn stands_for(&self, polls: &OneIn) -> Option<u64> {
        let is_alone = !self.is_poll || self.is_odd || !self.metrics.is_empty() || self.imageflux_calls > 0;
        if is_alone || !STARTED.load(Ordering::Relaxed) {
            return Some(1);
        }
        polls.is_next().then_some(polls.every)
    }

    /// The members of the request's log line that come from its dependencies.
    #[must_use]
    pub fn into_json(mut self) -> Map<String, Value> {
        let millis = |time: Duration| (time.as_secs_f64() * 1000.0).round();
        let mut line = self.facts;
        line.insert(
            "table".to_owned(),
            json!({"calls": self.table_calls, "attempts": self.table_attempts, "depth": self.table_depth,
                   "read_units": self.table_read_units, "write_units": self.table_write_units, "ms": millis(self.table_time)}),
        );
        if self.imageflux_calls > 0 {
            line.insert(
                "imageflux".to_owned(),
                json!({"calls": self.imageflux_calls, "ms": millis(self.imageflux_time)}),
            );
            for (name, value) in
                [("ImageFluxCalls", self.imageflux_calls), ("ImageFluxFailures", self.imageflux_failures)]
            {
                line.insert(name.to_owned(), json!(value));
                self.metrics.push((name, "Count"));
            }
        }
        if !self.metrics.is_empty() {
            line.insert("FunctionName".to_owned(), json!(service()));
            line.insert("_aws".to_owned(), embedded_metrics(&self.metrics));
        }
        line
    }
}

/// CloudWatch's embedded metric format: which members of the line are metrics. No dimension may grow with tenants:
/// every combination of values is a metric of its own, and costs as one.
fn embedded_metrics(metrics: &[(&str, &str)]) -> Value {
    let of = |dimensions: &[&str], kept: &dyn Fn(&str) -> bool| {
        let metrics = metrics.iter().filter(|(name, _)| kept(name));
        let metrics: Vec<Value> = metrics.map(|(name, unit)| json!({"Name": name, "Unit": unit})).collect();
        json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics})
    };
    let mut directives = vec![of(&["FunctionName"], &|_| true)];
    if metrics.iter().any(|(name, _)| *name == BY_VERSION) {
        directives.push(of(&["FunctionName", "function_version"], &|name| name == BY_VERSION));
    }
    json!({"Timestamp": Clock::default().now_millis(), "CloudWatchMetrics": directives})
}

/// How much a line matters, in the words that log tools know.
#[derive(Clone, Copy)]
pub enum Level {
    Info,
    Error,
}

/// Whether this process has written a line.
static STARTED: AtomicBool = AtomicBool::new(false);

/// Writes one line of JSON to standard output, where Lambda collects it. Every line says which function wrote it, in which version.
pub fn emit(level: Level, mut line: Map<String, Value>) {
    let level = match level {
        Level::Info => "INFO",
        Level::Error => "ERROR",
    };
    line.insert("level".to_owned(), json!(level));
    line.insert("service".to_owned(), json!(service()));
    line.insert("cold_start".to_owned(), json!(!STARTED.swap(true, Ordering::Relaxed)));
    line.insert("function_version".to_owned(), json!(var("AWS_LAMBDA_FUNCTION_VERSION").unwrap_or_default()));
    // `Root=1-...;Parent=...;Sampled=1`: the first part is the trace.
    if let Some(trace) = var("_X_AMZN_TRACE_ID") {
        let root = trace.split(';').find_map(|part| part.strip_prefix("Root="));
        line.insert("xray_trace_id".to_owned(), json!(root));
    }
    let line = Value::Object(line);
    // A log that nobody reads any more must not stop the work.
    let _reader_is_gone = writeln!(std::io::stdout().lock(), "{line}");
}

fn service() -> String {
    var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "local".to_owned())
}
