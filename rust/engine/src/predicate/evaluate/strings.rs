//! Lengths, cases and choices of texts; values of rows without one are never read.

use std::sync::Arc;

use arrow_array::builder::LargeStringBuilder;
use arrow_array::{Array, ArrayRef, Int64Array, LargeBinaryArray, LargeStringArray};
use arrow_schema::DataType;

use super::lost;
use super::values::Values;
use crate::error::Result;
use crate::kernels::pairs::Bytes;
use crate::kernels::{bits, text};

/// Code points of texts, bytes of binary values.
pub(super) fn lengths(values: Values) -> Result<Values> {
    let is_text = super::super::compile::is_text(values.array.data_type());
    let count = |bytes: &[u8]| if is_text { text::code_points(bytes) } else { bytes.len() };
    let bytes = Bytes::of(&values.array)?;
    let lengths = (0..values.array.len()).map(|row| {
        let there = values.valid.as_ref().is_none_or(|valid| bits::get(valid, row));
        if there {
            count(bytes.value(row)) as i64
        } else {
            0
        }
    });
    let array: ArrayRef = Arc::new(Int64Array::from_iter_values(lengths));
    Ok(Values { array, ..values })
}

/// Texts in upper or lower case, by the full mapping of Unicode without a locale.
pub(super) fn fold(values: Values, upper: bool) -> Result<Values> {
    let fold = |text: &str| match (text.is_ascii(), upper) {
        (true, true) => text.to_ascii_uppercase(),
        (true, false) => text.to_ascii_lowercase(),
        (false, true) => text.to_uppercase(),
        (false, false) => text.to_lowercase(),
    };
    let bytes = Bytes::of(&values.array)?;
    let mut texts = LargeStringBuilder::new();
    for row in 0..values.array.len() {
        let there = values.valid.as_ref().is_none_or(|valid| bits::get(valid, row));
        texts.append_value(if there { fold(utf8(bytes.value(row))?) } else { String::new() });
    }
    let array: ArrayRef = Arc::new(texts.finish());
    Ok(Values { array, ..values })
}

/// Arrays of texts are checked when they are imported.
fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| lost())
}

/// The same text for every row.
pub(super) fn repeat(text: &str, rows: usize) -> ArrayRef {
    Arc::new(LargeStringArray::from_iter_values(std::iter::repeat_n(text, rows)))
}

/// The same values in one layout.
pub(super) fn cast(values: Values, data_type: &DataType) -> Result<Values> {
    let array = select(&values, &bits::ones(values.array.len()), &values, data_type)?;
    Ok(Values { array, ..values })
}

/// The values of `left` on the rows of `chosen`, those of `right` elsewhere.
pub(super) fn select(
    left: &Values,
    chosen: &[u64],
    right: &Values,
    data_type: &DataType,
) -> Result<ArrayRef> {
    let (of_left, of_right) = (Bytes::of(&left.array)?, Bytes::of(&right.array)?);
    let value = |row| {
        let (side, bytes) =
            if bits::get(chosen, row) { (left, &of_left) } else { (right, &of_right) };
        let there = side.valid.as_ref().is_none_or(|valid| bits::get(valid, row));
        there.then(|| bytes.value(row))
    };
    let rows = 0..left.array.len();
    Ok(match data_type {
        DataType::LargeUtf8 => {
            let mut texts = LargeStringBuilder::new();
            for row in rows {
                texts.append_option(value(row).map(utf8).transpose()?);
            }
            Arc::new(texts.finish())
        }
        DataType::LargeBinary => Arc::new(rows.map(value).collect::<LargeBinaryArray>()),
        _ => return Err(lost()),
    })
}
