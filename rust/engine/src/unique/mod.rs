//! Exact uniqueness across all batches of a run.
//!
//! Phase one, [`encode`], turns the key columns of a piece into canonical keys; it needs nothing
//! but the columns and runs on any thread. Phase two takes the blocks up in row order:
//! [`Resident`] judges every row at once, for rows that are split into accepted and quarantined.
//!
//! A verdict never rests on a hash: keys up to 16 bytes are stored in full, wider ones are
//! compared in full where their hashes meet.

mod block;
mod budget;
mod column;
mod fixed;
mod form;
mod lane;
mod outcome;
mod resident;
mod seed;
mod table;
mod text;
mod uuid;

pub use block::{encode, KeyBlock};
pub use form::{Class, KeyForm, Nulls};
pub use outcome::{Outcome, EXAMPLES};
pub use resident::{Repeats, Resident};
pub use seed::Seed;

#[cfg(test)]
mod tests;
