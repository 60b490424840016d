//! Encodings peeled off: dictionaries and run-ends as plain arrays, or evaluated once per value.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int16Type, Int32Type, Int64Type, Int8Type, RunEndIndexType, UInt16Type, UInt32Type, UInt64Type,
    UInt8Type,
};
use arrow_array::{Array, ArrayRef, RunArray, UInt32Array};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;
use arrow_select::take::take;

use super::{bits, mask};
use crate::error::{Error, Result};

/// The same values in the plain layout.
pub(crate) fn decode(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let plain = take(dictionary.values(), dictionary.keys(), None).map_err(fault)?;
            decode(&plain)
        }
        DataType::RunEndEncoded(ends, _) => {
            let (values, indices) = match ends.data_type() {
                DataType::Int16 => run_indices::<Int16Type>(array),
                DataType::Int32 => run_indices::<Int32Type>(array),
                _ => run_indices::<Int64Type>(array),
            }?;
            decode(&take(&values, &indices, None).map_err(fault)?)
        }
        _ => Ok(ArrayRef::clone(array)),
    }
}

fn run_indices<R: RunEndIndexType>(array: &ArrayRef) -> Result<(ArrayRef, UInt32Array)> {
    let runs = array
        .as_run_opt::<R>()
        .ok_or_else(|| Error::internal("run ends of another width than their type says"))?;
    let mut indices = Vec::with_capacity(runs.len());
    indices.extend((0..runs.len()).map(|row| runs.get_physical_index(row) as u32));
    Ok((ArrayRef::clone(runs.values()), UInt32Array::from(indices)))
}

fn fault(_: arrow_schema::ArrowError) -> Error {
    Error::internal("a validated dictionary or run-end array could not be decoded")
}

/// The values of a settled dictionary or run-end array, each of which many rows may have.
pub(crate) fn values(array: &ArrayRef) -> Option<&ArrayRef> {
    match array.data_type() {
        DataType::Dictionary(..) => Some(array.as_any_dictionary().values()),
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => array.as_run_opt::<Int16Type>().map(RunArray::values),
            DataType::Int32 => array.as_run_opt::<Int32Type>().map(RunArray::values),
            _ => array.as_run_opt::<Int64Type>().map(RunArray::values),
        },
        _ => None,
    }
}

/// Sets the bits of the rows whose value has its bit set in `values`.
pub(crate) fn gather(array: &dyn Array, values: &[u64], out: &mut [u64]) {
    macro_rules! keys {
        ($($t:ty),+) => {$(
            if let Some(dictionary) = array.as_dictionary_opt::<$t>() {
                // Keys under nulls are arbitrary: a key out of range reads as not failing.
                mask::fill(dictionary.keys().values(), out, |key| {
                    usize::try_from(key).is_ok_and(|key| bits::get(values, key))
                });
            }
        )+};
    }
    keys!(Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type);
    macro_rules! runs {
        ($($t:ty),+) => {$(
            if let Some(runs) = array.as_run_opt::<$t>() {
                spread(runs, values, out);
            }
        )+};
    }
    runs!(Int16Type, Int32Type, Int64Type);
}

fn spread<R: RunEndIndexType>(runs: &RunArray<R>, values: &[u64], out: &mut [u64]) {
    let (offset, length) = (runs.offset(), runs.len());
    let mut start = 0;
    for (run, end) in runs.run_ends().values().iter().enumerate() {
        let end = end.as_usize().saturating_sub(offset).min(length);
        if end > start && bits::get(values, run) {
            bits::set_range(out, start, end);
        }
        start = end;
    }
}

/// The same values in the plain layout, when evaluating once per value or run would not pay;
/// otherwise the array itself.
pub(crate) fn settle(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Dictionary(_, values)
            if !matches!(**values, DataType::Dictionary(..) | DataType::RunEndEncoded(..))
                && array.as_any_dictionary().values().len() <= array.len() =>
        {
            Ok(ArrayRef::clone(array))
        }
        DataType::RunEndEncoded(_, field)
            if !matches!(
                field.data_type(),
                DataType::Dictionary(..) | DataType::RunEndEncoded(..)
            ) && values(array).is_some_and(|values| values.len() <= array.len() / 2) =>
        {
            Ok(ArrayRef::clone(array))
        }
        _ => decode(array),
    }
}
