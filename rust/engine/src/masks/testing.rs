//! Shared by the tests of masks: clauses, keys, every encoding of a column, byte scans.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::types::{Int16Type, Int32Type, Int64Type, Int8Type, UInt16Type};
use arrow_array::{
    new_null_array, Array, ArrayRef, BinaryArray, BinaryViewArray, DictionaryArray,
    LargeBinaryArray, LargeStringArray, PrimitiveArray, RunArray, StringArray, StringViewArray,
};
use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use zeroize::Zeroizing;

use super::KeyRing;
use crate::contract::{Literal, Mask as Clause};

/// A clause from its method and the JSON of its arguments.
pub(super) fn clause(method: &str, args: &str) -> Clause {
    let args: BTreeMap<String, Literal> = serde_json::from_str(args).unwrap();
    Clause { method: method.into(), args, key: None, domain: "shop.orders.email".into() }
}

/// A ring whose default key is the bytes 00 to 1f.
pub(super) fn keys() -> KeyRing {
    let master = Zeroizing::new((0..32).collect::<Vec<u8>>());
    KeyRing::new(BTreeMap::from([
        (KeyRing::DEFAULT.to_owned(), master.clone()),
        ("env:MG_KEY".to_owned(), master),
    ]))
}

/// The bytes that no output may hold.
pub(super) const SECRET: &str = "s3cr3t.person@example.org";

/// The column in every encoding that can hold it, each also as a slice of a longer array whose
/// other rows hold `around`, which has one row.
pub(super) fn encodings(plain: &ArrayRef, around: &ArrayRef) -> Vec<(String, ArrayRef)> {
    let mut all: Vec<(String, ArrayRef)> = Vec::new();
    let mut add = |name: &str, array: ArrayRef| all.push((name.to_owned(), array));
    let padded = arrow_select::concat::concat(&[around, plain, around]).unwrap();
    for (suffix, array) in [("", plain), (" slice", &padded)] {
        let cut = |array: ArrayRef| match suffix {
            "" => array,
            _ => array.slice(1, array.len() - 2),
        };
        for (name, layout) in layouts(array) {
            add(&format!("{name}{suffix}"), cut(ArrayRef::clone(&layout)));
            add(&format!("dictionary<int32, {name}>{suffix}"), cut(dictionary(&layout, around)));
            add(&format!("run_end<int32, {name}>{suffix}"), cut(runs::<Int32Type>(&layout)));
        }
        add(&format!("run_end<int16>{suffix}"), cut(runs::<Int16Type>(array)));
        add(&format!("run_end<int64>{suffix}"), cut(runs::<Int64Type>(array)));
        let nested = dictionary(&runs::<Int32Type>(array), &runs::<Int32Type>(around));
        add(&format!("dictionary<int32, run_end>{suffix}"), cut(nested));
        if array.len() < 100 {
            add(&format!("dictionary<int8>{suffix}"), cut(dictionary_of::<Int8Type>(array)));
            add(&format!("dictionary<uint16>{suffix}"), cut(dictionary_of::<UInt16Type>(array)));
        }
    }
    all
}

/// Text and bytes in their three layouts, other types as they are.
fn layouts(plain: &ArrayRef) -> Vec<(String, ArrayRef)> {
    let name = plain.data_type().to_string();
    let mut all = vec![(name, ArrayRef::clone(plain))];
    if let Some(text) = plain.as_any().downcast_ref::<StringArray>() {
        all.push(("large".into(), Arc::new(text.iter().collect::<LargeStringArray>())));
        all.push(("view".into(), Arc::new(text.iter().collect::<StringViewArray>())));
    }
    if let Some(bytes) = plain.as_any().downcast_ref::<BinaryArray>() {
        all.push(("large".into(), Arc::new(bytes.iter().collect::<LargeBinaryArray>())));
        all.push(("view".into(), Arc::new(bytes.iter().collect::<BinaryViewArray>())));
    }
    all
}

/// A dictionary with nulls in the values, an unused first entry and duplicate entries.
fn dictionary(values: &ArrayRef, unused: &ArrayRef) -> ArrayRef {
    let unused = layout_like(unused, values);
    let values = arrow_select::concat::concat(&[unused.as_ref(), values.as_ref()]).unwrap();
    let keys = PrimitiveArray::<Int32Type>::from_iter_values(1..values.len() as i32);
    Arc::new(DictionaryArray::try_new(keys, values).unwrap())
}

/// A dictionary with nulls in the keys.
fn dictionary_of<K: arrow_array::types::ArrowDictionaryKeyType>(values: &ArrayRef) -> ArrayRef {
    let nulls = values.logical_nulls();
    let keys: PrimitiveArray<K> = (0..values.len())
        .map(|at| {
            let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at));
            valid.then(|| arrow_buffer::ArrowNativeType::usize_as(at))
        })
        .collect();
    Arc::new(DictionaryArray::try_new(keys, ArrayRef::clone(values)).unwrap())
}

/// Runs of one, after a first run of two that the slice starts inside of.
fn runs<R: arrow_array::types::RunEndIndexType>(values: &ArrayRef) -> ArrayRef {
    if values.is_empty() {
        let ends = PrimitiveArray::<R>::from_iter_values([]);
        return Arc::new(RunArray::try_new(&ends, values.as_ref()).unwrap());
    }
    let ends = (0..values.len()).map(|at| arrow_buffer::ArrowNativeType::usize_as(at + 2));
    let ends = PrimitiveArray::<R>::from_iter_values(ends);
    let runs = RunArray::try_new(&ends, values.as_ref()).unwrap();
    Arc::new(runs.slice(1, values.len()))
}

fn layout_like(array: &ArrayRef, like: &ArrayRef) -> ArrayRef {
    layouts(array)
        .into_iter()
        .map(|(_, layout)| layout)
        .find(|layout| layout.data_type() == like.data_type())
        .unwrap_or_else(|| new_null_array(like.data_type(), 1))
}

/// Every byte that an array hands on: buffers, bitmaps, children, dictionary values.
pub(super) fn all_bytes(data: &ArrayData) -> Vec<u8> {
    let mut bytes = Vec::new();
    for buffer in buffers(data) {
        bytes.extend_from_slice(buffer.as_slice());
        bytes.push(b'\n');
    }
    bytes
}

/// No allocation of the output is one of the input's, not even a bitmap.
pub(super) fn shares_nothing(input: &ArrayRef, output: &ArrayRef) -> bool {
    let theirs: Vec<_> = buffers(&input.to_data()).iter().map(Buffer::data_ptr).collect();
    buffers(&output.to_data())
        .iter()
        .all(|buffer| buffer.is_empty() || !theirs.contains(&buffer.data_ptr()))
}

fn buffers(data: &ArrayData) -> Vec<Buffer> {
    let mut all = data.buffers().to_vec();
    all.extend(data.nulls().map(|nulls| nulls.buffer().clone()));
    for child in data.child_data() {
        all.extend(buffers(child));
    }
    all
}

/// The needle occurs in the haystack.
pub(super) fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
