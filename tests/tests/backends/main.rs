//! The two clients of the product against servers that answer whatever a test says.

mod batches;
mod imageflux;
mod repetitions;
mod requests;
mod retry_budget;
mod stub;
mod table;
mod transactions;
