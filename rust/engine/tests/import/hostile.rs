//! Structs that say what cannot be: refused in words, whatever the type, and released once.

use arrow_schema::{DataType, UnionMode};
use meshgate_engine::error::Code;

use crate::arrays::{
    array, dictionary_of, flat_types, item, map_of, nested_types, runs_of, union_of, Dice,
};
use crate::raw::{accepted, bytes_of, import_column, import_with, refused, schema_of, Mem, Spec};

type Lie = (&'static str, fn(&mut Spec));

const LIES: &[Lie] = &[
    ("length -1", |s| s.length = -1),
    ("length min", |s| s.length = i64::MIN),
    ("length max", |s| s.length = i64::MAX),
    ("length one more", |s| s.length += 1),
    ("length 2^20", |s| s.length = 1 << 20),
    ("length 2^36", |s| s.length = 1 << 36),
    ("offset -1", |s| s.offset = -1),
    ("offset min", |s| s.offset = i64::MIN),
    ("offset max", |s| s.offset = i64::MAX),
    ("offset one", |s| s.offset += 1),
    ("offset 2^20", |s| s.offset = 1 << 20),
    ("offset 2^61", |s| s.offset = 1 << 61),
    ("null count -2", |s| s.null_count = -2),
    ("null count over the length", |s| s.null_count = s.length + 1),
    ("null count min", |s| s.null_count = i64::MIN),
    ("nulls without a bitmap", |s| {
        s.null_count = 1;
        if let Some(first) = s.buffers.first_mut() {
            *first = Mem::Null;
        }
    }),
    ("a buffer more", |s| {
        s.buffers.push(Mem::Null);
    }),
    ("a buffer less", |s| {
        s.buffers.pop();
    }),
    ("no buffers", |s| s.n_buffers = Some(0)),
    ("-1 buffers", |s| s.n_buffers = Some(-1)),
    ("2^62 buffers", |s| s.n_buffers = Some(1 << 62)),
    ("no list of buffers", |s| s.no_buffer_list = true),
    ("null buffers", |s| s.buffers.fill_with(|| Mem::Null)),
    ("a child more", |s| s.children.push(Spec::new(0, vec![]))),
    ("a child less", |s| {
        s.children.pop();
    }),
    ("-1 children", |s| s.n_children = Some(-1)),
    ("2^62 children", |s| s.n_children = Some(1 << 62)),
    ("no list of children", |s| s.no_child_list = true),
    ("a null child", |s| s.null_child = true),
    ("no dictionary", |s| s.dictionary = None),
    ("a dictionary", |s| s.dictionary = Some(Box::new(Spec::new(0, vec![])))),
    ("already released", |s| s.released = true),
];

/// How many arrays a spec consists of.
fn size(spec: &mut Spec) -> usize {
    let mut count = 0;
    spec.each(&mut |_| count += 1);
    count
}

#[test]
fn every_lie_about_every_array_of_every_type() {
    let mut dice = Dice(11);
    let (mut told, mut believed) = (0, 0);
    for data_type in [flat_types(), nested_types()].concat() {
        let whole = array(&data_type, 21, &mut dice);
        let honest = Spec::of(&whole.to_data());
        for at in 0..size(&mut honest.clone()) {
            for (name, lie) in LIES {
                let mut spec = honest.clone();
                let mut index = 0;
                spec.each(&mut |array| {
                    if index == at {
                        lie(array);
                    }
                    index += 1;
                });
                told += 1;
                let table = Spec::table(21, vec![spec]);
                // What is read is checked as a whole by `import_with`; what is refused was
                // released. Buffers end at the guard, so reading past one is a signal.
                import_with(&table, &schema_of(std::slice::from_ref(&data_type)), 1, |result| {
                    match result {
                        Ok(_) => believed += 1,
                        Err(error) => {
                            let known = [Code::InvalidArrow, Code::TooLarge].contains(&error.code);
                            assert!(known, "{name} of {data_type}: {error}");
                            let place = error.data.unwrap_or_default();
                            assert!(place.starts_with("column 1 of 1"), "{name}: {place}");
                        }
                    }
                });
            }
        }
    }
    assert!(told > 2_000, "{told}");
    // Some are no lies: one more slot of a child that nothing uses, one bit more in a byte.
    assert!(believed * 4 < told, "{believed} of {told}");
}

#[test]
fn every_lie_about_the_table_itself() {
    let column = || Spec::new(4, vec![Mem::Null, bytes_of(&[1_i32, 2, 3, 4])]);
    let schema = schema_of(&[DataType::Int32]);
    for (name, lie) in LIES {
        if ["null buffers", "no dictionary"].contains(name) {
            continue; // true of the honest table too
        }
        let mut table = Spec::table(4, vec![column()]);
        lie(&mut table);
        import_with(&table, &schema, 64, |result| {
            let code = result.expect_err(name).code;
            assert!([Code::InvalidArrow, Code::TooLarge].contains(&code), "{name}");
        });
    }
}

#[test]
fn random_bytes_as_any_buffer() {
    let mut dice = Dice(12);
    let types = [flat_types(), nested_types()].concat();
    for round in 0..4_000 {
        let data_type = &types[round % types.len()];
        let whole = array(data_type, 9, &mut dice);
        let mut spec = Spec::of(&whole.to_data());
        spec.each(&mut |array| {
            for buffer in &mut array.buffers {
                let Mem::Bytes(bytes) = buffer else { continue };
                for _ in 0..dice.below(3) {
                    let at = dice.below(bytes.len() + 1);
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = [0, 1, 0x7f, 0x80, 0xff, dice.roll() as u8][dice.below(6)];
                    }
                }
            }
        });
        // Sizes of view buffers and last offsets may now reach up to 2 GiB too far.
        import_column(spec, data_type, |result| {
            if let Err(error) = result {
                assert_eq!(error.code, Code::InvalidArrow, "{error}");
            }
        });
    }
}

#[test]
fn empty_arrays_need_no_buffers() {
    for data_type in [flat_types(), nested_types()].concat() {
        let whole = array(&data_type, 5, &mut Dice(13));
        for memory in [Mem::Null, Mem::Dangling] {
            let mut spec = Spec::of(&whole.to_data());
            spec.each(&mut |array| {
                (array.length, array.null_count) = (0, 0);
                array.buffers.fill_with(|| memory.clone());
            });
            accepted(spec.clone(), &whole.slice(0, 0));
            spec.each(&mut |array| array.offset = 3);
            accepted(spec, &whole.slice(0, 0));
        }
    }
}

#[test]
fn buffers_without_bytes_are_never_read() {
    let spec = |memory| Spec::new(3, vec![Mem::Null, bytes_of(&[0_i32; 4]), memory]);
    for memory in [Mem::Null, Mem::Dangling, Mem::Bytes(vec![])] {
        accepted(spec(memory.clone()), &arrow_array::StringArray::from(vec![""; 3]));
        let views = bytes_of(&[0_u128; 3]);
        // The sizes may be missing if there are no values, and values that no view uses.
        let spec = Spec::new(3, vec![Mem::Null, views.clone(), memory.clone()]);
        accepted(spec, &arrow_array::StringViewArray::from(vec![""; 3]));
        let values = vec![Mem::Null, views, Mem::Null, bytes_of(&[1_i64 << 40])];
        accepted(Spec::new(3, values), &arrow_array::StringViewArray::from(vec![""; 3]));
    }
    let fixed = Spec::new(3, vec![Mem::Null, Mem::Dangling]);
    import_column(fixed, &DataType::FixedSizeBinary(0), |r| assert_eq!(r.unwrap().len(), 3));
}

#[test]
fn views_that_lie() {
    let spec = |views: &[u128], sizes: &[i64]| {
        let values = (0..sizes.len()).map(|_| Mem::Bytes(b"a text of 24 bytes, long".to_vec()));
        let mut buffers = vec![Mem::Null, bytes_of(views)];
        buffers.extend(values);
        buffers.push(bytes_of(sizes));
        Spec::new(views.len() as i64, buffers)
    };
    let view = |length: u32, prefix: &[u8; 4], buffer: u32, offset: u32| {
        arrow_data::ByteView {
            length,
            prefix: u32::from_le_bytes(*prefix),
            buffer_index: buffer,
            offset,
        }
        .as_u128()
    };
    let text = DataType::Utf8View;
    let good = view(24, b"a te", 0, 0);
    import_column(spec(&[good], &[24]), &text, |r| assert!(r.is_ok()));
    refused(spec(&[good], &[-1]), &text, "size is negative");
    refused(spec(&[good], &[1 << 40]), &text, "outside the producer's memory");
    refused(spec(&[good], &[23]), &text, "outside its buffer");
    refused(spec(&[view(24, b"axte", 0, 0)], &[24]), &text, "prefix");
    refused(spec(&[view(24, b"a te", 0, 1)], &[24]), &text, "outside its buffer");
    refused(spec(&[view(u32::MAX, b"a te", 0, 0)], &[24]), &text, "negative");
    refused(spec(&[view(24, b"a te", 0, u32::MAX)], &[24]), &text, "negative");
    refused(spec(&[view(3, b"abc\0", 1, 0)], &[24]), &text, "padding");
    refused(spec(&[view(2, b"\xff\xfe\0\0", 0, 0)], &[24]), &text, "UTF-8");
    let mut missing = spec(&[good], &[24]);
    missing.buffers[2] = Mem::Null;
    refused(missing, &text, "outside its buffer");
    let mut no_sizes = spec(&[good], &[24]);
    no_sizes.buffers[3] = Mem::Null;
    refused(no_sizes, &text, "missing");
}

#[test]
fn keys_that_lie() {
    let spec = |keys: Mem, length| {
        let mut spec = Spec::new(length, vec![Mem::Null, keys]);
        spec.dictionary = Some(Box::new(Spec::new(200, vec![Mem::Null, Mem::Bytes(vec![7; 200])])));
        spec
    };
    let of = |keys| dictionary_of(keys, DataType::UInt8);
    for (keys, data_type) in [
        (bytes_of(&[-1_i8, 0]), of(DataType::Int8)),
        (bytes_of(&[i8::MIN, 0]), of(DataType::Int8)),
        (bytes_of(&[0, 200_u8]), of(DataType::UInt8)),
        (bytes_of(&[0, -1_i16]), of(DataType::Int16)),
        (bytes_of(&[0, u16::MAX]), of(DataType::UInt16)),
        (bytes_of(&[0, i32::MIN]), of(DataType::Int32)),
        (bytes_of(&[0, u32::MAX]), of(DataType::UInt32)),
        (bytes_of(&[0, i64::MIN]), of(DataType::Int64)),
        (bytes_of(&[0, u64::MAX]), of(DataType::UInt64)),
        (bytes_of(&[0, 1_u64 << 63]), of(DataType::UInt64)),
    ] {
        refused(spec(keys, 2), &data_type, "dictionary key is out of range");
    }
    let floats = of(DataType::Float32);
    refused(spec(bytes_of(&[0_f32]), 1), &floats, "type is not one");
}

#[test]
fn run_ends_that_lie() {
    let spec = |ends: &[i32], values: i64| {
        let mut spec = Spec::new(10, vec![]);
        let values = Spec::new(values, vec![Mem::Null, Mem::Bytes(vec![1; 16])]);
        spec.children = vec![Spec::new(ends.len() as i64, vec![Mem::Null, bytes_of(ends)]), values];
        spec
    };
    let data_type = runs_of(DataType::Int32, DataType::Int8);
    import_column(spec(&[4, 10], 2), &data_type, |r| assert!(r.is_ok()));
    import_column(spec(&[4, 12, 3], 3), &data_type, |r| assert!(r.is_ok())); // 3 is not reached
    refused(spec(&[4, 9], 2), &data_type, "reach");
    refused(spec(&[], 0), &data_type, "reach");
    refused(spec(&[4, 4, 10], 3), &data_type, "increase");
    refused(spec(&[7, 4, 10], 3), &data_type, "increase");
    refused(spec(&[-4, 10], 2), &data_type, "increase");
    refused(spec(&[0, 10], 2), &data_type, "increase");
    refused(spec(&[4, 10], 1), &data_type, "shorter");
    let mut null_end = spec(&[4, 10], 2);
    null_end.children[0].buffers[0] = Mem::Bytes(vec![1]);
    null_end.children[0].null_count = -1;
    refused(null_end, &data_type, "run end is null");
    let mut far = spec(&[4, 10], 2);
    far.offset = i64::from(i32::MAX);
    refused(far, &data_type, "reach");
}

#[test]
fn unions_that_lie() {
    let child = || Spec::new(2, vec![Mem::Null, Mem::Bytes(vec![1, 2])]);
    let dense = |ids: &[i8], offsets: &[i32]| {
        let mut spec = Spec::new(ids.len() as i64, vec![bytes_of(ids), bytes_of(offsets)]);
        spec.children = vec![child(), child()];
        spec
    };
    let data_type = union_of(UnionMode::Dense, vec![DataType::Int8, DataType::UInt8]); // ids 1, 4
    import_column(dense(&[1, 4, 1], &[0, 1, 0]), &data_type, |r| assert!(r.is_ok()));
    refused(dense(&[1, 2, 1], &[0; 3]), &data_type, "type id");
    refused(dense(&[1, -1, 1], &[0; 3]), &data_type, "type id");
    refused(dense(&[1, 4], &[0, 2]), &data_type, "out of bounds");
    refused(dense(&[1, 4], &[0, -1]), &data_type, "out of bounds");
    let mut sparse = Spec::new(3, vec![bytes_of(&[1_i8; 3])]);
    sparse.children = vec![child(), child()];
    let data_type = union_of(UnionMode::Sparse, vec![DataType::Int8, DataType::UInt8]);
    refused(sparse, &data_type, "shorter");
    let none = union_of(UnionMode::Sparse, vec![]);
    import_column(Spec::new(0, vec![Mem::Null]), &none, |r| assert_eq!(r.unwrap().len(), 0));
    refused(Spec::new(1, vec![bytes_of(&[0_i8])]), &none, "type id");
}

#[test]
fn list_views_that_lie() {
    let spec = |offsets: &[i32], sizes: &[i32]| {
        let mut spec =
            Spec::new(offsets.len() as i64, vec![Mem::Null, bytes_of(offsets), bytes_of(sizes)]);
        spec.children = vec![Spec::new(5, vec![Mem::Null, Mem::Bytes(vec![0; 5])])];
        spec
    };
    let data_type = DataType::ListView(item(DataType::Int8));
    import_column(spec(&[3, 0, 5, 1], &[2, 5, 0, 3]), &data_type, |r| {
        assert_eq!(r.unwrap().len(), 4);
    });
    refused(spec(&[3], &[3]), &data_type, "out of bounds");
    refused(spec(&[6], &[0]), &data_type, "out of bounds");
    refused(spec(&[-1], &[1]), &data_type, "negative");
    refused(spec(&[1], &[-1]), &data_type, "negative");
    refused(spec(&[i32::MAX], &[i32::MAX]), &data_type, "out of bounds");
}

#[test]
fn maps_that_lie() {
    let spec = || {
        let mut entries = Spec::new(3, vec![Mem::Null]);
        let child = |bits| {
            let mut child = Spec::new(3, vec![bits, Mem::Bytes(vec![1, 2, 3])]);
            child.null_count = -1;
            child
        };
        entries.children = vec![child(Mem::Null), child(Mem::Bytes(vec![0b101]))];
        let mut spec = Spec::new(2, vec![Mem::Null, bytes_of(&[0_i32, 1, 3])]);
        spec.children = vec![entries];
        spec
    };
    let data_type = map_of(DataType::Int8, DataType::Int8);
    import_column(spec(), &data_type, |r| assert_eq!(r.unwrap().len(), 2));
    let mut null_key = spec();
    null_key.children[0].children[0].buffers[0] = Mem::Bytes(vec![0b101]);
    refused(null_key, &data_type, "has nulls");
    let mut null_entry = spec();
    null_entry.children[0].buffers[0] = Mem::Bytes(vec![0b101]);
    null_entry.children[0].null_count = -1;
    refused(null_entry, &data_type, "has nulls");
    let mut short = spec();
    short.children[0].children[1].length = 2;
    refused(short, &data_type, "shorter");
    let odd = DataType::Map(item(DataType::Int8), false);
    refused(spec(), &odd, "type is not one");
}

#[test]
fn a_child_shorter_than_its_parent() {
    let data_type = crate::arrays::struct_of(vec![DataType::Int8]);
    let mut spec = Spec::new(4, vec![Mem::Null]);
    spec.children = vec![Spec::new(3, vec![Mem::Null, Mem::Bytes(vec![0; 3])])];
    refused(spec, &data_type, "shorter");
    let data_type = DataType::FixedSizeList(item(DataType::Int8), 3);
    let mut spec = Spec::new(2, vec![Mem::Null]);
    spec.children = vec![Spec::new(5, vec![Mem::Null, Mem::Bytes(vec![0; 5])])];
    refused(spec, &data_type, "shorter");
    let table = Spec::table(4, vec![Spec::new(3, vec![Mem::Null, Mem::Bytes(vec![0; 3])])]);
    import_with(&table, &schema_of(&[DataType::Int8]), 64, |result| {
        assert!(result.unwrap_err().message.contains("shorter"));
    });
}

#[test]
fn the_place_names_column_and_field() {
    let mut inner = Spec::new(1, vec![Mem::Null]);
    let bad = Spec::new(1, vec![Mem::Null, bytes_of(&[0_i32, 1]), Mem::Bytes(vec![0xff])]);
    inner.children = vec![bad];
    let mut list = Spec::new(1, vec![Mem::Null, bytes_of(&[0_i32, 1])]);
    list.children = vec![inner];
    let data_type = DataType::List(item(crate::arrays::struct_of(vec![DataType::Utf8])));
    let error = import_column(list, &data_type, |r| r.unwrap_err());
    assert_eq!(error.data.unwrap(), "column 1 of 1 (\"c0\"), values, field \"f0\"");
}
