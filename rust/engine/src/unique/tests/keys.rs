//! Every type, encoding, length and null: which rows have equal keys.

use super::*;

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
fn large_integers_beside_nulls_do_not_spill_over_their_neighbours() {
    // Cut to 32 bits these would collide, in the narrow word and across columns.
    let big = [1i64 << 32, 0, 1 << 33, 1, (1 << 32) | 1, 1 << 32, -1, u32::MAX.into(), 7, 1 << 40];
    let valid = [true, true, true, true, true, true, false, true, false, false];
    let column = Int64Array::new(big.to_vec().into(), Some(valid.to_vec().into()));
    let big: Vec<Option<i64>> = column.iter().collect();
    let column: ArrayRef = Arc::new(column);
    let small = [0, 0, 0, 0, 0, 0, 5, -1, 5, 6];
    let other: ArrayRef = Arc::new(Int32Array::from(small.to_vec()));
    let pairs: Vec<_> = big.iter().copied().zip(small).collect();
    equal(&[column.clone(), other.clone()], &pairs);
    let keys: Vec<_> = pairs.iter().map(|(b, s)| b.map(|b| (b, *s))).collect();
    assert_all(&[column.clone(), other.clone()], Nulls::Distinct, &keys);
    let keys: Vec<_> = keys.iter().map(|key| key.map(|(b, s)| (s, b))).collect();
    assert_all(&[other, column], Nulls::Distinct, &keys);
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
