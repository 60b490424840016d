//! The rows of a piece that a clause judges: all, or those for which its `when` is true.

use arrow_buffer::NullBuffer;

use crate::error::{Error, Result};
use crate::kernels::bits;
use crate::plan::Planned;
use crate::predicate::Truth;

/// The rows inside of one clause.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within<'a> {
    when: Option<&'a Truth>,
    rows: usize,
}

impl<'a> Within<'a> {
    /// `truths` are the outcomes of the plan's conditions for the piece.
    ///
    /// # Errors
    /// Only for a bug.
    pub(super) fn of(clause: &Planned, truths: &'a [Option<Truth>], rows: usize) -> Result<Self> {
        let when = clause.when.map(|at| condition(truths, at)).transpose()?;
        Ok(Self { when, rows })
    }

    /// The rows inside; `None`: all.
    pub(super) fn bits(&self) -> Option<&'a [u64]> {
        self.when.map(|when| when.yes.as_slice())
    }

    /// How many rows are inside.
    pub(super) fn count(&self) -> u64 {
        self.bits().map_or(self.rows as u64, bits::count)
    }

    /// Clears the bits of the rows outside.
    pub(super) fn keep(&self, bits: &mut [u64]) {
        if let Some(inside) = self.bits() {
            bits::and(bits, inside);
        }
    }

    /// The rows inside that are in `valid` (`None`: all).
    pub(super) fn valid(&self, valid: Option<Vec<u64>>) -> Option<Vec<u64>> {
        match valid {
            Some(mut valid) => {
                self.keep(&mut valid);
                Some(valid)
            }
            None => self.bits().map(<[u64]>::to_vec),
        }
    }

    /// The rows inside, as validity; `None`: all.
    pub(super) fn nulls(&self) -> Option<NullBuffer> {
        self.bits().map(|inside| NullBuffer::new(bits::to_boolean(inside, self.rows)))
    }

    /// How many rows inside are not in `valid`.
    pub(super) fn missing(&self, valid: Option<&[u64]>) -> u64 {
        match (valid, self.bits()) {
            (None, _) => 0,
            (Some(valid), None) => self.rows as u64 - bits::count(valid),
            (Some(valid), Some(inside)) => {
                let missing = inside.iter().zip(valid);
                missing.map(|(inside, valid)| u64::from((inside & !valid).count_ones())).sum()
            }
        }
    }
}

/// The outcome of one of the plan's conditions.
///
/// # Errors
/// Only for a bug.
pub(super) fn condition(truths: &[Option<Truth>], at: usize) -> Result<&Truth> {
    truths
        .get(at)
        .and_then(Option::as_ref)
        .ok_or_else(|| Error::internal("a condition was not judged before it is needed"))
}
