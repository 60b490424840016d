//! One column of a key, whatever its encoding: plain values, which of them a row has, which rows
//! are null. After this nobody needs to know about dictionaries, run ends, slices or hidden nulls.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow_array::{Array, ArrayRef, RunArray};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::DataType;

use super::form::Kind;
use crate::error::{Code, Error, Result};

/// A column without its encoding.
#[derive(Debug)]
pub(crate) struct Column {
    /// The plain values.
    pub(crate) values: ArrayRef,
    /// The value of each row; row `i` has value `i` if there is none. In range for valid rows.
    pub(crate) index: Option<Vec<u32>>,
    /// The null rows, counted from the bits. None if no row is null.
    pub(crate) nulls: Option<NullBuffer>,
}

impl Column {
    /// Resolves dictionaries and run ends, also nested ones.
    ///
    /// # Errors
    /// [`Code::SchemaChanged`] if the column is not of this kind, [`Code::InvalidArrow`] if a key
    /// or run points outside its values.
    pub(crate) fn resolve(kind: Kind, array: &ArrayRef) -> Result<Self> {
        let column = match array.data_type() {
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary_opt().ok_or_else(mismatch)?;
                let keys = dictionary.keys();
                let nulls = counted(keys.nulls());
                let index = key_index(keys, nulls.as_ref(), dictionary.values().len())?;
                Self::resolve(kind, dictionary.values())?.behind(&index, nulls)
            }
            DataType::RunEndEncoded(ends, _) => {
                let (values, index) = match ends.data_type() {
                    DataType::Int16 => runs::<Int16Type>(array)?,
                    DataType::Int32 => runs::<Int32Type>(array)?,
                    DataType::Int64 => runs::<Int64Type>(array)?,
                    _ => return Err(mismatch()),
                };
                Self::resolve(kind, values)?.behind(&index, None)
            }
            plain if Kind::of(plain) == Some(kind) => {
                let logical = array.logical_nulls();
                let nulls = counted(logical.as_ref());
                Self { values: ArrayRef::clone(array), index: None, nulls }
            }
            _ => return Err(mismatch()),
        };
        Ok(column)
    }

    /// This column seen through an index.
    fn behind(self, index: &[u32], outer: Option<NullBuffer>) -> Self {
        let inner = self.nulls.map(|nulls| {
            let valid = |row: &u32| {
                let row = *row as usize;
                row < nulls.len() && nulls.is_valid(row)
            };
            NullBuffer::new(index.iter().map(valid).collect::<BooleanBuffer>())
        });
        let nulls = counted(NullBuffer::union(outer.as_ref(), inner.as_ref()).as_ref());
        let index = match self.index {
            Some(deeper) => {
                index.iter().map(|row| deeper.get(*row as usize).copied().unwrap_or(0)).collect()
            }
            None => index.to_vec(),
        };
        Self { values: self.values, index: Some(index), nulls }
    }
}

fn mismatch() -> Error {
    Error::new(Code::SchemaChanged, "a key column has another type than the plan was compiled for")
}

fn outside() -> Error {
    Error::new(Code::InvalidArrow, "a dictionary key or run points outside its values")
}

/// The bitmap with its count taken from the bits, whatever the producer said.
fn counted(nulls: Option<&NullBuffer>) -> Option<NullBuffer> {
    let nulls = NullBuffer::new(nulls?.inner().clone());
    (nulls.null_count() > 0).then_some(nulls)
}

/// Dictionary keys as positions. Keys under nulls are arbitrary and become 0.
fn key_index(keys: &dyn Array, nulls: Option<&NullBuffer>, values: usize) -> Result<Vec<u32>> {
    macro_rules! keys_of {
        ($native:ty) => {
            positions(buffer(keys, size_of::<$native>())?.typed_data::<$native>(), nulls, values)
        };
    }
    match keys.data_type() {
        DataType::Int8 => keys_of!(i8),
        DataType::Int16 => keys_of!(i16),
        DataType::Int32 => keys_of!(i32),
        DataType::Int64 => keys_of!(i64),
        DataType::UInt8 => keys_of!(u8),
        DataType::UInt16 => keys_of!(u16),
        DataType::UInt32 => keys_of!(u32),
        DataType::UInt64 => keys_of!(u64),
        _ => Err(mismatch()),
    }
}

fn positions<T: Copy + TryInto<u32>>(
    keys: &[T],
    nulls: Option<&NullBuffer>,
    values: usize,
) -> Result<Vec<u32>> {
    let position = |(row, key): (usize, &T)| {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(0);
        }
        let position: u32 = (*key).try_into().map_err(|_| outside())?;
        if (position as usize) < values {
            Ok(position)
        } else {
            Err(outside())
        }
    };
    keys.iter().enumerate().map(position).collect()
}

/// The value buffer of a primitive array whose values take `width` bytes, from its first row on.
pub(crate) fn buffer(array: &dyn Array, width: usize) -> Result<Buffer> {
    let data = array.to_data();
    let values = data.buffers().first().ok_or_else(mismatch)?;
    let start = data.offset().checked_mul(width).ok_or_else(outside)?;
    let bytes = data.len().checked_mul(width).ok_or_else(outside)?;
    match start.checked_add(bytes) {
        Some(end) if end <= values.len() => Ok(values.slice_with_length(start, bytes)),
        _ => Err(Error::new(Code::InvalidArrow, "a buffer is shorter than its column")),
    }
}

fn runs<R: RunEndIndexType>(array: &ArrayRef) -> Result<(&ArrayRef, Vec<u32>)> {
    let array: &RunArray<R> = array.as_run_opt().ok_or_else(mismatch)?;
    let ends = array.run_ends();
    let mut index = Vec::with_capacity(array.len());
    let mut start = ends.offset();
    let stop = start.checked_add(array.len()).ok_or_else(outside)?;
    for (run, end) in ends.values().iter().enumerate() {
        let end = end.as_usize().min(stop);
        if end > start {
            let run = u32::try_from(run).map_err(|_| outside())?;
            index.resize(index.len() + (end - start), run);
            start = end;
        }
    }
    let covered = index.len() == array.len()
        && index.last().is_none_or(|run| (*run as usize) < array.values().len());
    if covered {
        Ok((array.values(), index))
    } else {
        Err(outside())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;
    use arrow_array::builder::StringDictionaryBuilder;
    use arrow_array::{DictionaryArray, Int32Array, NullArray, StringArray};
    use std::sync::Arc;

    fn texts(column: &Column, rows: usize) -> Vec<Option<String>> {
        let values = column.values.as_string::<i32>();
        let text = |row: usize| {
            let null = column.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let at = column.index.as_ref().map_or(row, |index| index[row] as usize);
            (!null).then(|| values.value(at).to_owned())
        };
        (0..rows).map(text).collect()
    }

    #[test]
    fn dictionaries_may_hide_nulls_in_their_values_and_repeat_them() {
        let values = StringArray::from(vec![Some("a"), None, Some("a"), Some("unused")]);
        let keys = Int32Array::from(vec![Some(0), Some(1), None, Some(2)]);
        let array: ArrayRef = Arc::new(DictionaryArray::new(keys, Arc::new(values)));
        let column = Column::resolve(Kind::Bytes, &array).unwrap();
        let a = Some("a".to_owned());
        assert_eq!(texts(&column, 4), [a.clone(), None, None, a.clone()]);
        let column = Column::resolve(Kind::Bytes, &array.slice(2, 2)).unwrap();
        assert_eq!(texts(&column, 2), [None, a]);
    }

    #[test]
    fn run_ends_of_dictionaries_may_start_inside_a_run() {
        let mut values = StringDictionaryBuilder::<arrow_array::types::Int8Type>::new();
        values.append_value("x");
        values.append_null();
        values.append_value("y");
        let ends = Int32Array::from(vec![3, 5, 9]);
        let array = RunArray::<Int32Type>::try_new(&ends, &values.finish()).unwrap();
        let array: ArrayRef = Arc::new(array.slice(2, 5));
        let column = Column::resolve(Kind::Bytes, &array).unwrap();
        let (x, y) = (Some("x".to_owned()), Some("y".to_owned()));
        assert_eq!(texts(&column, 5), [x, None, None, y.clone(), y]);
    }

    #[test]
    fn a_column_of_nulls_is_null() {
        let array: ArrayRef = Arc::new(NullArray::new(3));
        let column = Column::resolve(Kind::Null, &array).unwrap();
        assert_eq!(column.nulls.unwrap().null_count(), 3);
        let error = Column::resolve(Kind::Boolean, &array).unwrap_err();
        assert_eq!(error.code, Code::SchemaChanged);
    }
}
