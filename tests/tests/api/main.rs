//! The API as a client sees it, one module per part of the contract.

mod documents_samples;
mod event_files;
mod requests;
mod queries;
mod events;
mod random_bodies;
mod values;
mod renditions;
mod operations;
mod permissions;
mod users;
mod tokens;
mod tenants;
mod calendar;
mod schedules;
mod schedule_moves;
mod schedule_lists;
mod schedule_races;
mod schedule_oracle;
mod delivery_view;
mod chat;
mod idempotency;
mod upstream_failures;
mod sweeping;
mod errors;
