//! Thirteen arrays that other importers accepted or died of, as raw structs.

use arrow_array::{Array, Int64Array, StringArray};
use arrow_schema::{DataType, Field};

use crate::raw::{accepted, bytes_of, import_column, refused, Mem, Spec};

const NOT_UTF8: [u8; 4] = [0xff, 0xfe, 0xc3, 0x28];

fn text(offsets: &[i32], values: &[u8]) -> Spec {
    let buffers = vec![Mem::Null, bytes_of(offsets), Mem::Bytes(values.to_vec())];
    Spec::new(offsets.len() as i64 - 1, buffers)
}

fn view(parts: [i32; 3], prefix: &[u8], values: &[u8]) -> Spec {
    let [length, buffer, offset] = parts;
    let prefix = i32::from_le_bytes(prefix.try_into().unwrap());
    let views = bytes_of(&[length, prefix, buffer, offset]);
    let sizes = bytes_of(&[values.len() as i64]);
    Spec::new(1, vec![Mem::Null, views, Mem::Bytes(values.to_vec()), sizes])
}

#[test]
fn bad_utf8() {
    refused(text(&[0, 2, 4], &NOT_UTF8), &DataType::Utf8, "not UTF-8");
}

#[test]
fn offset_oob() {
    refused(text(&[0, 2, 1 << 20], b"abcd"), &DataType::Utf8, "outside the producer's memory");
}

#[test]
fn offset_huge() {
    refused(text(&[0, 2, i32::MAX], b"abcd"), &DataType::Utf8, "outside the producer's memory");
}

#[test]
fn offset_neg() {
    refused(text(&[-8, 2, 4], b"abcd"), &DataType::Utf8, "first offset is negative");
}

#[test]
fn offset_last_neg() {
    refused(text(&[0, 2, -4], b"abcd"), &DataType::Utf8, "last offset is negative");
}

#[test]
fn offset_first_far_in() {
    // Slices of a big table begin far behind the first value: what lies before is not asked about,
    // what follows is, to the last byte.
    const PAGE: i32 = 4096;
    let first = 3 * PAGE;
    let values = vec![b'a'; 4 * PAGE as usize];
    for last in [first, first + 1, 4 * PAGE] {
        let column = text(&[first, last], &values);
        import_column(column, &DataType::Utf8, |array| assert_eq!(array.unwrap().len(), 1));
    }
    for last in [4 * PAGE + 1, 64 * PAGE] {
        for first in [first, last] {
            let column = text(&[first, last], &values);
            refused(column, &DataType::Utf8, "outside the producer's memory");
        }
    }
}

#[test]
fn offset_nonmono() {
    refused(text(&[0, 4, 1, 4], b"abcd"), &DataType::Utf8, "backwards");
}

#[test]
fn short_values() {
    let values = bytes_of(&[7_i64; 8]);
    let spec = Spec::new(1 << 20, vec![Mem::Null, values]);
    refused(spec, &DataType::Int64, "outside the producer's memory");
}

#[test]
fn dict_oob() {
    let keys = bytes_of(&[0_i32, 9000, 1]);
    let mut spec = Spec::new(3, vec![Mem::Null, keys]);
    spec.dictionary = Some(Box::new(text(&[0, 1, 2], b"ab")));
    let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    refused(spec, &data_type, "dictionary key");
}

#[test]
fn nullcount_lie() {
    // Accepted elsewhere as four zeros. The bitmap is what counts.
    for null_count in [-1, 0, 1, 4] {
        let mut spec = Spec::new(4, vec![Mem::Bytes(vec![0]), bytes_of(&[0_i64; 4])]);
        spec.null_count = null_count;
        accepted(spec, &Int64Array::from(vec![None::<i64>; 4]));
    }
    let mut spec = Spec::new(4, vec![Mem::Bytes(vec![0xff]), bytes_of(&[1_i64, 2, 3, 4])]);
    spec.null_count = 3;
    accepted(spec, &Int64Array::from(vec![1, 2, 3, 4]));
}

#[test]
fn list_oob() {
    let mut spec = Spec::new(2, vec![Mem::Null, bytes_of(&[0_i32, 1, 5000])]);
    spec.children = vec![Spec::new(2, vec![Mem::Null, bytes_of(&[1_i64, 2])])];
    let data_type = DataType::List(Field::new("item", DataType::Int64, true).into());
    refused(spec, &data_type, "out of bounds");
}

#[test]
fn view_oob() {
    let spec = view([20, 0, 1 << 20], b"aaaa", &[b'a'; 24]);
    refused(spec, &DataType::Utf8View, "outside its buffer");
}

#[test]
fn view_badbuf() {
    for buffer in [77, 1, -1] {
        let spec = view([20, buffer, 0], b"aaaa", &[b'a'; 24]);
        let error = import_column(spec, &DataType::BinaryView, |result| result.unwrap_err());
        assert!(error.message.contains("view"), "{error}");
    }
}

#[test]
fn dec_over() {
    let spec = |value: i128| Spec::new(2, vec![Mem::Null, bytes_of(&[1_i128, value])]);
    for value in [i128::MAX, i128::MIN, 100_000, -100_000] {
        refused(spec(value), &DataType::Decimal128(5, 2), "more digits");
    }
    for value in [99_999, -99_999] {
        import_column(spec(value), &DataType::Decimal128(5, 2), |r| {
            assert_eq!(r.unwrap().len(), 2);
        });
    }
}

#[test]
fn what_looks_like_a_mutant_and_is_none() {
    accepted(text(&[0, 2, 4], "äö".as_bytes()), &StringArray::from(vec!["ä", "ö"]));
    // A character split between two texts.
    refused(text(&[0, 1, 4], "äö".as_bytes()), &DataType::Utf8, "not UTF-8");
    import_column(text(&[0, 2, 4], &NOT_UTF8), &DataType::Binary, |r| {
        assert_eq!(r.unwrap().len(), 2);
    });
    accepted(text(&[1, 2, 2], b"\xffab"), &StringArray::from(vec!["a", ""]));
}
