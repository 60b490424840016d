//! Export, then import: the same values.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    StringViewArray,
};
use arrow_schema::{Field, Schema};
use meshgate_engine::import::{export_batch, import_batch, import_schema, validate};

pub(crate) fn batch(columns: Vec<ArrayRef>) -> RecordBatch {
    let rows = columns.first().map_or(0, |column| column.len());
    let fields: Vec<Field> = columns
        .iter()
        .enumerate()
        .map(|(i, c)| Field::new(format!("c{i}"), c.data_type().clone(), true))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).unwrap()
}

pub(crate) fn there_and_back(batch: &RecordBatch) -> RecordBatch {
    let (schema, array) = export_batch(batch).unwrap();
    let schema = import_schema(&schema).unwrap();
    // SAFETY: arrow-rs exported the array a line ago.
    let back = unsafe { import_batch(array, &schema) }.unwrap();
    validate(&back).unwrap();
    for column in back.columns() {
        column.to_data().validate_full().unwrap();
    }
    back
}

#[test]
fn plain_columns() {
    let b = batch(vec![
        Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
        Arc::new(StringArray::from(vec![Some("a"), None, Some("äöü")])),
        Arc::new(StringViewArray::from(vec![Some("a"), None, Some("a text of more than twelve")])),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        Arc::new(Int32Array::from(vec![1, 2, 3])),
    ]);
    assert_eq!(there_and_back(&b), b);
    assert_eq!(there_and_back(&b.slice(1, 2)), b.slice(1, 2));
    assert_eq!(there_and_back(&b.slice(1, 0)), b.slice(1, 0));
}
