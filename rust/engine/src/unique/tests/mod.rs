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

mod keys;
mod stages;

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

/// Runs a deferred check over columns cut at every `cut` rows. What was spilled is left out.
fn deferred(
    columns: &[ArrayRef],
    nulls: Nulls,
    seed: &Seed,
    base: u64,
    cut: usize,
    threads: usize,
    budget: Option<usize>,
) -> Outcome {
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
    let spec = KeyForm::compile(&types, nulls).unwrap();
    let blocks: Vec<KeyBlock> = (0..columns[0].len())
        .step_by(cut.max(1))
        .map(|start| {
            let length = cut.max(1).min(columns[0].len() - start);
            let piece: Vec<ArrayRef> =
                columns.iter().map(|column| column.slice(start, length)).collect();
            encode(&spec, seed, &piece, base + start as u64).unwrap()
        })
        .collect();
    let keep = judge(blocks.clone(), seed, threads, budget, false);
    let replay = judge(blocks, seed, threads, budget, true);
    assert_eq!(keep, replay, "bytes kept and read again");
    keep
}

/// Judges blocks with the bytes of wide keys kept, or shown again. The rows beyond the first of
/// their key must be as many as are counted, and begin as is told.
fn judge(
    blocks: Vec<KeyBlock>,
    seed: &Seed,
    threads: usize,
    budget: Option<usize>,
    replay: bool,
) -> Outcome {
    let mut state = Deferred::new(seed, terms(budget, replay));
    let again = blocks.clone();
    let end = blocks.last().map_or(0, |block| block.base_row + block.rows as u64);
    for block in blocks {
        state.append(vec![block], threads).unwrap();
    }
    if state.judge(threads).unwrap() {
        assert!(replay);
        state.replay(&again).unwrap();
    }
    let Finding { mut outcome, surplus } = state.finish(threads).unwrap();
    outcome.spilled_bytes = 0;
    let mut surplus = surplus.unwrap();
    assert_eq!(RowSet::count_union(&[&surplus]).unwrap(), outcome.surplus);
    let mut rows = Vec::new();
    surplus.within(0..end, |row| rows.push(row as u64)).unwrap();
    assert_eq!(rows.len() as u64, outcome.surplus);
    rows.truncate(EXAMPLES);
    assert_eq!(rows, outcome.first_surplus);
    outcome
}

fn terms(memory_bytes: Option<usize>, replay: bool) -> Terms {
    let spill = Spill { folder: std::env::temp_dir(), quota_bytes: 1 << 30 };
    Terms { memory_bytes, disk: Some(Disk::new(&spill)), rows: true, replay }
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
    let seed = Seed::new(42);
    for (address, print) in [(64, 128), (1, 128), (0, 128), (64, 3), (1, 0)] {
        let seed = seed.clone().truncated(address, print);
        for (cut, threads, budget) in [(1000, 1, None), (3, 2, Some(1 << 20)), (70, 8, None)] {
            let found = deferred(columns, nulls, &seed, 0, cut, threads, budget);
            assert_eq!(found, expected.0, "deferred, cut {cut}, budget {budget:?}");
        }
    }
    let far = (1 << 40) + 5;
    let found = resident(columns, nulls, &Seed::new(3), far, 5, 4, 2);
    assert_eq!(found, oracle(keys, far));
    let found = deferred(columns, nulls, &Seed::new(3), far, 5, 2, None);
    assert_eq!(found, oracle(keys, far).0);
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
