//! What one request cost and did, and the one line that says so.
//!
//! A request runs inside `observe`; the table and the ImageFlux client add what they did to the
//! request's record, wherever they are called. No bodies, tokens or values of clients are kept.

use std::cell::RefCell;
use std::future::Future;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::platform::clock::Clock;
use crate::platform::env::var;

/// Of all our metrics.
const NAMESPACE: &str = "ImageFluxOption";

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
    pub imageflux_time: Duration,
    /// Facts worth knowing: tenant (hashed), user, what was written, why it failed.
    pub facts: Map<String, Value>,
    metrics: Vec<(&'static str, &'static str)>,
    finished_depth: u32,
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

/// For durations only; what time it is, `Clock` says.
#[must_use]
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "durations are measured here, whatever the clock shows")]
    Instant::now()
}

impl Record {
    /// The members of the request's log line that come from its dependencies.
    #[must_use]
    pub fn into_json(self) -> Map<String, Value> {
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
        }
        if !self.metrics.is_empty() {
            let function = var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "local".to_owned());
            line.insert("FunctionName".to_owned(), json!(function));
            line.insert("_aws".to_owned(), embedded_metrics(&self.metrics));
        }
        line
    }
}

/// CloudWatch's embedded metric format: which members of the line are metrics.
fn embedded_metrics(metrics: &[(&str, &str)]) -> Value {
    let metrics: Vec<Value> = metrics.iter().map(|(name, unit)| json!({"Name": name, "Unit": unit})).collect();
    json!({
        "Timestamp": Clock::default().now_millis(),
        "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": metrics}],
    })
}

/// Whether this is the first line of the process. Asked once for each line.
pub fn is_first() -> bool {
    static STARTED: AtomicBool = AtomicBool::new(false);
    !STARTED.swap(true, Ordering::Relaxed)
}

/// Writes one line of JSON to standard output, where Lambda collects it.
pub fn emit(line: &Value) {
    // A log that nobody reads any more must not stop the work.
    let _reader_is_gone = writeln!(std::io::stdout().lock(), "{line}");
}
