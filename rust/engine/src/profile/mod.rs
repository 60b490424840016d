//! A profile: what the values of each column look like, seen in the same pass that judges them.
//!
//! It is opt-in, and a run without one does nothing for it. Equal rows give equal profiles, however
//! they are cut, encoded, offset or spread over threads: everything remembered is a sum, a set, a
//! pair of ends, an order of neighbours merged in row order, or a sample of rows chosen by a fixed
//! hash of their ordinals. Memory is bounded: about 4 KiB and a share of [`SAMPLED_IN_ALL`] rows a
//! column.
//!
//! Of a column that is masked or tagged as personal data, a profile has the number of nulls and of
//! distinct values, and nothing else. Columns that the contract does not promise are left out.

mod column;
mod distinct;
mod few;
mod found;
mod gather;
mod hash;
mod keys;
mod sample;
mod shape;
mod state;
#[cfg(test)]
mod tests;
mod trend;
mod words;

use arrow_array::RecordBatch;

pub(crate) use column::{columns, Column};
pub use distinct::Count;
pub use found::{ColumnProfile, Counted, Quantile};

use crate::error::Result;
use serde::Serialize;
use state::State;

/// Rows that are sampled of a column.
const SAMPLED: usize = 4096;
/// Rows that are sampled of all columns together: a wide table gets smaller samples.
const SAMPLED_IN_ALL: usize = 1 << 20;

/// What the values of a dataset look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Rows read.
    pub rows: u64,
    /// One entry per promised column that the data has, in contract order; fields follow their
    /// struct.
    pub columns: Vec<ColumnProfile>,
}

impl Profile {
    /// The profile as JSON; equal profiles give equal bytes.
    pub fn to_json(&self) -> String {
        // Strings, integers and lists always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A profile in the making.
#[derive(Debug)]
pub(crate) struct Profiler {
    states: Vec<State>,
}

impl Profiler {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let sampled = SAMPLED.min(SAMPLED_IN_ALL / columns.len().max(1));
        Self { states: columns.iter().map(|column| State::new(column, sampled)).collect() }
    }

    /// What a piece that starts at `base_row` adds; pieces may be looked at in parallel.
    ///
    /// # Errors
    /// Only for a bug.
    pub(crate) fn look(
        &self,
        columns: &[Column],
        piece: &RecordBatch,
        base_row: u64,
    ) -> Result<Self> {
        let rows = base_row..base_row + piece.num_rows() as u64;
        let priorities: Vec<u64> = rows.map(hash::priority).collect();
        let states = columns.iter().zip(&self.states).map(|(column, before)| {
            let (array, nulls) = column.values(piece)?;
            Ok(before.of_piece(&array, nulls.as_ref(), &priorities))
        });
        Ok(Self { states: states.collect::<Result<_>>()? })
    }

    /// Takes in what the next piece adds. Pieces come in row order.
    pub(crate) fn merge(&mut self, later: Self) {
        for (ours, theirs) in self.states.iter_mut().zip(later.states) {
            ours.merge(theirs);
        }
    }

    /// The profile of all rows so far.
    pub(crate) fn profile(&self, columns: &[Column], rows: u64) -> Profile {
        let found = columns.iter().zip(&self.states);
        let columns = found.map(|(column, state)| ColumnProfile::of(column, state)).collect();
        Profile { rows, columns }
    }
}
