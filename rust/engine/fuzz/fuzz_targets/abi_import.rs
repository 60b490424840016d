//! Arrays and schemas as C structs: a right one, changed as the input says, then imported and read
//! as a whole. Its buffers end at pages that cannot be read. Nothing but an error may come of it.
#![no_main]
#![allow(unsafe_code, reason = "the C structs are raw pointers")]
#![allow(dead_code, reason = "the modules are those of the tests, which use all of them")]

#[path = "../../tests/import/arrays.rs"]
mod arrays;
#[path = "../../tests/import/memory.rs"]
mod memory;
#[path = "../../tests/import/raw.rs"]
mod raw;

use std::fmt::Write as _;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use meshgate_engine::error::{Code, Error};
use meshgate_engine::import::import_schema;

use arrays::{array, flat_types, nested_types, Dice};
use raw::{import_with, schema_of, Mem, SchemaSpec, Spec};

fuzz_target!(|input: &[u8]| {
    let mut input = Unstructured::new(input);
    let _ = if input.ratio(1, 4).unwrap_or(false) {
        schemas(&mut input)
    } else {
        arrays_of(&mut input)
    };
});

/// Numbers at which lengths and offsets tend to break.
fn number(input: &mut Unstructured<'_>) -> Result<i64> {
    let edges =
        [-1, 0, 1, 7, 8, 4096, 1 << 20, 1 << 31, (1 << 32) - 1, 1 << 40, i64::MAX, i64::MIN];
    if input.ratio(1, 2)? {
        input.choose(&edges).copied()
    } else {
        input.int_in_range(-3..=70)
    }
}

fn arrays_of(input: &mut Unstructured<'_>) -> Result<()> {
    let types = [flat_types(), nested_types()].concat();
    let mut columns = vec![];
    let mut chosen = vec![];
    let rows = input.int_in_range(0..=40)?;
    for _ in 0..input.int_in_range(1..=2)? {
        let data_type = input.choose(&types)?.clone();
        columns.push(Spec::of(&array(&data_type, rows, &mut Dice(input.arbitrary()?)).to_data()));
        chosen.push(data_type);
    }
    let mut table = Spec::table(rows as i64, columns);
    let mut nodes = 0;
    table.each(&mut |_| nodes += 1);
    for _ in 0..input.int_in_range(0..=6)? {
        let at = input.choose_index(nodes)?;
        let mut index = 0;
        let mut done = Ok(());
        table.each(&mut |spec| {
            if index == at {
                done = change(spec, input);
            }
            index += 1;
        });
        done?;
    }
    // The lists of pointers are as long as they say: that much is the producer's word.
    table.each(&mut |spec| {
        spec.n_buffers = spec.n_buffers.map(|n| n.min(spec.buffers.len() as i64));
        spec.n_children = spec.n_children.map(|n| n.min(spec.children.len() as i64));
    });
    let align = *input.choose(&[1, 64])?;
    import_with(&table, &schema_of(&chosen), align, |result| match result {
        // Every slot is read, null or not.
        Ok(batch) => {
            let mut text = String::new();
            for column in batch.columns() {
                let _ = write!(text, "{column:?}");
            }
        }
        Err(error) => typed(&error),
    });
    Ok(())
}

fn change(spec: &mut Spec, input: &mut Unstructured<'_>) -> Result<()> {
    match input.int_in_range(0..=16)? {
        0 => spec.length = number(input)?,
        1 => spec.offset = number(input)?,
        2 => spec.null_count = number(input)?,
        3 => spec.n_buffers = Some(spec.buffers.len() as i64 - input.int_in_range(0..=4)?),
        4 => spec.n_children = Some(spec.children.len() as i64 - input.int_in_range(0..=4)?),
        5 => spec.released = true,
        6 => spec.null_child = true,
        7 => spec.dictionary = None,
        8 => drop(spec.children.pop()),
        9 if !spec.buffers.is_empty() => {
            let at = input.choose_index(spec.buffers.len())?;
            spec.buffers[at] = Mem::Null;
        }
        10 => spec.children.reverse(),
        11 => (spec.offset, spec.length) = (3, spec.length.saturating_sub(3)),
        _ if !spec.buffers.is_empty() => {
            let at = input.choose_index(spec.buffers.len())?;
            if let Mem::Bytes(bytes) = &mut spec.buffers[at] {
                if !bytes.is_empty() {
                    let at = input.choose_index(bytes.len())?;
                    bytes[at] = input.arbitrary()?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn schemas(input: &mut Unstructured<'_>) -> Result<()> {
    let mut budget = 200;
    match import_schema(&schema(input, 0, &mut budget)?.build()) {
        // What was accepted can be handed on, unless a name cannot.
        Ok(schema) => drop(meshgate_engine::import::export_schema(&schema)),
        Err(error) => typed(&error),
    }
    Ok(())
}

fn schema(input: &mut Unstructured<'_>, depth: usize, budget: &mut usize) -> Result<SchemaSpec> {
    let formats =
        ["+s", "i", "u", "vu", "+l", "+w:3", "+m", "+r", "+ud:0,1", "+us:5", "d:9,2", "tsu:"];
    let format =
        if input.ratio(1, 4)? { input.arbitrary()? } else { input.choose(&formats)?.to_string() };
    let mut spec = SchemaSpec::new(&format.replace('\0', ""), "x");
    spec.flags = input.arbitrary()?;
    if input.ratio(1, 4)? {
        spec.name =
            Some(input.arbitrary::<Vec<u8>>()?.into_iter().filter(|byte| *byte != 0).collect());
    }
    let children = if depth < 80 { input.int_in_range(0..=3)? } else { 0 };
    for _ in 0..children {
        if *budget > 0 {
            *budget -= 1;
            spec.children.push(schema(input, depth + 1, budget)?);
        }
    }
    if input.ratio(1, 8)? && *budget > 0 {
        *budget -= 1;
        spec.dictionary = Some(Box::new(schema(input, depth + 1, budget)?));
    }
    spec.released = input.ratio(1, 32)?;
    spec.null_child = input.ratio(1, 32)?;
    if input.ratio(1, 16)? {
        spec.n_children = Some(spec.children.len() as i64 - input.int_in_range(0..=4)?);
    }
    Ok(spec)
}

fn typed(error: &Error) {
    assert!(matches!(error.code, Code::InvalidArrow | Code::TooLarge), "{error:?}");
    assert!(error.message.len() < 256 && error.data.as_ref().is_none_or(|place| place.len() < 512));
}
