//! The whole module against a naive map, on every type, encoding, cut and thread count.
#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs)] // tests fail by panicking

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{Int16Type, Int32Type};
use arrow_array::{
    new_null_array, Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, Int8Array, LargeStringArray,
    RunArray, StringArray, StringViewArray, UInt64Array,
};
use arrow_schema::DataType;
use proptest::prelude::*;

use super::*;
use crate::error::Code;

/// Seeds and the truncations of address and fingerprint that must not change anything.
fn seeds() -> Vec<Seed> {
    let seed = Seed::new(42);
    let cut = |address, print| seed.clone().truncated(address, print);
    vec![seed.clone(), Seed::new(7), cut(1, 128), cut(9, 3), cut(64, 0), cut(0, 64)]
}

/// What the naive map says, by any comparable form of the key; `None` is exempt.
fn oracle<K: std::hash::Hash + Eq + Clone>(keys: &[Option<K>], base: u64) -> (Outcome, Vec<bool>) {
    let mut rows: HashMap<&K, Vec<u64>> = HashMap::new();
    let mut repeats = Vec::new();
    for (row, key) in keys.iter().enumerate() {
        let seen = key.as_ref().map(|key| rows.entry(key).or_default());
        repeats.push(seen.is_some_and(|rows| {
            rows.push(base + row as u64);
            rows.len() > 1
        }));
    }
    let groups: Vec<&Vec<u64>> = rows.values().filter(|rows| rows.len() > 1).collect();
    let mut members: Vec<u64> = groups.iter().flat_map(|rows| rows.iter().copied()).collect();
    let mut surplus: Vec<u64> = groups.iter().flat_map(|rows| rows[1..].iter().copied()).collect();
    members.sort_unstable();
    surplus.sort_unstable();
    let first = |rows: &[u64]| rows.iter().copied().take(EXAMPLES).collect();
    let outcome = Outcome {
        rows: keys.len() as u64,
        exempt: keys.iter().filter(|key| key.is_none()).count() as u64,
        members: members.len() as u64,
        surplus: surplus.len() as u64,
        groups: groups.len() as u64,
        first_members: first(&members),
        first_surplus: first(&surplus),
        verified: true,
        spilled_bytes: 0,
    };
    (outcome, repeats)
}

/// Runs a resident check over columns cut at every `cut` rows.
fn resident(
    columns: &[ArrayRef],
    nulls: Nulls,
    seed: &Seed,
    base: u64,
    cut: usize,
    window: usize,
    threads: usize,
) -> (Outcome, Vec<bool>) {
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
    let spec = KeyForm::compile(&types, nulls).unwrap();
    let mut state = Resident::new(seed, None);
    let rows = columns[0].len();
    let starts: Vec<usize> = (0..rows).step_by(cut.max(1)).collect();
    let mut marks = Vec::new();
    for starts in starts.chunks(window.max(1)) {
        let blocks: Vec<KeyBlock> = starts
            .iter()
            .map(|start| {
                let length = cut.max(1).min(rows - start);
                let piece: Vec<ArrayRef> =
                    columns.iter().map(|column| column.slice(*start, length)).collect();
                encode(&spec, seed, &piece, base + *start as u64).unwrap()
            })
            .collect();
        let sizes: Vec<usize> = blocks.iter().map(KeyBlock::rows).collect();
        for (repeats, rows) in state.absorb(blocks, threads).unwrap().iter().zip(sizes) {
            let bit = |row: usize| repeats.words[row / 64] >> (row % 64) & 1 == 1;
            marks.extend((0..rows).map(bit));
            let ones: u32 = repeats.words.iter().map(|word| word.count_ones()).sum();
            assert_eq!(repeats.count, u64::from(ones));
        }
    }
    (state.finish().unwrap(), marks)
}

/// Asserts that every way of running gives what the naive map gives.
fn assert_all<K: std::hash::Hash + Eq + Clone>(
    columns: &[ArrayRef],
    nulls: Nulls,
    keys: &[Option<K>],
) {
    let expected = oracle(keys, 0);
    for seed in seeds() {
        for (cut, window, threads) in [(1000, 1, 1), (3, 2, 1), (7, 100, 2), (64, 3, 8)] {
            let found = resident(columns, nulls, &seed, 0, cut, window, threads);
            assert_eq!(found, expected, "cut {cut}, window {window}, threads {threads}");
        }
    }
    let far = (1 << 40) + 5;
    let found = resident(columns, nulls, &Seed::new(3), far, 5, 4, 2);
    assert_eq!(found, oracle(keys, far));
}

fn distinct<K: std::hash::Hash + Eq + Clone>(column: ArrayRef, keys: &[Option<K>]) {
    assert_all(&[column], Nulls::Distinct, keys);
}

/// Null is a value like any other.
fn equal<K: std::hash::Hash + Eq + Clone>(columns: &[ArrayRef], keys: &[K]) {
    let keys: Vec<Option<K>> = keys.iter().cloned().map(Some).collect();
    assert_all(columns, Nulls::Equal, &keys);
}

/// The same texts in every encoding.
fn encodings(texts: &[Option<&str>]) -> Vec<ArrayRef> {
    let plain = StringArray::from(texts.to_vec());
    // A dictionary with every value twice, unused ones, and nulls both in keys and in values.
    let mut values: Vec<Option<&str>> = vec![Some("unused"), None];
    values.extend(texts.iter().copied());
    values.extend(texts.iter().copied());
    let key = |(row, text): (usize, Option<&str>)| match text {
        None if row % 2 == 0 => None,
        None => Some(1),
        Some(_) => Some((2 + row + if row % 3 == 0 { texts.len() } else { 0 }) as i32),
    };
    let keys: Int32Array = texts.iter().copied().enumerate().map(key).collect();
    let dictionary =
        DictionaryArray::<Int32Type>::new(keys, Arc::new(StringArray::from(values.clone())));
    let keys: Int16Array =
        texts.iter().copied().enumerate().map(|row| key(row).map(|key| key as i16)).collect();
    let views = DictionaryArray::<Int16Type>::new(keys, Arc::new(StringViewArray::from(values)));
    let ends: Int32Array = (1..=texts.len() as i32).collect();
    let mut all: Vec<ArrayRef> = vec![
        Arc::new(LargeStringArray::from(texts.to_vec())),
        Arc::new(StringViewArray::from(texts.to_vec())),
        Arc::new(dictionary),
        Arc::new(views),
        Arc::new(plain.clone()),
    ];
    if !texts.is_empty() {
        all.push(Arc::new(RunArray::<Int32Type>::try_new(&ends, &plain).unwrap()));
    }
    all
}

const UUID: &str = "01234567-89ab-cdef-fedc-ba9876543210";

#[test]
fn published_vectors() {
    // V14 to V20 of the check catalogue.
    let ints = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
    let run =
        |columns: &[ArrayRef]| resident(columns, Nulls::Distinct, &Seed::new(1), 0, 2, 1, 1).0;
    let found = run(&[ints(vec![Some(1), Some(2), None, None])]);
    assert_eq!((found.members, found.exempt), (0, 2));
    let nans: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN, -f64::NAN]));
    assert_eq!(run(&[nans]).members, 2);
    let zeros: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0]));
    assert_eq!(run(&[zeros]).members, 2);
    let found = run(&[ints(vec![Some(1), Some(1), Some(1), Some(2)])]);
    assert_eq!((found.members, found.groups, found.surplus), (3, 1, 2));
    let found = run(&[ints(vec![Some(1), Some(1), Some(2)]), ints(vec![None, None, Some(3)])]);
    assert_eq!((found.members, found.exempt), (0, 2));
    let none = ints(vec![None, None]);
    assert_eq!(run(&[none.clone(), none]).members, 0);
    let found = run(&[ints(vec![Some(1); 3]), ints(vec![Some(2); 3])]);
    assert_eq!((found.members, found.groups, found.surplus), (3, 1, 2));
}

#[test]
fn keys_that_look_like_empty_slots() {
    let keys = [0, u64::MAX, 0, 1 << 63, u64::MAX, u64::MAX >> 1, 1, 0];
    distinct(Arc::new(UInt64Array::from(keys.to_vec())), &keys.map(Some));
    let keys = [0, -1, i64::MIN, i64::MAX, 0, -1, i64::MIN, i64::MAX];
    distinct(Arc::new(Int64Array::from(keys.to_vec())), &keys.map(Some));
    let words: Vec<[u8; 16]> = vec![[0; 16], [255; 16], [0; 16], [255; 16], [1; 16]];
    let array = FixedSizeBinaryArray::try_from_iter(words.iter()).unwrap();
    let keys: Vec<_> = words.iter().copied().map(Some).collect();
    distinct(Arc::new(array), &keys);
    distinct(Arc::new(StringArray::from(vec![""; 3])), &[Some(""); 3]);
    let empty = FixedSizeBinaryArray::try_from_sparse_iter_with_size(
        [Some(b""), None, Some(b"")].into_iter(),
        0,
    );
    distinct(Arc::new(empty.unwrap()), &[Some(0), None, Some(0)]);
}

#[test]
fn text_of_every_length_in_every_encoding() {
    let long = "x".repeat(300);
    let upper = UUID.to_uppercase();
    let other = format!("{UUID}0");
    let mut texts: Vec<Option<&str>> = vec![
        Some("a"),
        Some("a\0"),
        Some("a\0\0"),
        Some(""),
        None,
        Some("\0"),
        Some("abcdef"),
        Some("abcdefg"),
        Some("abcdefg\0"),
        Some("abcdefgh"),
        Some("abcdefghijklm"),
        Some("abcdefghijklmn"),
        Some("abcdefghijklmno"),
        Some("abcdefghijklmno\0"),
        Some("abcdefghijklmnop"),
        Some("é"),
        Some("e\u{301}"),
        Some(UUID),
        Some(&upper),
        Some(&other),
        Some(&UUID[1..]),
        Some(&long),
        Some(&long[1..]),
        None,
    ];
    for column in encodings(&texts) {
        distinct(column, &texts);
    }
    texts.extend(texts.clone());
    texts.extend([Some("abcdefg"), None, Some(UUID), Some(&long)]);
    for column in encodings(&texts) {
        distinct(ArrayRef::clone(&column), &texts);
        equal(&[column], &texts);
    }
}

#[test]
fn encodings_may_change_between_batches() {
    let texts = [Some("one"), Some(UUID), None, Some("a text that is wider than two words")];
    let columns = encodings(&texts);
    let spec = KeyForm::compile(&[DataType::Utf8], Nulls::Distinct).unwrap();
    let seed = Seed::new(5);
    let mut state = Resident::new(&seed, None);
    for (at, column) in columns.iter().enumerate() {
        let block = encode(&spec, &seed, &[ArrayRef::clone(column)], at as u64 * 4).unwrap();
        let repeats = state.absorb(vec![block], 1).unwrap();
        assert_eq!(repeats[0].words, [if at == 0 { 0 } else { 0b1011 }]);
    }
    let found = state.finish().unwrap();
    let batches = columns.len() as u64;
    assert_eq!((found.groups, found.surplus, found.exempt), (3, 3 * (batches - 1), batches));
}

#[test]
fn composites_are_framed() {
    let text = |texts: &[Option<&str>]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    let left = [Some("a"), Some("ab"), Some(""), Some("abc"), None, Some("a"), None, Some("a")];
    let right = [Some("bc"), Some("c"), Some("abc"), Some(""), Some("a"), None, None, Some("bc")];
    let pairs: Vec<_> = left.iter().zip(&right).map(|(l, r)| (*l, *r)).collect();
    equal(&[text(&left), text(&right)], &pairs);
    let keys: Vec<_> = pairs.iter().map(|(l, r)| l.zip(*r)).collect();
    assert_all(&[text(&left), text(&right)], Nulls::Distinct, &keys);
    // Lengths around the change of framing.
    let texts: Vec<String> = (250..260).map(|n| "y".repeat(n)).collect();
    let left: Vec<_> = texts.iter().map(|text| Some(text.as_str())).collect();
    let right: Vec<_> = texts.iter().rev().map(|text| Some(text.as_str())).collect();
    let pairs: Vec<_> = left.iter().zip(&right).map(|(l, r)| l.zip(*r)).collect();
    assert_all(&[text(&left), text(&right)], Nulls::Distinct, &pairs);
}

#[test]
fn composite_integers_share_a_word_only_where_they_fit() {
    let big = [1, -1, 1 << 31, (1 << 31) - 1, -(1 << 31), -(1 << 31) - 1, i64::MIN, 1, 0, 1 << 31];
    let small = [1, -1, 0, 0, 0, 0, i32::MIN, 1, 0, 0];
    let keys: Vec<_> = big.iter().zip(&small).map(|(b, s)| Some((*b, *s))).collect();
    let big: ArrayRef = Arc::new(Int64Array::from(big.to_vec()));
    let small: ArrayRef = Arc::new(Int32Array::from(small.to_vec()));
    assert_all(&[big.clone(), small.clone()], Nulls::Distinct, &keys);
    assert_all(&[big.clone(), small.clone()], Nulls::Equal, &keys);
    let keys: Vec<_> = keys.iter().map(|key| key.map(|(b, s)| (s, b))).collect();
    assert_all(&[small, big], Nulls::Distinct, &keys);
    let decimals = [0, -1, i128::from(i64::MAX), i128::from(i64::MAX) + 1, i128::MIN, 0, -1];
    let column = arrow_array::Decimal128Array::from(decimals.to_vec());
    distinct(Arc::new(column), &decimals.map(Some));
}

#[test]
fn nulls_in_composites_count_or_exempt() {
    let a = [Some(1), None, Some(1), None, None, Some(0), Some(1)];
    let b = [None, Some(1), None, Some(1), None, None, Some(1)];
    let pairs: Vec<_> = a.iter().zip(&b).map(|(a, b)| (*a, *b)).collect();
    let zipped: Vec<_> = pairs.iter().map(|(a, b)| a.zip(*b)).collect();
    let wide = |values: &[Option<i64>]| Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
    equal(&[wide(&a), wide(&b)], &pairs);
    assert_all(&[wide(&a), wide(&b)], Nulls::Distinct, &zipped);
    let tiny = |values: &[Option<i64>]| {
        let values = values.iter().map(|value| value.map(|value| value as i8));
        Arc::new(values.collect::<Int8Array>()) as ArrayRef
    };
    equal(&[tiny(&a), tiny(&b)], &pairs);
    equal(&[wide(&a)], &a);
    let nothing = new_null_array(&DataType::Null, a.len());
    equal(&[nothing.clone()], &[(); 7]);
    equal(&[nothing.clone(), wide(&a)], &a);
    let text: ArrayRef = Arc::new(StringArray::from(vec!["t"; 7]));
    equal(&[nothing.clone(), wide(&a), text], &a);
    distinct(nothing, &[None::<()>; 7]);
}

#[test]
fn bytes_under_nulls_never_reach_the_key() {
    let hidden = |values: Vec<i64>| {
        let nulls = vec![true, false, false, true].into();
        Arc::new(Int64Array::new(values.into(), Some(nulls))) as ArrayRef
    };
    let column = hidden(vec![1, 1, 1, 2]);
    distinct(column.clone(), &[Some(1), None, None, Some(2)]);
    let other = hidden(vec![5, i64::MAX, i64::MIN, 5]);
    equal(&[column, other], &[1, 0, 0, 2]);
    let texts = StringArray::new(
        arrow_buffer::OffsetBuffer::new(vec![0, 1, 2, 3, 4].into()),
        b"abcd".to_vec().into(),
        Some(vec![true, false, false, true].into()),
    );
    let texts: ArrayRef = Arc::new(texts);
    equal(&[texts.clone()], &[1, 0, 0, 2]);
    equal(&[texts.clone(), texts], &[1, 0, 0, 2]);
}

#[test]
fn every_plain_type_is_a_key() {
    use arrow_array::*;
    use arrow_buffer::{i256, IntervalDayTime, IntervalMonthDayNano};
    fn same<K: std::hash::Hash + Eq + Clone, A: Array + 'static>(keys: Vec<K>, array: A) {
        let keys: Vec<_> = keys.into_iter().map(Some).collect();
        distinct(Arc::new(array), &keys);
    }
    let n = vec![0, 1, -1, 1, 100, 100, 0];
    same(n.clone(), Int8Array::from_iter_values(n.iter().map(|v| *v as i8)));
    same(n.clone(), Int16Array::from_iter_values(n.iter().map(|v| *v as i16)));
    same(n.clone(), Int32Array::from_iter_values(n.iter().copied()));
    same(n.clone(), UInt8Array::from_iter_values(n.iter().map(|v| *v as u8)));
    same(n.clone(), UInt16Array::from_iter_values(n.iter().map(|v| *v as u16)));
    same(n.clone(), UInt32Array::from_iter_values(n.iter().map(|v| *v as u32)));
    same(n.clone(), Float32Array::from_iter_values(n.iter().map(|v| *v as f32)));
    same(n.clone(), Date32Array::from_iter_values(n.iter().copied()));
    same(n.clone(), Date64Array::from_iter_values(n.iter().map(|v| i64::from(*v))));
    same(n.clone(), Time32SecondArray::from_iter_values(n.iter().copied()));
    same(n.clone(), Time64NanosecondArray::from_iter_values(n.iter().map(|v| i64::from(*v))));
    let stamps = TimestampMicrosecondArray::from_iter_values(n.iter().map(|v| i64::from(*v)));
    same(n.clone(), stamps.with_timezone("Europe/Berlin"));
    same(n.clone(), DurationSecondArray::from_iter_values(n.iter().map(|v| i64::from(*v))));
    same(n.clone(), Decimal32Array::from_iter_values(n.iter().copied()));
    same(n.clone(), Decimal64Array::from_iter_values(n.iter().map(|v| i64::from(*v))));
    same(n.clone(), Decimal256Array::from_iter_values(n.iter().map(|v| i256::from(*v))));
    same(n.clone(), IntervalYearMonthArray::from_iter_values(n.iter().copied()));
    let days = n.iter().map(|v| IntervalDayTime::new(*v, -*v));
    same(n.clone(), IntervalDayTimeArray::from_iter_values(days));
    let days = n.iter().map(|v| IntervalMonthDayNano::new(*v, 0, -i64::from(*v)));
    same(n.clone(), IntervalMonthDayNanoArray::from_iter_values(days));
    let halves = n.iter().map(|v| if *v == 1 { 0x3c00 } else { *v as u16 });
    let halves: Vec<u16> = halves.collect();
    let data = arrow_data::ArrayData::builder(DataType::Float16)
        .len(halves.len())
        .add_buffer(arrow_buffer::Buffer::from_vec(halves.clone()))
        .build();
    // 0xffff and others beyond 0x7c00 are all NaN.
    let canonical = |bits: &u16| {
        if bits & 0x7fff > 0x7c00 {
            0x7e00
        } else {
            *bits
        }
    };
    same(halves.iter().map(canonical).collect(), Float16Array::from(data.unwrap()));
    same(
        n.iter().map(|v| *v > 0).collect(),
        n.iter().map(|v| Some(*v > 0)).collect::<BooleanArray>(),
    );
    let bytes: Vec<&[u8]> = vec![b"\xff\xfe", b"", b"\0", b"\xff\xfe", &[7; 40], &[7; 40], b"\0\0"];
    same(bytes.clone(), BinaryArray::from_vec(bytes.clone()));
    same(bytes.clone(), LargeBinaryArray::from_vec(bytes.clone()));
    same(bytes.clone(), BinaryViewArray::from_iter_values(bytes));
    for width in [1, 7, 8, 9, 15, 16, 17, 40] {
        let values: Vec<Vec<u8>> = n.iter().map(|v| vec![*v as u8; width]).collect();
        same(n.clone(), FixedSizeBinaryArray::try_from_iter(values.iter()).unwrap());
    }
}

#[test]
fn one_heavy_key_among_many() {
    let keys: Vec<i32> = (0..20_000).map(|n| if n % 3 == 0 { n } else { 7 }).collect();
    let expected = oracle(&keys.iter().copied().map(Some).collect::<Vec<_>>(), 0);
    let column: ArrayRef = Arc::new(Int32Array::from(keys));
    for threads in [1, 8] {
        let found = resident(&[column.clone()], Nulls::Distinct, &Seed::new(1), 0, 700, 3, threads);
        assert_eq!(found, expected);
    }
}

#[test]
fn large_windows_are_shared_by_threads() {
    let rows = 200_000u64;
    let number = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 150_001;
    let keys: Vec<Option<u64>> =
        (0..rows).map(|row| (row % 11 != 0).then(|| number(row))).collect();
    let text = |key: u64| match key % 4 {
        0 => format!("{key}"),
        1 => format!("{key:012}"),
        2 => format!("{key:08x}-89ab-cdef-fedc-ba9876543210"),
        _ => format!("the text of number {key}"),
    };
    let texts: StringArray = keys.iter().map(|key| key.map(text)).collect();
    let numbers: UInt64Array = keys.iter().copied().collect();
    let expected = oracle(&keys, 9);
    for column in [Arc::new(texts) as ArrayRef, Arc::new(numbers)] {
        for threads in [1, 2, 8, 100] {
            let columns = [column.clone()];
            let found = resident(&columns, Nulls::Distinct, &Seed::new(1), 9, 16_384, 7, threads);
            assert!(found == expected, "threads {threads}");
        }
    }
}

#[test]
fn over_the_budget_is_an_error_never_a_verdict() {
    let spec = KeyForm::compile(&[DataType::Int64], Nulls::Distinct).unwrap();
    let wide = KeyForm::compile(&[DataType::Utf8], Nulls::Distinct).unwrap();
    let seed = Seed::new(1);
    for threads in [1, 8] {
        for spec in [&spec, &wide] {
            let mut state = Resident::new(&seed, Some(1 << 20));
            let mut failed = 0;
            for batch in 0..20i64 {
                let numbers = batch * 100_000..(batch + 1) * 100_000;
                let column: ArrayRef = if spec.class() == Class::K8 {
                    Arc::new(numbers.map(|n| n * 7_919).collect::<Int64Array>())
                } else {
                    Arc::new(StringArray::from_iter_values(
                        numbers.map(|n| format!("a fairly long text with {n}")),
                    ))
                };
                let block = encode(spec, &seed, &[column], batch as u64 * 100_000).unwrap();
                match state.absorb(vec![block], threads) {
                    Ok(_) => assert_eq!(failed, 0),
                    Err(error) => {
                        let expected = if failed == 0 { Code::Memory } else { Code::RunFinished };
                        assert_eq!(error.code, expected);
                        failed += 1;
                    }
                }
                assert!(state.memory_bytes() <= 1 << 20);
            }
            assert!(failed > 0);
            assert_eq!(state.finish().unwrap_err().code, Code::RunFinished);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let spec = KeyForm::compile(&[DataType::Int64], Nulls::Distinct).unwrap();
    let seed = Seed::new(1);
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let code = |columns: &[ArrayRef], base| encode(&spec, &seed, columns, base).unwrap_err().code;
    assert_eq!(code(&[text], 0), Code::SchemaChanged);
    assert_eq!(code(&[number.clone(), number.clone()], 0), Code::SchemaChanged);
    assert_eq!(code(&[], 0), Code::SchemaChanged);
    assert_eq!(code(&[number.clone()], u64::MAX >> 1), Code::TooLarge);
    let mut state = Resident::new(&seed, None);
    let block = || encode(&spec, &seed, &[number.clone()], 4).unwrap();
    state.absorb(vec![block()], 1).unwrap();
    assert_eq!(state.absorb(vec![block()], 1).unwrap_err().code, Code::Internal);
}

#[test]
fn nothing_at_all_is_unique() {
    let column = new_null_array(&DataType::Utf8, 0);
    distinct(column.clone(), &[None::<()>; 0]);
    equal(&[column.clone(), column], &[(); 0]);
}

fn text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        1 => Just(None),
        3 => "[a-c\0]{0,3}".prop_map(Some),
        3 => "[ab]{6,9}".prop_map(Some),
        3 => "a{13,18}".prop_map(Some),
        2 => (0..4u8, any::<bool>()).prop_map(|(digit, upper)| {
            let uuid = format!("0123456{digit}-89ab-cdef-fedc-ba9876543210");
            Some(if upper { uuid.to_uppercase() } else { uuid })
        }),
    ]
}

proptest! {
    #[test]
    fn any_texts(texts in prop::collection::vec(text(), 0..80), at in 0..6usize, nulls in any::<bool>()) {
        let borrowed: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        let columns = encodings(&borrowed);
        let column = columns[at.min(columns.len() - 1)].clone();
        if nulls { equal(&[column], &texts) } else { distinct(column, &texts) }
    }

    #[test]
    fn any_pairs(
        pairs in prop::collection::vec((text(), prop::option::of(-2..3i64), prop::option::of(any::<bool>())), 0..80),
        nulls in any::<bool>(),
    ) {
        let texts: Vec<Option<&str>> = pairs.iter().map(|row| row.0.as_deref()).collect();
        let columns: Vec<ArrayRef> = vec![
            encodings(&texts)[2].clone(),
            Arc::new(pairs.iter().map(|row| row.1).collect::<Int64Array>()),
            Arc::new(pairs.iter().map(|row| row.2).collect::<BooleanArray>()),
        ];
        if nulls {
            equal(&columns, &pairs);
            let keys: Vec<_> = pairs.iter().map(|row| (row.1, row.2)).collect();
            equal(&columns[1..], &keys);
        } else {
            let keys: Vec<_> = pairs.iter().map(|row| Some((row.0.clone()?, row.1?, row.2?))).collect();
            assert_all(&columns, Nulls::Distinct, &keys);
            let keys: Vec<_> = pairs.iter().map(|row| row.1.zip(row.2)).collect();
            assert_all(&columns[1..], Nulls::Distinct, &keys);
        }
    }

    #[test]
    fn any_floats(bits in prop::collection::vec(prop_oneof![
        any::<u64>(), Just(0), Just(1 << 63), Just(0x7ff8_0000_0000_0001), Just(0xfff0_0000_0000_0001),
    ], 0..60)) {
        let values: Vec<f64> = bits.iter().copied().map(f64::from_bits).collect();
        let key = |value: &f64| Some(match *value {
            value if value.is_nan() => None,
            value => Some((value + 0.0).to_bits()),
        });
        let keys: Vec<_> = values.iter().map(key).collect();
        distinct(Arc::new(Float64Array::from(values)), &keys);
        let narrow: Vec<f32> = bits.iter().map(|bits| f32::from_bits((bits >> 32) as u32)).collect();
        let key = |value: &f32| Some(match *value {
            value if value.is_nan() => None,
            value => Some((value + 0.0).to_bits()),
        });
        let keys: Vec<_> = narrow.iter().map(key).collect();
        distinct(Arc::new(Float32Array::from(narrow)), &keys);
    }
}
