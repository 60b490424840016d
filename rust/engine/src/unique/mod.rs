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
mod batch;
mod block;
mod budget;
mod cells;
mod column;
mod common;
mod deferred;
mod dense;
mod disk_run;
mod drop;
mod fixed;
mod form;
mod groups;
pub mod index;
mod judge;
mod key;
mod lane;
mod numbers;
mod outcome;
mod partitions;
mod piece;
mod resident;
mod rows;
mod rowset;
mod search;
mod seed;
mod span;
mod spare;
mod spill;
mod store;
mod suspects;
mod table;
mod text;

pub use block::{encode, encode_within, KeyBlock};
pub(crate) use common::{common, Common};
pub use deferred::{Deferred, Finding, Terms};
pub use form::{Class, KeyForm, Nulls};
pub(crate) use numbers::Numbers;
pub(crate) use outcome::Smallest;
pub use outcome::{Outcome, EXAMPLES};
pub use resident::{Repeats, Resident};
pub use rowset::RowSet;
pub use seed::Seed;
pub use spill::{Disk, Spill};
pub(crate) use suspects::changed;

#[cfg(test)]
mod tests;
