//! What holds for every mask.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{
    new_null_array, Array, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    FixedSizeBinaryArray, Float64Array, Int64Array, LargeStringArray, PrimitiveArray, StringArray,
    StringViewArray, StructArray, TimestampMicrosecondArray,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{Field, TimeUnit};
use proptest::prelude::*;

use super::testing::{all_bytes, clause, encodings, holds, keys, shares_nothing, SECRET};
use super::*;

/// A clause of every mask that takes a column of this type.
fn clauses(kind: &DataType) -> Vec<contract::Mask> {
    [
        ("nullify", "{}"),
        ("redact", "{}"),
        ("constant", "{}"),
        ("hash", "{}"),
        ("hash", r#"{"out": "b64url", "bytes": 17}"#),
        ("hash", r#"{"out": "bytes", "bytes": 16}"#),
        ("hash", r#"{"normalize": ["trim", "casefold_domain"]}"#),
        ("partial", r#"{"keep_last": 2}"#),
        ("partial", r#"{"keep_first": 1, "keep_last": 1, "char": "•", "fixed_width": true}"#),
    ]
    .into_iter()
    .map(|(method, args)| clause(method, args))
    .filter(|clause| compile(clause, kind, false, &keys()).is_ok())
    .collect()
}

/// Columns of five rows with a null and a secret each, and a row of their type to surround them.
fn columns() -> Vec<(ArrayRef, ArrayRef, Vec<u8>)> {
    let text: ArrayRef =
        Arc::new(StringArray::from(vec![Some(SECRET), None, Some(""), Some("äöü"), Some(SECRET)]));
    let long = format!("{SECRET} {SECRET} {SECRET} and more than one block of text");
    let large: ArrayRef =
        Arc::new(StringArray::from(vec![Some(long.as_str()), None, Some("x"), Some(&long), None]));
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![
        Some(SECRET.as_bytes()),
        None,
        Some(b""),
        Some(&[0xff, 0xfe]),
        Some(b"x"),
    ]));
    let number = i64::from_le_bytes(*b"SECRETNO");
    let integers: ArrayRef =
        Arc::new(Int64Array::from(vec![Some(number), None, Some(0), Some(-7), Some(i64::MIN)]));
    let decimals = [Some(i128::from(number)), None, Some(-1250), Some(0), Some(1)];
    let decimals: ArrayRef = Arc::new(
        decimals.into_iter().collect::<Decimal128Array>().with_precision_and_scale(38, 2).unwrap(),
    );
    let day = i32::from_le_bytes(*b"DATE");
    let dates: ArrayRef =
        Arc::new(Date32Array::from(vec![Some(day), None, Some(0), Some(-1), Some(19_782)]));
    let fixed: ArrayRef = Arc::new(
        FixedSizeBinaryArray::try_from_sparse_iter_with_size(
            [Some(b"SECRETNO"), None, Some(b"12345678"), Some(b"\0\0\0\0\0\0\0\0"), None]
                .into_iter(),
            8,
        )
        .unwrap(),
    );
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(f64::from_le_bytes(*b"SECRETNO")),
        None,
        Some(f64::NAN),
        Some(-0.0),
        Some(1.5),
    ]));
    let stamps: ArrayRef = Arc::new(
        TimestampMicrosecondArray::from(vec![Some(number), None, Some(0), Some(1), Some(2)])
            .with_timezone("UTC"),
    );
    let pick = |array: &ArrayRef| array.slice(0, 1);
    let secret = SECRET.as_bytes().to_vec();
    vec![
        (ArrayRef::clone(&text), pick(&text), secret.clone()),
        (ArrayRef::clone(&large), pick(&large), secret.clone()),
        (ArrayRef::clone(&bytes), pick(&bytes), secret),
        (ArrayRef::clone(&integers), pick(&integers), b"SECRETNO".to_vec()),
        (ArrayRef::clone(&decimals), pick(&decimals), b"SECRETNO".to_vec()),
        (ArrayRef::clone(&dates), pick(&dates), b"DATE".to_vec()),
        (ArrayRef::clone(&fixed), pick(&fixed), b"SECRETNO".to_vec()),
        (ArrayRef::clone(&floats), pick(&floats), b"SECRETNO".to_vec()),
        (ArrayRef::clone(&stamps), pick(&stamps), b"SECRETNO".to_vec()),
    ]
}

#[test]
fn registry_describes_every_mask_once() {
    let mut names = HashSet::new();
    for kind in kinds() {
        let definition = kind.definition();
        for name in definition.aliases.iter().chain([&definition.name]) {
            assert!(names.insert(*name), "{name} twice");
            assert!(hint::refused(name).is_none(), "{name}");
        }
        assert!(definition.summary.ends_with('.') && !definition.summary.contains("  "));
        assert!(definition.example.contains(definition.name));
        assert!(!definition.takes.is_empty() && definition.strength > 0);
        assert!(definition.codes.windows(2).all(|pair| pair[0] != pair[1]));
        for argument in definition.arguments {
            assert!(argument.summary.ends_with('.'), "{}", argument.name);
        }
        let json = serde_json::to_value(definition).unwrap();
        assert_eq!(json["name"], definition.name);
        assert!(json["codes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c.as_str().unwrap().contains('.')));
    }
    assert_eq!(kinds().len(), 5);
}

#[test]
fn output_is_the_same_in_every_encoding_and_holds_nothing_raw() {
    for (column, around, secret) in columns() {
        for clause in clauses(column.data_type()) {
            let plain = compile(&clause, column.data_type(), false, &keys()).unwrap();
            let expected = plain.apply(&column).unwrap();
            for (name, encoded) in encodings(&column, &around) {
                let what = format!("{} {:?} of {name}", clause.method, clause.args);
                let mask = compile(&clause, encoded.data_type(), false, &keys()).unwrap();
                assert_eq!(mask.output_type(), plain.output_type(), "{what}");
                let masked = mask.apply(&encoded).unwrap();
                assert_eq!(&masked, &expected, "{what}");
                masked.to_data().validate_full().unwrap();
                assert!(!holds(&all_bytes(&masked.to_data()), &secret), "{what}");
                assert!(shares_nothing(&encoded, &masked), "{what}");
                for row in 0..column.len() {
                    let null = clause.method == "nullify" || column.is_null(row);
                    assert_eq!(masked.is_null(row), null, "{what}");
                }
            }
        }
    }
}

#[test]
fn values_under_nulls_do_not_survive() {
    let bytes = Buffer::from(format!("{SECRET}{SECRET}").as_bytes());
    let ends = [0, SECRET.len(), 2 * SECRET.len()];
    let nulls = || Some(NullBuffer::from(vec![false, false]));
    let offsets = |end: &usize| *end as i32;
    let small = OffsetBuffer::new(ends.iter().map(offsets).collect::<ScalarBuffer<i32>>());
    let large = OffsetBuffer::new(ends.iter().map(|end| *end as i64).collect());
    let views = StringViewArray::from_iter_values([SECRET, SECRET]);
    let number = i64::from_le_bytes(*b"SECRETNO");
    let columns: [ArrayRef; 4] = [
        Arc::new(StringArray::new(small, bytes.clone(), nulls())),
        Arc::new(LargeStringArray::new(large, bytes, nulls())),
        Arc::new(StringViewArray::new(
            views.views().clone(),
            views.data_buffers().to_vec(),
            nulls(),
        )),
        Arc::new(PrimitiveArray::<Int64Type>::new(vec![number; 2].into(), nulls())),
    ];
    for column in columns {
        for clause in clauses(column.data_type()) {
            let mask = compile(&clause, column.data_type(), false, &keys()).unwrap();
            let masked = mask.apply(&column).unwrap();
            assert_eq!(masked.null_count(), 2);
            let data = masked.to_data();
            let bits = data.nulls().map_or(&[][..], NullBuffer::validity);
            let zero = data.buffers().iter().all(|buffer| buffer.iter().all(|byte| *byte == 0));
            assert!(zero && bits.iter().all(|byte| *byte == 0), "{} {column:?}", clause.method);
        }
    }
}

#[test]
fn the_bitmap_of_a_slice_does_not_tell_about_its_neighbours() {
    let values = [None, Some("a"), None, None, Some("b"), None];
    let column: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
    for clause in clauses(&DataType::Utf8) {
        let mask = compile(&clause, &DataType::Utf8, false, &keys()).unwrap();
        let whole = mask.apply(&column.slice(1, 1)).unwrap();
        if clause.method != "nullify" {
            assert!(whole.to_data().nulls().is_none(), "{}", clause.method);
        }
        let masked = mask.apply(&column.slice(1, 2)).unwrap().to_data();
        if let Some(nulls) = masked.nulls() {
            assert_eq!((nulls.offset(), nulls.validity()[0] & !0b11), (0, 0), "{}", clause.method);
        }
    }
}

#[test]
fn empty_and_all_null_columns_are_masked() {
    for (column, _, _) in columns() {
        for clause in clauses(column.data_type()) {
            let mask = compile(&clause, column.data_type(), false, &keys()).unwrap();
            let empty = mask.apply(&column.slice(0, 0)).unwrap();
            assert_eq!((empty.len(), empty.data_type()), (0, mask.output_type()));
            let nulls = mask.apply(&new_null_array(column.data_type(), 3)).unwrap();
            assert_eq!((nulls.len(), nulls.null_count()), (3, 3));
        }
    }
}

#[test]
fn nested_columns_lose_everything_to_nullify_and_constant() {
    let text: ArrayRef = Arc::new(StringArray::from(vec![SECRET, SECRET]));
    let field = |name: &str, array: &ArrayRef| {
        let raw: HashMap<_, _> = [("stats".to_owned(), SECRET.to_owned())].into();
        Field::new(name, array.data_type().clone(), true).with_metadata(raw)
    };
    let fields = vec![field("a", &text)];
    let children = vec![ArrayRef::clone(&text)];
    let nulls = NullBuffer::from(vec![true, false]);
    let record: ArrayRef = Arc::new(StructArray::new(fields.into(), children, Some(nulls)));
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    let list: ArrayRef = Arc::new(arrow_array::ListArray::new(
        Arc::clone(&item),
        OffsetBuffer::from_lengths([1, 1]),
        ArrayRef::clone(&text),
        None,
    ));
    let pair: ArrayRef = Arc::new(arrow_array::FixedSizeListArray::new(item, 2, text, None));
    for column in [record, list, pair] {
        for method in ["nullify", "constant"] {
            let mask = compile(&clause(method, "{}"), column.data_type(), false, &keys()).unwrap();
            let masked = mask.apply(&column).unwrap();
            masked.to_data().validate_full().unwrap();
            assert_eq!(masked.len(), column.len());
            assert!(!holds(&all_bytes(&masked.to_data()), SECRET.as_bytes()), "{method}");
            assert!(!format!("{:?}", masked.data_type()).contains(SECRET), "{method}");
        }
    }
}

#[test]
fn a_required_column_refuses_nullify_only() {
    let refused: Vec<_> = kinds()
        .iter()
        .map(|kind| kind.definition().name)
        .filter(|name| compile(&clause(name, "{}"), &DataType::Utf8, true, &keys()).is_err())
        .collect();
    assert_eq!(refused, ["nullify"]);
}

#[test]
fn unknown_and_refused_masks_are_told_apart() {
    let error =
        |method| compile(&clause(method, "{}"), &DataType::Utf8, false, &keys()).unwrap_err();
    for (method, help) in [
        ("hsah", "\"hash\""),
        ("Redact", "\"redact\""),
        ("nulify", "\"nullify\""),
        ("zzz", "partial"),
    ] {
        assert_eq!(error(method).code, Code::UnknownMask);
        assert!(error(method).help.unwrap().contains(help), "{method}");
        assert!(error(method).message.starts_with("no mask"), "{method}");
    }
    for method in ["md5", "SHA-256", "sha1", "crc32", "unkeyed", "ff3", "FF3-1", "base64"] {
        assert_eq!(error(method).code, Code::UnknownMask);
        assert!(error(method).message.contains("is refused: "), "{method}");
    }
}

#[test]
fn aliases_report_the_registered_name() {
    for (alias, name) in [("null", "nullify"), ("hmac", "hash")] {
        let mask = compile(&clause(alias, "{}"), &DataType::Utf8, false, &keys()).unwrap();
        assert_eq!(mask.method(), name);
    }
}

#[test]
fn wrong_arguments_are_named_with_what_exists() {
    for (method, args, code, words) in [
        ("hash", r#"{"byte": 16}"#, Code::BadArgument, "\"bytes\""),
        ("hash", r#"{"bytes": 15}"#, Code::BadArgument, "from 16 to 32"),
        ("hash", r#"{"bytes": 33}"#, Code::BadArgument, "from 16 to 32"),
        ("hash", r#"{"bytes": 16.0}"#, Code::BadArgument, "whole number"),
        ("hash", r#"{"out": "base64"}"#, Code::BadArgument, "hex, b64url, bytes"),
        ("hash", r#"{"normalize": ["nfc"]}"#, Code::BadArgument, "trim, casefold_domain, digits"),
        ("hash", r#"{"normalize": ["trim", "trim"]}"#, Code::BadArgument, "at most once"),
        ("hash", r#"{"normalize": "trim"}"#, Code::BadArgument, "a list"),
        ("partial", r#"{"char": "**"}"#, Code::BadArgument, "one visible character"),
        ("partial", r#"{"char": " "}"#, Code::BadArgument, "one visible character"),
        ("partial", r#"{"keep_first": -1}"#, Code::BadArgument, "from 0"),
        ("partial", r#"{"keep_last": null}"#, Code::BadArgument, "not null"),
        ("partial", r#"{"fixed_width": 1}"#, Code::BadArgument, "true or false"),
        ("redact", r#"{"value": "x"}"#, Code::BadArgument, "takes no arguments"),
        ("constant", r#"{"value": null}"#, Code::BadArgument, "nullify"),
        ("constant", r#"{"value": 5}"#, Code::BadLiteral, "of type string"),
    ] {
        let error = compile(&clause(method, args), &DataType::Utf8, false, &keys()).unwrap_err();
        assert_eq!(error.code, code, "{method} {args}");
        let text = format!("{} {}", error.message, error.help.unwrap_or_default());
        assert!(text.contains(words), "{method} {args}: {text}");
        assert!(error.clause.unwrap().starts_with("/args"), "{method} {args}");
    }
}

#[test]
fn a_key_on_a_mask_without_keys_is_refused() {
    for method in ["nullify", "redact", "constant", "partial"] {
        let keyed = contract::Mask { key: Some("env:MG_KEY".into()), ..clause(method, "{}") };
        let error = compile(&keyed, &DataType::Utf8, false, &keys()).unwrap_err();
        assert_eq!((error.code, error.clause.as_deref()), (Code::BadArgument, Some("/key")));
    }
}

#[test]
fn types_that_a_mask_does_not_take_are_refused_with_help() {
    let text = DataType::Utf8;
    for (method, kind) in [
        ("hash", DataType::Boolean),
        ("hash", DataType::Float64),
        ("hash", DataType::Timestamp(TimeUnit::Second, None)),
        ("hash", DataType::Null),
        ("hash", DataType::List(Arc::new(Field::new("item", text, true)))),
        ("partial", DataType::Float32),
        ("partial", DataType::Binary),
        ("partial", DataType::Date32),
        ("redact", DataType::Int32),
        ("redact", DataType::Binary),
    ] {
        let error = compile(&clause(method, "{}"), &kind, false, &keys()).unwrap_err();
        assert_eq!(error.code, Code::MaskNotApplicable, "{method} {kind}");
        assert!(error.help.unwrap().contains("nullify"), "{method} {kind}");
    }
}

#[test]
fn decimals_of_equal_value_hash_alike_whatever_their_scale() {
    let mask = |array: ArrayRef| {
        let mask = compile(&clause("hash", "{}"), array.data_type(), false, &keys()).unwrap();
        mask.apply(&array).unwrap()
    };
    let decimal = |value: i128, scale| -> ArrayRef {
        let array = PrimitiveArray::<Decimal128Type>::from_iter_values([value]);
        Arc::new(array.with_precision_and_scale(20, scale).unwrap())
    };
    assert_eq!(&mask(decimal(1250, 2)), &mask(decimal(12_500, 3)));
    assert_eq!(&mask(decimal(1200, 2)), &mask(Arc::new(Int64Array::from(vec![12]))));
    assert_eq!(&mask(decimal(12, 0)), &mask(Arc::new(StringArray::from(vec!["12"]))));
}

#[test]
fn a_boolean_column_gets_its_constant() {
    let column: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]));
    let mask = compile(&clause("constant", "{}"), column.data_type(), true, &keys()).unwrap();
    let expected = BooleanArray::from(vec![Some(false), None, Some(false)]);
    assert_eq!(mask.apply(&column).unwrap().as_ref(), &expected as &dyn Array);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_column_is_masked_alike_in_every_encoding(
        values in proptest::collection::vec(proptest::option::of("\\PC{0,80}"), 0..40),
        method in 0..7_usize,
    ) {
        let column: ArrayRef = Arc::new(StringArray::from(values));
        let around: ArrayRef = Arc::new(StringArray::from(vec![SECRET]));
        let all = clauses(&DataType::Utf8);
        let clause = &all[method % all.len()];
        let plain = compile(clause, &DataType::Utf8, false, &keys()).unwrap();
        let expected = plain.apply(&column).unwrap();
        for (name, encoded) in encodings(&column, &around) {
            let mask = compile(clause, encoded.data_type(), false, &keys()).unwrap();
            prop_assert_eq!(&mask.apply(&encoded).unwrap(), &expected, "{}", name);
        }
    }

    #[test]
    fn batches_may_be_cut_anywhere(
        values in proptest::collection::vec(proptest::option::of("\\PC{0,20}"), 1..60),
        cut in 0..60_usize,
    ) {
        let column: ArrayRef = Arc::new(StringArray::from(values));
        let cut = cut.min(column.len());
        for clause in clauses(&DataType::Utf8) {
            let mask = compile(&clause, &DataType::Utf8, false, &keys()).unwrap();
            let parts = [column.slice(0, cut), column.slice(cut, column.len() - cut)];
            let parts = parts.map(|part| mask.apply(&part).unwrap());
            let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            let joined = arrow_select::concat::concat(&parts).unwrap();
            prop_assert_eq!(&joined, &mask.apply(&column).unwrap());
        }
    }
}
