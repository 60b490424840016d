//! Schemas as C structs: every type, and what cannot be one.

use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use meshgate_engine::error::{Code, Error};
use meshgate_engine::import::{export_schema, held, import_schema, MAX_COLUMNS, MAX_DEPTH};
use proptest::prelude::*;

use crate::arrays::{any_type, flat_types, nested_types};
use crate::raw::{schema_of, SchemaSpec};

fn table(columns: Vec<SchemaSpec>) -> SchemaSpec {
    SchemaSpec::new("+s", "").with(columns)
}

fn import(spec: &SchemaSpec) -> Result<SchemaRef, Error> {
    import_schema(&spec.build())
}

#[track_caller]
fn refused(column: SchemaSpec, code: Code) {
    let error = import(&table(vec![SchemaSpec::new("i", "ok"), column])).unwrap_err();
    assert_eq!(error.code, code, "{error}");
    let place = error.data.as_deref().unwrap();
    assert!(place.starts_with("column 2 of 2"), "{place}");
    assert!(error.message.len() < 200, "{error}");
}

#[test]
fn every_type() {
    for data_type in [flat_types(), nested_types()].concat() {
        let schema = schema_of(&[data_type]);
        assert_eq!(import_schema(&export_schema(&schema).unwrap()).unwrap(), schema);
    }
}

#[test]
fn nullability_is_read_as_declared_and_held_as_a_hint() {
    let inner = Field::new("x", DataType::Int8, false);
    let list = Field::new("l", DataType::List(Arc::new(inner)), false);
    let schema = Schema::new(vec![list]);
    let read = import_schema(&export_schema(&schema).unwrap()).unwrap();
    assert_eq!(*read, schema);
    let field = held(&read).field(0).clone();
    assert!(field.is_nullable());
    assert!(matches!(field.data_type(), DataType::List(inner) if inner.is_nullable()));
}

#[test]
fn what_is_held_without_nulls_is_what_the_format_defines_so() {
    for data_type in [flat_types(), nested_types()].concat() {
        let schema = schema_of(&[data_type]);
        assert_eq!(held(&schema), schema);
    }
}

#[test]
fn formats_that_are_none() {
    for format in [
        "",
        "x",
        "ii",
        "w",
        "w:",
        "w:-1",
        "w:x",
        "w:4294967296",
        "d:",
        "d:5",
        "d:0,0",
        "d:39,0",
        "d:5,2,7",
        "d:5,2,128,1",
        "d:10,0,32",
        "d:19,0,64",
        "d:77,0,256",
        "d:5,100",
        "d:-1,2",
        "ts:",
        "tss",
        "tsx:UTC",
        "ttx",
        "+",
        "+x",
        "+w:1:2",
        "+ud",
        "vx",
        "é",
    ] {
        refused(SchemaSpec::new(format, "c"), Code::InvalidArrow);
    }
    refused(
        SchemaSpec { format: Some(b"\xff".into()), ..SchemaSpec::new("", "c") },
        Code::InvalidArrow,
    );
    refused(SchemaSpec { format: None, ..SchemaSpec::new("", "c") }, Code::InvalidArrow);
    refused(SchemaSpec::new(&"i".repeat(70_000), "c"), Code::TooLarge);
}

#[test]
fn formats_that_are_some() {
    let read = |format: &str| import(&table(vec![SchemaSpec::new(format, "c")])).unwrap();
    assert_eq!(read("d:5,-2").field(0).data_type(), &DataType::Decimal128(5, -2));
    assert_eq!(read("w:0").field(0).data_type(), &DataType::FixedSizeBinary(0));
    let zone = DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, Some("+05:30".into()));
    assert_eq!(read("tsu:+05:30").field(0).data_type(), &zone);
}

#[test]
fn nested_types_with_the_wrong_fields() {
    let int = || SchemaSpec::new("i", "a");
    let text = || SchemaSpec::new("u", "b");
    let with = |format: &str, fields: Vec<SchemaSpec>| SchemaSpec::new(format, "n").with(fields);
    for spec in [
        with("i", vec![int()]),
        with("+l", vec![]),
        with("+l", vec![int(), int()]),
        with("+vl", vec![]),
        with("+w:2", vec![]),
        with("+w:-2", vec![int()]),
        with("+m", vec![]),
        with("+m", vec![int()]),
        with("+m", vec![with("+s", vec![int()])]),
        with("+m", vec![with("+s", vec![int(), int(), int()])]),
        with("+r", vec![int()]),
        with("+r", vec![text(), int()]),
        with("+r", vec![SchemaSpec::new("I", ""), int()]),
        with("+ud:0", vec![]),
        with("+ud:0,0", vec![int(), int()]),
        with("+us:-1", vec![int()]),
        with("+us:128", vec![int()]),
        with("+us:", vec![int()]),
        with("+us:0,", vec![int(), int()]),
        SchemaSpec { dictionary: Some(Box::new(int())), ..text() },
        SchemaSpec { dictionary: Some(Box::new(int())), ..with("+s", vec![int()]) },
        SchemaSpec { dictionary: Some(Box::new(SchemaSpec::new("?", ""))), ..int() },
        SchemaSpec { dictionary: Some(Box::new(SchemaSpec { released: true, ..int() })), ..int() },
        SchemaSpec { n_children: Some(-1), ..int() },
        SchemaSpec { n_children: Some(2), no_child_list: true, ..with("+s", vec![]) },
        SchemaSpec { null_child: true, ..with("+s", vec![int(), int()]) },
        SchemaSpec { released: true, ..int() },
        with("+s", vec![SchemaSpec { released: true, ..int() }]),
        SchemaSpec { name: Some(b"\xff\xfe".into()), ..int() },
    ] {
        refused(spec, Code::InvalidArrow);
    }
}

#[test]
fn tops_that_are_no_tables() {
    for spec in [
        SchemaSpec::new("i", ""),
        SchemaSpec::new("+l", "").with(vec![SchemaSpec::new("i", "")]),
        SchemaSpec { released: true, ..table(vec![]) },
        SchemaSpec { dictionary: Some(Box::new(SchemaSpec::new("i", ""))), ..table(vec![]) },
        SchemaSpec { format: None, ..table(vec![]) },
        SchemaSpec { null_child: true, ..table(vec![SchemaSpec::new("i", "")]) },
        SchemaSpec { n_children: Some(i64::MIN), ..table(vec![]) },
    ] {
        assert_eq!(import(&spec).unwrap_err().code, Code::InvalidArrow);
    }
    let error = import_schema(&FFI_ArrowSchema::empty()).unwrap_err();
    assert_eq!(error.code, Code::InvalidArrow);
    assert!(error.message.contains("released"));
}

#[test]
fn widths_and_depths_are_bounded() {
    let columns = |n: usize| (0..n).map(|_| SchemaSpec::new("i", "same")).collect();
    assert_eq!(import(&table(columns(MAX_COLUMNS))).unwrap().fields().len(), MAX_COLUMNS);
    assert_eq!(import(&table(columns(MAX_COLUMNS + 1))).unwrap_err().code, Code::TooLarge);
    refused(SchemaSpec { n_children: Some(i64::MAX), ..table(vec![]) }, Code::TooLarge);
    let deep = |levels: usize| {
        (1..levels)
            .fold(SchemaSpec::new("i", ""), |inner, _| SchemaSpec::new("+l", "").with(vec![inner]))
    };
    import(&table(vec![deep(MAX_DEPTH)])).unwrap();
    refused(deep(MAX_DEPTH + 1), Code::TooLarge);
    refused(deep(1000), Code::TooLarge);
    let dictionaries = (0..MAX_DEPTH).fold(SchemaSpec::new("i", ""), |inner, _| SchemaSpec {
        dictionary: Some(Box::new(inner)),
        ..SchemaSpec::new("i", "")
    });
    refused(dictionaries, Code::TooLarge);
    // Each level is narrow enough; all together are not.
    let wide = |n: usize| SchemaSpec::new("+s", "").with(columns(n));
    let many = (0..30).map(|_| wide(4000)).collect();
    assert_eq!(import(&table(many)).unwrap_err().code, Code::TooLarge);
}

#[test]
fn names_are_data() {
    let names = ["", "a", "a", "ü", "\u{202e}x", "\r\n\u{1b}[31m", "../../etc", "_mg_id"];
    let columns = names.iter().map(|name| SchemaSpec::new("i", name)).collect();
    let schema = import(&table(columns)).unwrap();
    assert!(schema.fields().iter().map(|field| field.name().as_str()).eq(names));
    let nameless = SchemaSpec { name: None, ..SchemaSpec::new("i", "") };
    assert_eq!(import(&table(vec![nameless])).unwrap().field(0).name(), "");
    refused(SchemaSpec::new("i", &"x".repeat(70_000)), Code::TooLarge);
    // In messages they stand on one line and are cut.
    for name in ["a\r\nb\u{1b}[31m", &"y".repeat(5_000)] {
        let error = import(&table(vec![SchemaSpec::new("?", name)])).unwrap_err();
        let place = error.data.unwrap();
        assert!(place.len() < 200 && place.chars().all(|c| !c.is_control()), "{place}");
    }
}

fn pairs(count: i32, items: &[&[u8]]) -> Vec<u8> {
    let mut all = count.to_ne_bytes().to_vec();
    for item in items {
        all.extend((item.len() as i32).to_ne_bytes());
        all.extend_from_slice(item);
    }
    all
}

#[test]
fn metadata() {
    let read = |metadata: Vec<u8>| {
        let column = SchemaSpec { metadata: Some(metadata), ..SchemaSpec::new("i", "c") };
        import(&table(vec![column])).map(|schema| schema.field(0).metadata().clone())
    };
    assert!(read(pairs(0, &[])).unwrap().is_empty());
    let kept = read(pairs(3, &[b"k", b"v", b"nul\0", b"\0", b"bytes", b"\xff"])).unwrap();
    assert_eq!(kept.len(), 2, "what is not UTF-8 is left out");
    assert_eq!(kept.get("nul\0").map(String::as_str), Some("\0"));
    for (metadata, code) in [
        (pairs(-1, &[]), Code::InvalidArrow),
        ([1_i32.to_ne_bytes(), (-5_i32).to_ne_bytes()].concat(), Code::InvalidArrow),
        ([1_i32.to_ne_bytes(), i32::MAX.to_ne_bytes()].concat(), Code::TooLarge),
    ] {
        assert_eq!(read(metadata).unwrap_err().code, code);
    }
    let much = pairs(1, &[b"k", &vec![b'v'; 17 << 20]]);
    assert_eq!(read(much).unwrap_err().code, Code::TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schema_there_and_back(types in proptest::collection::vec(any_type(), 0..6)) {
        let schema = schema_of(&types);
        prop_assert_eq!(import_schema(&export_schema(&schema).unwrap()).unwrap(), schema);
    }

    #[test]
    fn any_format(format in "[+:,a-zA-Z0-9-]{0,8}") {
        let inner = vec![SchemaSpec::new("i", "a")];
        for spec in [SchemaSpec::new(&format, "c"), SchemaSpec::new(&format, "c").with(inner)] {
            if let Err(error) = import(&table(vec![spec])) {
                prop_assert_eq!(error.code, Code::InvalidArrow);
            }
        }
    }
}
