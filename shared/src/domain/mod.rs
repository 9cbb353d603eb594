//! What the product talks about. No I/O, no SDK, no HTTP, and nothing else of ours.
//!
//! Every type has one constructor that refuses what the contract refuses, so later code never checks again.

pub mod access_code;
pub mod channel;
pub mod email;
pub mod hls;
pub mod ids;
pub mod interval;
pub mod invalid;
pub mod live;
pub mod message;
pub mod password;
pub mod permission;
pub mod schedule;
pub mod text;
pub mod user;
