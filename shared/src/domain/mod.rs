//! What the product talks about. No I/O, no SDK, no HTTP, and nothing else of ours.
//!
//! Every type has one constructor for what clients send, and it refuses what `openapi.yaml` says is refused; what was
//! stored comes back through `stored::Stored`. So later code never checks again.

pub mod access_code;
pub mod channel;
pub mod email;
pub mod failures;
pub mod hls;
pub mod ids;
pub mod interval;
pub mod invalid;
pub mod live;
pub mod message;
pub mod moment;
pub mod pace;
pub mod password;
pub mod permission;
pub mod progress;
pub mod room;
pub mod schedule;
pub mod source;
pub mod standing;
pub mod stored;
pub mod tail;
pub mod tenant;
pub mod trail;
pub mod text;
pub mod user;
