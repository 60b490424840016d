//! The same byte strings in every layout, for tests of kernels that must not tell layouts apart.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, LargeBinaryArray, LargeStringArray, StringArray,
    StringViewArray,
};
use arrow_buffer::NullBuffer;

use super::bits;

/// The values as binary in three layouts and, where all are text, as strings in three more. They
/// stand behind `offset` other rows, and `decoy` stands under every null.
pub(crate) fn layouts(values: &[Option<Vec<u8>>], decoy: &[u8], offset: usize) -> Vec<ArrayRef> {
    let before = std::iter::repeat_n(Some(decoy), offset);
    let rows: Vec<_> = before.chain(values.iter().map(Option::as_deref)).collect();
    let nulls = Some(rows.iter().map(Option::is_some).collect::<NullBuffer>());
    let filled = || rows.iter().map(|row| row.unwrap_or(decoy));
    let (offsets, data, _) = BinaryArray::from_iter_values(filled()).into_parts();
    let (large, ..) = LargeBinaryArray::from_iter_values(filled()).into_parts();
    let (views, buffers, _) = BinaryViewArray::from_iter_values(filled()).into_parts();
    let mut all: Vec<ArrayRef> = vec![
        Arc::new(BinaryArray::new(offsets.clone(), data.clone(), nulls.clone())),
        Arc::new(LargeBinaryArray::new(large.clone(), data.clone(), nulls.clone())),
        Arc::new(BinaryViewArray::new(views.clone(), buffers.clone(), nulls.clone())),
    ];
    if filled().all(|row| std::str::from_utf8(row).is_ok()) {
        all.push(Arc::new(StringArray::new(offsets, data.clone(), nulls.clone())));
        all.push(Arc::new(LargeStringArray::new(large, data, nulls.clone())));
        all.push(Arc::new(StringViewArray::new(views, buffers, nulls)));
    }
    all.iter().map(|array| array.slice(offset, values.len())).collect()
}

/// The rows that `fill` sets in every layout, having found that they agree; rows under nulls are
/// never set.
pub(crate) fn in_all_layouts(
    values: &[Option<Vec<u8>>],
    decoy: &[u8],
    offset: usize,
    fill: impl Fn(&ArrayRef, Option<&[u64]>, &mut [u64]),
) -> Vec<usize> {
    let mut found: Option<Vec<usize>> = None;
    for array in layouts(values, decoy, offset) {
        let valid = bits::from_nulls(array.nulls());
        let mut out = vec![u64::MAX; bits::words(array.len())];
        fill(&array, valid.as_deref(), &mut out);
        let here: Vec<usize> = bits::ones_of(&out).collect();
        let first = found.get_or_insert_with(|| here.clone());
        assert_eq!(*first, here, "{}", array.data_type());
    }
    found.unwrap_or_default()
}
