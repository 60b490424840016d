//! The failing rows whose value is NaN, in any of the columns that a check reads.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{ArrayRef, ArrowPrimitiveType};

use crate::kernels::bits;

enum Floats<'a> {
    Half(&'a [<Float16Type as ArrowPrimitiveType>::Native]),
    Single(&'a [f32]),
    Double(&'a [f64]),
}

impl<'a> Floats<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        if let Some(array) = array.as_primitive_opt::<Float64Type>() {
            return Some(Self::Double(array.values()));
        }
        if let Some(array) = array.as_primitive_opt::<Float32Type>() {
            return Some(Self::Single(array.values()));
        }
        Some(Self::Half(array.as_primitive_opt::<Float16Type>()?.values()))
    }

    fn is_nan(&self, row: usize) -> bool {
        match self {
            Self::Half(values) => values.get(row).is_some_and(|value| value.is_nan()),
            Self::Single(values) => values.get(row).is_some_and(|value| value.is_nan()),
            Self::Double(values) => values.get(row).is_some_and(|value| value.is_nan()),
        }
    }
}

/// The failing slots that hold a NaN in any column; empty where no column can hold one.
pub(super) fn slots(arrays: &[ArrayRef], fail: &[u64]) -> Vec<u64> {
    let floats: Vec<_> = arrays.iter().filter_map(Floats::of).collect();
    if floats.is_empty() {
        return Vec::new();
    }
    let mut nan = vec![0; fail.len()];
    bits::ones_of(fail)
        .filter(|slot| floats.iter().any(|column| column.is_nan(*slot)))
        .for_each(|slot| bits::set(&mut nan, slot));
    nan
}

/// How many of the failing rows hold a NaN.
pub(super) fn rows(arrays: &[ArrayRef], fail: &[u64]) -> u64 {
    bits::count(&slots(arrays, fail))
}
