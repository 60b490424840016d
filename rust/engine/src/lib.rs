//! meshgate-engine: checks, uniqueness and masks over Arrow record batches.
//!
//! A contract is compiled once against a schema into a plan; a run is one pass of a plan over one
//! stream of batches and ends with a report. The engine has no Python, no network and no clock:
//! time, keys, seeds and folders are arguments.

pub mod checks;
pub mod contract;
mod digest;
pub mod error;
mod fingerprint;
pub mod import;
mod kernels;
mod literal;
pub mod masks;
pub mod nesting;
pub mod plan;
mod predicate;
pub mod profile;
pub mod promise;
pub mod quotes;
pub mod report;
pub mod run;
pub mod unique;

pub use kernels::cpu;
