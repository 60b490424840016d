//! What a producer hands over rightly arrives as it is, from wherever it starts.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema};
use meshgate_engine::import::{export_batch, held, import_batch, import_schema, validate};
use proptest::prelude::*;

use crate::arrays::{any_type, array, flat_types, nested_types, Dice};
use crate::raw::{accepted, import_with, schema_of, Mem, Spec};

fn batch(columns: Vec<ArrayRef>) -> RecordBatch {
    let rows = columns.first().map_or(0, Array::len);
    let field =
        |(i, c): (usize, &ArrayRef)| Field::new(format!("c{i}"), c.data_type().clone(), true);
    let schema = Schema::new(columns.iter().enumerate().map(field).collect::<Vec<_>>());
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &options).unwrap()
}

fn there_and_back(batch: &RecordBatch) -> RecordBatch {
    let (schema, array) = export_batch(batch).unwrap();
    let schema = held(&import_schema(&schema).unwrap());
    // SAFETY: the array was exported two lines ago.
    let back = unsafe { import_batch(array, &schema) }.unwrap().batch().unwrap();
    validate(&back).unwrap();
    for column in back.columns() {
        column.to_data().validate_full().unwrap();
    }
    back
}

/// Through the raw struct, with the column's own offset at `from`.
fn cut_by_offset(whole: &ArrayRef, from: usize, len: usize) -> Spec {
    let mut spec = Spec::of(&whole.to_data());
    spec.offset += from as i64;
    spec.length = len as i64;
    spec.null_count = -1;
    spec
}

fn types() -> Vec<DataType> {
    [flat_types(), nested_types()].concat()
}

#[test]
fn every_type_there_and_back() {
    let mut dice = Dice(1);
    for data_type in types() {
        for rows in [0, 1, 9, 70] {
            let b = batch(vec![array(&data_type, rows, &mut dice)]);
            assert_eq!(there_and_back(&b), b, "{data_type}");
            for from in [1, 8, 9] {
                if from <= rows {
                    let cut = b.slice(from, rows - from);
                    assert_eq!(there_and_back(&cut), cut, "{data_type} from {from}");
                }
            }
        }
    }
}

#[test]
fn every_type_from_every_bit_on() {
    let mut dice = Dice(2);
    for data_type in types() {
        let whole = array(&data_type, 130, &mut dice);
        for from in 0..64 {
            let len = 130 - from - usize::from(from % 3 == 0);
            accepted(cut_by_offset(&whole, from, len), &whole.slice(from, len));
        }
    }
}

#[test]
fn every_type_in_a_struct_that_starts_late() {
    let mut dice = Dice(3);
    for data_type in types() {
        let whole = array(&data_type, 40, &mut dice);
        for (outer, inner) in [(0, 3), (5, 0), (7, 9), (8, 8)] {
            let mut column = cut_by_offset(&whole, inner, 40 - inner);
            let len = 40 - inner - outer - 2;
            let mut table = Spec::table(len as i64, vec![column.clone()]);
            table.offset = outer as i64;
            let schema = schema_of(std::slice::from_ref(&data_type));
            import_with(&table, &schema, 64, |result| {
                let expected = whole.slice(inner + outer, len);
                assert_eq!(result.unwrap().column(0).as_ref(), expected.as_ref(), "{data_type}");
            });
            // The struct as a column, in turn.
            column.null_count = -1;
            let fields = schema.fields().clone();
            let outer_column = table;
            let expected =
                arrow_array::StructArray::new(fields, vec![whole.slice(inner + outer, len)], None);
            accepted(outer_column, &expected);
        }
    }
}

#[test]
fn buffers_at_any_address_are_read() {
    let mut dice = Dice(4);
    for data_type in types() {
        let whole = array(&data_type, 33, &mut dice);
        let mut spec = Spec::of(&whole.to_data());
        spec.each(&mut |array| {
            for buffer in &mut array.buffers {
                if let Mem::Bytes(bytes) = buffer {
                    *buffer = Mem::Odd(std::mem::take(bytes));
                }
            }
        });
        accepted(spec.clone(), &whole);
        // Buffers that end exactly where readable memory ends.
        let table = Spec::table(33, vec![spec]);
        import_with(&table, &schema_of(&[data_type]), 1, |result| {
            assert_eq!(result.unwrap().column(0), &whole);
        });
    }
}

#[test]
fn metadata_and_odd_names_survive() {
    let field = |name: &str| {
        let metadata =
            [("ARROW:extension:name".to_owned(), "é".to_owned()), (String::new(), String::new())];
        Field::new(name, DataType::Int32, true).with_metadata(metadata)
    };
    let names = ["a", "a", "", "_mg_x", "ü", "\u{202e}", "\"; DROP TABLE x", "../..", "a\nb"];
    let schema = Schema::new(names.map(field).to_vec())
        .with_metadata([("pandas".to_owned(), "{}".to_owned())]);
    let column = array(&DataType::Int32, 3, &mut Dice(5));
    let b = RecordBatch::try_new(Arc::new(schema), vec![column; names.len()]).unwrap();
    assert_eq!(there_and_back(&b), b);
}

#[test]
fn a_name_with_a_nul_byte_is_not_exported() {
    let schema = Schema::new(vec![Field::new("a\0b", DataType::Int32, true)]);
    let error = export_batch(&RecordBatch::new_empty(Arc::new(schema))).unwrap_err();
    assert_eq!(error.code.as_str(), "source.invalid_arrow");
    assert!(!error.message.contains("a\0b"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batch_there_and_back(
        types in proptest::collection::vec(any_type(), 0..4),
        rows in 0_usize..40,
        from in 0_usize..40,
        seed: u64,
    ) {
        let mut dice = Dice(seed);
        let columns = types.iter().map(|t| array(t, rows, &mut dice)).collect();
        let whole = batch(columns);
        prop_assert_eq!(&there_and_back(&whole), &whole);
        let from = from.min(whole.num_rows());
        let cut = whole.slice(from, whole.num_rows() - from);
        prop_assert_eq!(&there_and_back(&cut), &cut);
        for column in whole.columns().iter().filter(|column| column.len() > from) {
            let len = column.len() - from;
            accepted(cut_by_offset(column, from, len), &column.slice(from, len));
        }
    }
}
