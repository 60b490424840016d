//! Values against constants of their own type: ranges, sets, order of bytes, patterns.

use std::fmt::Debug;
use std::marker::PhantomData;

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ArrayRef, PrimitiveArray};

use super::like::Like;
use crate::error::{Error, Result};
use crate::kernels::compare::Ranged;
use crate::kernels::members::Members;
use crate::kernels::pairs::Relation;
use crate::kernels::words::Words;
use crate::kernels::{bits, rows, text};
use crate::literal::Native;

/// Sets a bit for every valid row whose value satisfies it; other bits may come out either way.
pub(crate) trait Test: Send + Sync + Debug {
    /// `holds` is zero on entry.
    ///
    /// # Errors
    /// Only for a bug.
    fn fill(&self, array: &ArrayRef, valid: Option<&[u64]>, holds: &mut [u64]) -> Result<()>;

    /// Estimated nanoseconds per row.
    fn cost(&self) -> f64 {
        1.0
    }
}

/// Every value, or none.
#[derive(Debug)]
pub(super) struct All(pub(super) bool);

impl Test for All {
    fn fill(&self, array: &ArrayRef, _: Option<&[u64]>, holds: &mut [u64]) -> Result<()> {
        if self.0 {
            holds.copy_from_slice(&bits::ones(array.len()));
        }
        Ok(())
    }
}

/// Values from `low` to `high`; NaN is outside.
pub(super) struct Range<T: ArrowPrimitiveType> {
    pub(super) low: T::Native,
    pub(super) high: T::Native,
    pub(super) array: PhantomData<fn() -> T>,
}

impl<T: ArrowPrimitiveType> Debug for Range<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Range").finish_non_exhaustive()
    }
}

impl<T: ArrowPrimitiveType> Test for Range<T>
where
    T::Native: Native,
{
    fn fill(&self, array: &ArrayRef, _: Option<&[u64]>, holds: &mut [u64]) -> Result<()> {
        T::Native::outside(native::<T>(array)?, self.low, self.high, holds);
        bits::invert(holds);
        bits::trim(holds, array.len());
        Ok(())
    }
}

/// Values that are, or are not, among the members; NaN is neither.
pub(super) struct Among<T: ArrowPrimitiveType> {
    pub(super) members: Members<T::Native>,
    pub(super) inside: bool,
    pub(super) array: PhantomData<fn() -> T>,
}

impl<T: ArrowPrimitiveType> Debug for Among<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Among").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

impl<T: ArrowPrimitiveType> Test for Among<T>
where
    T::Native: Native,
{
    fn fill(&self, array: &ArrayRef, _: Option<&[u64]>, holds: &mut [u64]) -> Result<()> {
        self.members.among(native::<T>(array)?, self.inside, holds);
        Ok(())
    }
}

fn native<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<&[T::Native]> {
    array
        .as_any()
        .downcast_ref::<PrimitiveArray<T>>()
        .map(|array| array.values().as_ref())
        .ok_or_else(|| Error::internal("a test met another type than it was compiled for"))
}

/// Texts that are, or are not, among the members.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) members: Words,
    pub(super) inside: bool,
}

impl Test for Texts {
    fn fill(&self, array: &ArrayRef, valid: Option<&[u64]>, holds: &mut [u64]) -> Result<()> {
        rows::fill(array, valid, holds, self.inside, &self.members)
    }

    fn cost(&self) -> f64 {
        3.0
    }
}

/// Texts in a relation to one text, by their bytes, which is the order of their code points.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) relation: Relation,
    pub(super) bytes: Box<[u8]>,
}

impl Test for Order {
    fn fill(&self, array: &ArrayRef, valid: Option<&[u64]>, holds: &mut [u64]) -> Result<()> {
        text::fill(array, valid, holds, |bytes| self.relation.accepts(Some(bytes.cmp(&self.bytes))))
    }
}

/// Texts that match, or do not match, a pattern.
#[derive(Debug)]
pub(super) struct Matches {
    pub(super) pattern: Like,
    pub(super) inside: bool,
}

impl Test for Matches {
    fn fill(&self, array: &ArrayRef, valid: Option<&[u64]>, holds: &mut [u64]) -> Result<()> {
        self.pattern.fill(array, valid, holds, self.inside)
    }

    fn cost(&self) -> f64 {
        match self.pattern {
            Like::General(_) => 40.0,
            _ => 6.0,
        }
    }
}
