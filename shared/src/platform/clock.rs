//! The one source of the time. Everything that asks what time it is asks this.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SubsecRound, Utc};
use tokio::time::Instant;

/// The machine's clock, shifted by an offset. Clones share the offset, so a test can move a running product.
#[derive(Clone, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
    passes: Passes,
}

/// What moves a clock from 1970 on, beside its offset.
#[derive(Clone, Copy, Default)]
enum Passes {
    #[default]
    WithTheMachine,
    /// With the timers of the runtime, since this moment of them.
    WithTheRuntime(Instant),
    Never,
}

impl Clock {
    /// A clock that shows `instant` now and runs on from there.
    #[must_use]
    pub fn starting_at(instant: DateTime<Utc>) -> Self {
        let clock = Self::default();
        let offset = instant.timestamp_millis() - clock.now_millis();
        clock.offset_millis.store(offset, Ordering::Relaxed);
        clock
    }

    /// A clock that shows `instant` now and runs with the timers of the runtime, which a simulation pauses.
    #[must_use]
    pub fn simulated(instant: DateTime<Utc>) -> Self {
        let offset_millis = Arc::new(AtomicI64::new(instant.timestamp_millis()));
        Self { offset_millis, passes: Passes::WithTheRuntime(Instant::now()) }
    }

    /// A clock that shows `instant` until it is advanced.
    #[must_use]
    pub fn stopped_at(instant: DateTime<Utc>) -> Self {
        let offset_millis = Arc::new(AtomicI64::new(instant.timestamp_millis()));
        Self { offset_millis, passes: Passes::Never }
    }

    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        let since_epoch = match self.passes {
            Passes::WithTheRuntime(start) => start.elapsed(),
            Passes::Never => Duration::ZERO,
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
            Passes::WithTheMachine => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
        };
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX) + self.offset_millis.load(Ordering::Relaxed)
    }

    /// The current instant, to the millisecond.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.now_millis()).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The current second, as everything that is stored and printed counts.
    #[must_use]
    pub fn now_second(&self) -> DateTime<Utc> {
        self.now().trunc_subsecs(0)
    }
}
