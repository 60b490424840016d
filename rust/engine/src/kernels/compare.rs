//! Range comparisons over primitive values.

use super::bits;
use crate::literal::Native;

/// Sets the bits of the values outside `[low, high]`. NaN is outside every range.
#[allow(clippy::nonminimal_bool)] // the negated conjunction is what makes NaN fail
pub(crate) fn outside<T: Native>(values: &[T], low: T, high: T, out: &mut [u64]) {
    bits::fill(values, out, |v| !(v >= low && v <= high));
}
