//! Uniqueness with 1 MiB of memory and truncated hashes against a map that knows every key: rows,
//! groups and first rows are exact, in memory and on disk, with bytes kept or shown again.
#![no_main]

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, StringArray};
use arrow_schema::DataType;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use meshgate_engine::unique::{
    encode, Deferred, Disk, KeyForm, Nulls, Resident, Seed, Spill, Terms, EXAMPLES,
};

const BUDGET: usize = 1 << 20;
/// So many rows of any type are beyond the budget.
const MANY: usize = 150_000;
/// With few bits of address or fingerprint, keys meet each other: quadratic work.
const FEW: usize = 2_000;

fuzz_target!(|input: &[u8]| {
    let _ = check(&mut Unstructured::new(input));
});

/// Keys by number, equal numbers being equal keys; `None` is null.
fn numbers(input: &mut Unstructured<'_>, rows: usize) -> Result<Vec<Option<u64>>> {
    let start: u64 = input.arbitrary()?;
    let step = *input.choose(&[0, 1, 1, 3, 1 << 20, 0x9e37_79b9_7f4a_7c15])?;
    let below: u64 = *input.choose(&[1, 2, 1000, 1 << 17, 1 << 40, u64::MAX])?;
    let mut state: u64 = input.arbitrary()?;
    let random = input.arbitrary()?;
    let mut numbers: Vec<Option<u64>> = (0..rows as u64)
        .map(|row| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = if random { state >> 7 } else { start.wrapping_add(row.wrapping_mul(step)) };
            Some(number % below)
        })
        .collect();
    for _ in 0..input.int_in_range(0..=16)? {
        if rows > 0 {
            let at = input.choose_index(rows)?;
            numbers[at] = input.arbitrary()?;
        }
    }
    Ok(numbers)
}

fn text(number: u64, form: u8) -> String {
    match form {
        0 => format!("{number:x}"),
        1 => format!("00000000-0000-4000-8000-{:012x}", number % (1 << 48)),
        2 => format!("{number:x}-as-long-as-only-fingerprints-hold"),
        _ => format!("{:08X}-0000-4000-8000-{:012x}", number >> 32, number & 0xFFFF_FFFF),
    }
}

/// The columns of a key, and the key of each row as the map knows it.
fn columns(numbers: &[Option<u64>], kind: u8) -> (Vec<ArrayRef>, Vec<Option<String>>) {
    let longs = || Arc::new(numbers.iter().map(|n| n.map(|n| n as i64)).collect::<Int64Array>());
    let texts = |form| numbers.iter().map(|n| n.map(|n| text(n, form))).collect::<Vec<_>>();
    let plain = || numbers.iter().map(|n| n.map(|n| n.to_string())).collect::<Vec<_>>();
    match kind {
        0 => (vec![longs()], plain()),
        1 => {
            let ints = numbers.iter().map(|n| n.map(|n| n as i32)).collect::<Int32Array>();
            let keys = numbers.iter().map(|n| n.map(|n| (n as i32).to_string())).collect();
            (vec![Arc::new(ints)], keys)
        }
        2 => {
            let lines = (0..numbers.len() as i32).map(|row| row % 3);
            let both = plain().into_iter().zip(lines.clone());
            let keys = both.map(|(key, line)| key.map(|key| format!("{key} {line}"))).collect();
            (vec![longs(), Arc::new(Int32Array::from_iter_values(lines))], keys)
        }
        form => {
            let keys = texts(form - 3);
            (vec![Arc::new(StringArray::from(keys.clone()))], keys)
        }
    }
}

/// Rows beyond the first of their key, groups that repeat, rows without a key.
fn naive(keys: &[Option<String>]) -> (Vec<u64>, u64, u64) {
    let mut seen: HashMap<&str, u64> = HashMap::new();
    let mut surplus = vec![];
    for (row, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            let count = seen.entry(key).or_default();
            *count += 1;
            if *count > 1 {
                surplus.push(row as u64);
            }
        }
    }
    let groups = seen.values().filter(|count| **count > 1).count() as u64;
    (surplus, groups, keys.iter().filter(|key| key.is_none()).count() as u64)
}

fn check(input: &mut Unstructured<'_>) -> Result<()> {
    let kind = input.int_in_range(0..=6)?;
    let many = input.ratio(1, 4)?;
    let rows = input.int_in_range(0..=if many { MANY } else { FEW })?;
    let mut seed = Seed::new(input.arbitrary()?);
    if many {
        seed = seed.truncated(input.int_in_range(8..=64)?, input.int_in_range(16..=128)?);
    } else {
        seed = seed.truncated(input.int_in_range(0..=64)?, input.int_in_range(0..=128)?);
    }
    let cut = input.int_in_range(if many { 1000 } else { 1 }..=70_000)?;
    let replay = input.arbitrary()?;
    let threads = input.int_in_range(1..=2)?;
    let numbers = numbers(input, rows)?;

    let (columns, keys) = columns(&numbers, kind);
    let (surplus, groups, exempt) = naive(&keys);
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
    let form = KeyForm::compile(&types, Nulls::Distinct).unwrap();
    let blocks: Vec<_> = (0..rows)
        .step_by(cut)
        .map(|start| {
            let length = cut.min(rows - start);
            let piece: Vec<ArrayRef> = columns.iter().map(|c| c.slice(start, length)).collect();
            encode(&form, &seed, &piece, start as u64).unwrap()
        })
        .collect();

    let disk = Disk::new(&Spill { folder: std::env::temp_dir(), quota_bytes: 1 << 30 });
    let terms = Terms { memory_bytes: Some(BUDGET), disk: Some(disk), rows: false, replay };
    let mut deferred = Deferred::new(&seed, terms);
    for block in &blocks {
        deferred.append(vec![block.clone()], threads).unwrap();
    }
    if deferred.judge(threads).unwrap() {
        assert!(replay);
        deferred.replay(&blocks).unwrap();
    }
    let found = deferred.finish(threads).unwrap();
    let first: Vec<u64> = surplus.iter().copied().take(EXAMPLES).collect();
    let judged = found.outcome;
    assert_eq!((judged.surplus, judged.groups, judged.exempt), (surplus.len() as u64, groups, exempt));
    assert_eq!(judged.first_surplus, first);
    assert!(judged.verified);

    if !many {
        let mut resident = Resident::new(&seed, None);
        let mut marked = vec![];
        let mut start = 0;
        for block in blocks {
            let rows = block.rows();
            let repeats = resident.absorb(vec![block], threads).unwrap();
            let words = &repeats[0].words;
            marked.extend((0..rows).filter(|row| words[row / 64] >> (row % 64) & 1 == 1).map(|row| (start + row) as u64));
            start += rows;
        }
        assert_eq!(marked, surplus);
        assert_eq!(resident.finish().unwrap().groups, groups);
    }
    Ok(())
}
