//! meshgate-engine: checks, uniqueness and masks over Arrow record batches.
//!
//! A contract is compiled once against a schema into a plan; a run is one pass of a plan over one
//! stream of batches and ends with a report. The engine has no Python, no network and no clock:
//! time, keys, seeds and folders are arguments.

pub mod contract;
pub mod error;
pub mod import;
pub(crate) mod literal;
pub mod masks;
pub mod promise;
