//! Exact uniqueness across all batches of a run.
//!
//! Phase one, [`encode`], turns the key columns of a piece into canonical keys; it needs nothing
//! but the columns and runs on any thread. Phase two takes the blocks up in row order:
//! [`Resident`] judges every row at once, for rows that are split into accepted and quarantined;
//! [`Deferred`] judges them all at the end, when nothing waits for them.
//!
//! Keys up to 16 bytes are compared in full by both. Wider ones are compared in full by
//! [`Resident`]; [`Deferred`] knows their 128-bit fingerprints and says so (`verified`). That no
//! key repeats is exact in any case.

mod arena;
mod block;
mod budget;
mod column;
mod common;
mod deferred;
mod dense;
mod fixed;
mod form;
mod groups;
mod judge;
mod key;
mod lane;
mod log;
mod numbers;
mod outcome;
mod radix;
mod resident;
mod seed;
mod span;
mod spill;
mod store;
mod table;
mod text;
mod uuid;

pub use block::{encode, encode_within, KeyBlock};
pub(crate) use common::{common, Common};
pub use deferred::Deferred;
pub use form::{Class, KeyForm, Nulls};
pub(crate) use numbers::Numbers;
pub use outcome::{Outcome, EXAMPLES};
pub use resident::{Repeats, Resident};
pub use seed::Seed;
pub use spill::Spill;

#[cfg(test)]
mod tests;
