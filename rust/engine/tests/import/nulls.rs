//! What null slots hide, and nulls in places where a batch has none.

use arrow_array::cast::AsArray;
use arrow_array::types::Int8Type;
use arrow_array::{
    Array, Decimal128Array, Int64Array, NullArray, StringArray, StringViewArray, StructArray,
};
use arrow_schema::{DataType, Field, Fields, Schema, UnionMode};
use meshgate_engine::error::Code;
use meshgate_engine::import::validate;

use crate::arrays::{array, dictionary_of, item, map_of, runs_of, struct_of, union_of, Dice};
use crate::raw::{accepted, bytes_of, import_column, import_with, refused, schema_of, Mem, Spec};

fn with_nulls(mut spec: Spec, bits: u8) -> Spec {
    spec.buffers[0] = Mem::Bytes(vec![bits]);
    spec.null_count = -1;
    spec
}

#[test]
fn texts_under_nulls_may_be_anything() {
    let spec = |values: &[u8]| {
        let buffers = vec![Mem::Null, bytes_of(&[1_i32, 3, 5, 7]), Mem::Bytes(values.to_vec())];
        with_nulls(Spec::new(3, buffers), 0b101)
    };
    let expected = StringArray::from(vec![Some("ab"), None, Some("ef")]);
    for middle in ["cd", "é"] {
        accepted(spec(format!("xab{middle}ef").as_bytes()), &expected);
    }
    // Not UTF-8 under the null: replaced, since readers look at all of a text's bytes.
    import_column(spec(b"\xffab\xff\xfeef"), &DataType::Utf8, |result| {
        let column = result.unwrap();
        assert_eq!(column.as_ref(), &expected as &dyn Array);
        assert!(std::str::from_utf8(column.as_string::<i32>().value_data()).is_ok());
        assert!(!column.to_data().buffers()[1].contains(&0xff));
    });
    refused(spec(b"xa\xffcdef"), &DataType::Utf8, "UTF-8");
    // A character that reaches from a null into a value.
    refused(spec(b"xabc\xc3\xa9f"), &DataType::Utf8, "UTF-8");
}

#[test]
fn views_under_nulls_may_be_anything() {
    let good = {
        let mut view = [0_u8; 16];
        view[0] = 2;
        view[4..6].copy_from_slice(b"ab");
        u128::from_le_bytes(view)
    };
    for bad in [u128::MAX, 0x0500_0000_0000_0000_0000_0000_0000_0020, 0xff_0000_0001] {
        let spec = Spec::new(2, vec![Mem::Null, bytes_of(&[good, bad]), Mem::Null]);
        import_column(spec.clone(), &DataType::Utf8View, |result| assert!(result.is_err()));
        accepted(with_nulls(spec, 0b01), &StringViewArray::from(vec![Some("ab"), None]));
    }
}

#[test]
fn keys_under_nulls_may_be_anything() {
    let spec = |values: i64| {
        let mut spec = Spec::new(3, vec![Mem::Null, bytes_of(&[1_i8, -7, 0])]);
        spec.dictionary = Some(Box::new(Spec::new(values, vec![Mem::Null, bytes_of(&[5_i64, 6])])));
        spec
    };
    let data_type = dictionary_of(DataType::Int8, DataType::Int64);
    refused(spec(2), &data_type, "dictionary key");
    import_column(with_nulls(spec(2), 0b101), &data_type, |result| {
        let column = result.unwrap();
        let keys = column.as_dictionary::<Int8Type>().keys();
        assert_eq!(keys.values().as_ref(), &[1, 0, 0]);
        assert!(keys.is_null(1));
    });
    // No value at all: every key must be null.
    import_column(with_nulls(spec(0), 0b000), &data_type, |r| {
        assert_eq!(r.unwrap().null_count(), 3);
    });
    refused(with_nulls(spec(0), 0b100), &data_type, "dictionary key");
}

#[test]
fn decimals_under_nulls_may_be_anything() {
    let spec = Spec::new(2, vec![Mem::Null, bytes_of(&[7_i128, i128::MAX])]);
    let expected = Decimal128Array::from(vec![Some(7), None]);
    let expected = expected.with_precision_and_scale(5, 2).unwrap();
    accepted(with_nulls(spec, 0b01), &expected);
}

#[test]
fn nulls_of_the_table_become_nulls_of_the_columns() {
    let mut dice = Dice(21);
    let types = vec![
        DataType::Int64,
        DataType::Boolean,
        DataType::Utf8,
        DataType::Utf8View,
        DataType::Null,
        DataType::List(item(DataType::Int64)),
        struct_of(vec![DataType::Int64]),
        map_of(DataType::Int8, DataType::Utf8),
        dictionary_of(DataType::Int8, DataType::Utf8),
        DataType::FixedSizeList(item(DataType::Int8), 2),
    ];
    for from in 0..20_usize {
        let columns: Vec<_> = types.iter().map(|t| array(t, 40, &mut dice)).collect();
        let specs = columns.iter().map(|column| Spec::of(&column.to_data())).collect();
        let mut table = Spec::table(20, specs);
        table.offset = from as i64;
        let bits: Vec<u8> = (0..5).map(|_| dice.roll() as u8).collect();
        table.buffers[0] = Mem::Bytes(bits.clone());
        table.null_count = -1;
        import_with(&table, &schema_of(&types), 64, |result| {
            let batch = result.unwrap();
            for (column, whole) in batch.columns().iter().zip(&columns) {
                for row in 0..20 {
                    let bit = bits[(from + row) / 8] >> ((from + row) % 8) & 1 == 1;
                    let null = !bit || whole.is_null(from + row);
                    assert_eq!(column.is_null(row), null && column.data_type() != &DataType::Null);
                    if !null {
                        assert_eq!(
                            column.slice(row, 1).as_ref(),
                            whole.slice(from + row, 1).as_ref()
                        );
                    }
                }
            }
        });
    }
}

#[test]
fn nulls_of_the_table_cannot_reach_some_types() {
    let mut dice = Dice(22);
    for data_type in
        [runs_of(DataType::Int32, DataType::Int8), union_of(UnionMode::Dense, vec![DataType::Int8])]
    {
        let whole = array(&data_type, 8, &mut dice);
        let table = |bits, length| {
            let mut table = Spec::table(length, vec![Spec::of(&whole.to_data())]);
            table.buffers[0] = Mem::Bytes(vec![bits]);
            table.null_count = -1;
            table
        };
        let schema = schema_of(&[data_type]);
        import_with(&table(0xff, 8), &schema, 64, |r| assert_eq!(r.unwrap().num_rows(), 8));
        // Set bits behind the end are no nulls.
        import_with(&table(0x7f, 7), &schema, 64, |r| assert_eq!(r.unwrap().num_rows(), 7));
        import_with(&table(0x7f, 8), &schema, 64, |r| {
            assert_eq!(r.unwrap_err().code, Code::InvalidArrow);
        });
    }
}

#[test]
fn a_struct_column_keeps_its_nulls() {
    let mut spec = Spec::new(3, vec![Mem::Bytes(vec![0b101])]);
    spec.children = vec![Spec::new(3, vec![Mem::Null, bytes_of(&[1_i64, 2, 3])])];
    spec.null_count = 0; // a lie
    let fields: Fields = vec![Field::new("f0", DataType::Int64, true)].into();
    let values = std::sync::Arc::new(Int64Array::from(vec![1, 2, 3]));
    let nulls = Some(vec![true, false, true].into());
    accepted(spec, &StructArray::new(fields, vec![values], nulls));
}

#[test]
fn null_arrays_count_as_they_like() {
    for null_count in [-1, 0, 5] {
        // Polars gives them the place of a bitmap.
        for buffers in [vec![], vec![Mem::Null], vec![Mem::Dangling]] {
            let mut spec = Spec::new(5, buffers);
            spec.null_count = null_count;
            accepted(spec, &NullArray::new(5));
        }
    }
}

#[test]
fn a_column_declared_without_nulls_that_has_some() {
    let column = with_nulls(Spec::new(2, vec![Mem::Null, bytes_of(&[1_i64, 2])]), 0b01);
    let table = Spec::table(2, vec![column]);
    // What is held of a schema never says so; a caller's own may.
    let field = Field::new("c0", DataType::Int64, false);
    import_with(&table, &Schema::new(vec![field]).into(), 64, |result| {
        assert_eq!(result.unwrap_err().code, Code::InvalidArrow);
    });
}

#[test]
fn tables_without_columns_have_rows() {
    let schema = schema_of(&[]);
    for rows in [0, 1, 1000, 1 << 40] {
        import_with(&Spec::table(rows, vec![]), &schema, 64, |result| {
            assert_eq!(result.unwrap().num_rows() as i64, rows);
        });
    }
    import_with(&Spec::table((1 << 40) + 1, vec![]), &schema, 64, |result| {
        assert_eq!(result.unwrap_err().code, Code::TooLarge);
    });
}

#[test]
fn batches_built_in_rust_are_checked_too() {
    let data = arrow_data::ArrayData::builder(DataType::Utf8)
        .len(1)
        .add_buffer(arrow_buffer::Buffer::from_vec(vec![0_i32, 1]))
        .add_buffer(arrow_buffer::Buffer::from_vec(vec![0xff_u8]));
    // SAFETY: not valid on purpose; nothing but `validate` looks at it.
    let bad = arrow_array::make_array(unsafe { data.build_unchecked() });
    let batch = |column| {
        let schema = schema_of(&[DataType::Utf8]);
        arrow_array::RecordBatch::try_new(schema, vec![column]).unwrap()
    };
    let error = validate(&batch(bad)).unwrap_err();
    assert_eq!(error.code, Code::InvalidArrow);
    assert_eq!(error.data.unwrap(), "column 1 of 1 (\"c0\")");
    validate(&batch(std::sync::Arc::new(StringArray::from(vec!["ok"])))).unwrap();
}
