//! What a process may repeat of its calls to one dependency, so that one that is overloaded is not asked many times as often.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The numbers are those of the "standard" retry mode of AWS's SDKs. Only successes give anything back, never the time,
/// so a seed repeats a run. Clones are the same.
#[derive(Clone)]
pub struct RetryBudget {
    left: Arc<AtomicU32>,
}

const CAPACITY: u32 = 500;
const RETRY_COST: u32 = 5;
const SUCCESS_AT_ONCE: u32 = 1;

impl RetryBudget {
    #[must_use]
    pub fn full() -> Self {
        Self { left: Arc::new(AtomicU32::new(CAPACITY)) }
    }

    /// Whether one more call may be repeated.
    #[must_use]
    pub fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(RETRY_COST)).is_ok()
    }

    /// Something was achieved, at once or after it was repeated.
    pub fn give_back(&self, was_repeated: bool) {
        let tokens = if was_repeated { RETRY_COST } else { SUCCESS_AT_ONCE };
        let more = |left: u32| Some((left + tokens).min(CAPACITY));
        let _always_some = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}
