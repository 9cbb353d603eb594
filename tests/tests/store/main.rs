//! What each write asks of its item: for every condition a state in which it alone stands in the way.
//!
//! Clients rarely come to see these conditions, because operations read before they write. They hold when somebody else
//! wrote in between, and when an attempt arrives late.

mod bench;
mod calendar;
mod calendar_reads;
mod schedules;
mod users;
mod tenants;
mod secrets;
mod todo;
mod trail;
mod idempotency;
mod live;
mod chat;
mod failures;
mod lists;
