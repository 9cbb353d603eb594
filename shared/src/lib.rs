//! Everything that the functions have in common. Modules in the order to read them.

pub mod domain;
pub mod policy;
pub mod operations;
pub mod store;
pub mod table;
pub mod crypto;
pub mod imageflux;
pub mod http;
pub mod lambda;
pub mod app;
pub mod platform;
