//! The one source of randomness and of new ids.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// The operating system's randomness, or a sequence drawn from a seed for tests that must repeat.
#[derive(Clone, Default)]
pub struct Random {
    seeded: Option<Arc<Mutex<u64>>>,
}

impl Random {
    /// Never for production: whoever knows the seed knows every id.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { seeded: Some(Arc::new(Mutex::new(seed))) }
    }

    /// # Panics
    /// When the operating system has no randomness to give, which nothing here can do without.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.seeded {
            None => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the one place that reads the system's randomness"
                )]
                getrandom::fill(bytes).expect("the operating system gives randomness");
            }
            Some(state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in bytes.chunks_mut(8) {
                    chunk.copy_from_slice(&split_mix(&mut state).to_le_bytes()[..chunk.len()]);
                }
            }
        }
    }

    /// # Panics
    /// As `fill`.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `bound`, which is not 0.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes()) % bound
    }

    /// An id that nobody can guess.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// An id that sorts by the time it was made at (UUID version 7).
    #[must_use]
    pub fn uuid_at(&self, millis: i64) -> Uuid {
        let millis = u64::try_from(millis).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

/// The `SplitMix64` generator of Steele, Lea and Flood.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
