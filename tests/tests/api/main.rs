//! The API as a client sees it, one module per part of the contract.

mod documents_samples;
mod requests;
mod values;
mod permissions;
mod tokens;
mod tenants;
mod schedules;
mod delivery_view;
mod chat;
mod idempotency;
mod upstream_failures;
mod errors;
