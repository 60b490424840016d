//! The rows of a column without its encoding: dictionaries and run ends are taken off.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Int16Type, Int32Type, Int64Type, Int8Type, RunEndIndexType, UInt16Type,
    UInt32Type, UInt64Type, UInt8Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, NullBuffer};
use arrow_schema::DataType;

use crate::error::{Error, Result};

/// Stands for null in an index.
const NULL: usize = usize::MAX;

/// Where each row of a column finds its value.
#[derive(Debug)]
pub(super) struct Rows {
    /// The values: plain, never a dictionary or run-end encoded.
    leaf: ArrayRef,
    nulls: Option<NullBuffer>,
    /// Row to position in `leaf`, `NULL` for a null; `None` when rows are positions.
    index: Option<Vec<usize>>,
}

impl Rows {
    /// Takes the encodings off, also nested ones. Logical nulls (in keys or in values) are null.
    ///
    /// # Errors
    /// `engine.internal` when a key or a run points outside of its values, which validation of
    /// imported arrays excludes.
    pub(super) fn of(column: &ArrayRef) -> Result<Self> {
        let mut leaf = ArrayRef::clone(column);
        let mut index: Option<Vec<usize>> = None;
        loop {
            let (positions, values) = match leaf.data_type() {
                DataType::Dictionary(keys, _) => match keys.as_ref() {
                    DataType::Int8 => keys_of::<Int8Type>(&leaf),
                    DataType::Int16 => keys_of::<Int16Type>(&leaf),
                    DataType::Int32 => keys_of::<Int32Type>(&leaf),
                    DataType::Int64 => keys_of::<Int64Type>(&leaf),
                    DataType::UInt8 => keys_of::<UInt8Type>(&leaf),
                    DataType::UInt16 => keys_of::<UInt16Type>(&leaf),
                    DataType::UInt32 => keys_of::<UInt32Type>(&leaf),
                    DataType::UInt64 => keys_of::<UInt64Type>(&leaf),
                    _ => return Err(broken()),
                },
                DataType::RunEndEncoded(ends, _) => match ends.data_type() {
                    DataType::Int16 => runs_of::<Int16Type>(&leaf),
                    DataType::Int32 => runs_of::<Int32Type>(&leaf),
                    DataType::Int64 => runs_of::<Int64Type>(&leaf),
                    _ => return Err(broken()),
                },
                _ => break,
            };
            if positions.iter().any(|at| *at != NULL && *at >= values.len()) {
                return Err(broken());
            }
            index = Some(match index {
                None => positions,
                Some(outer) => compose(&outer, &positions)?,
            });
            leaf = values;
        }
        let nulls = leaf.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        if let (Some(index), Some(nulls)) = (&mut index, &nulls) {
            for at in index {
                if *at != NULL && nulls.is_null(*at) {
                    *at = NULL;
                }
            }
        }
        Ok(Self { leaf, nulls, index })
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.index.as_ref().map_or(self.leaf.len(), Vec::len)
    }

    /// The values without their encoding.
    pub(super) fn leaf(&self) -> &ArrayRef {
        &self.leaf
    }

    /// Several rows can share one value, and there are fewer values than rows: it pays to mask
    /// the values and to look the rows up.
    pub(super) fn shared(&self) -> bool {
        self.index.as_ref().is_some_and(|index| self.leaf.len() < index.len())
    }

    /// Positions of the rows' values in the leaf, in order; `None` for a null.
    pub(super) fn positions(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        (0..self.len()).map(|row| match &self.index {
            Some(index) => index.get(row).copied().filter(|at| *at != NULL),
            None => self.leaf_position(row),
        })
    }

    /// A position of the leaf, unless its value is null.
    pub(super) fn leaf_position(&self, at: usize) -> Option<usize> {
        match &self.nulls {
            Some(nulls) if nulls.is_null(at) => None,
            _ => Some(at),
        }
    }

    /// The validity of the rows in a fresh buffer without an offset, or `None` without nulls.
    /// A slice of the input's bitmap would tell about its neighbours.
    pub(super) fn validity(&self) -> Option<NullBuffer> {
        let bits = match (&self.index, &self.nulls) {
            (Some(index), _) => BooleanBuffer::collect_bool(index.len(), |row| {
                index.get(row).is_some_and(|at| *at != NULL)
            }),
            (None, Some(nulls)) => {
                BooleanBuffer::collect_bool(nulls.len(), |row| nulls.is_valid(row))
            }
            (None, None) => return None,
        };
        Some(NullBuffer::new(bits)).filter(|nulls| nulls.null_count() > 0)
    }
}

/// The positions that the keys of a dictionary name, and its values.
fn keys_of<K: ArrowDictionaryKeyType>(array: &ArrayRef) -> (Vec<usize>, ArrayRef) {
    let dictionary = array.as_dictionary::<K>();
    let keys = dictionary.keys();
    let positions = match keys.nulls() {
        None => keys.values().iter().map(|key| position(*key)).collect(),
        // What stands under a null key is arbitrary.
        Some(nulls) => keys
            .values()
            .iter()
            .zip(nulls)
            .map(|(key, valid)| if valid { position(*key) } else { NULL })
            .collect(),
    };
    (positions, ArrayRef::clone(dictionary.values()))
}

/// A key as a position; one that is none becomes a position that no array has.
fn position<N: ArrowNativeType>(key: N) -> usize {
    key.to_usize().unwrap_or(NULL - 1)
}

/// The positions that the run ends of a (possibly sliced) array name, and its values.
fn runs_of<R: RunEndIndexType>(array: &ArrayRef) -> (Vec<usize>, ArrayRef) {
    let runs = array.as_run::<R>();
    let ends = runs.run_ends().values();
    let offset = runs.run_ends().offset();
    let mut run = ends.partition_point(|end| end.as_usize() <= offset);
    let positions = (offset..offset + runs.len())
        .map(|at| {
            while ends.get(run).is_some_and(|end| end.as_usize() <= at) {
                run += 1;
            }
            run
        })
        .collect();
    (positions, ArrayRef::clone(runs.values()))
}

fn compose(outer: &[usize], inner: &[usize]) -> Result<Vec<usize>> {
    outer
        .iter()
        .map(|at| match *at {
            NULL => Ok(NULL),
            at => inner.get(at).copied().ok_or_else(broken),
        })
        .collect()
}

fn broken() -> Error {
    Error::internal("an encoded column points outside of its values")
}
