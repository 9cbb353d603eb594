//! What a process is made of: its environment and secrets, time, randomness, connections, its log.
//! Nothing here uses another module.

pub mod env;
pub mod config;
pub mod secrets;
pub mod https;
pub mod clock;
pub mod random;
pub mod cache;
pub mod memory;
pub mod retries;
pub mod telemetry;
