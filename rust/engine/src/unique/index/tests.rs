//! Keys that are written, searched, merged, damaged and proved.

#![allow(clippy::unwrap_used)] // how tests fail

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, StringArray};
use arrow_schema::{DataType, Field, Schema};

use super::entries::Entries;
use super::gather::Gather;
use super::published::Probe;
use super::{disjoint, merge, Published, Segment, NULL};
use crate::error::Code;
use crate::unique::spill::{Disk, Spill};
use crate::unique::{KeyBlock, Nulls};

const ID: &str = "which keys";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mg-index-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn published(kind: &DataType, nulls: Nulls) -> Published {
    let schema = Schema::new(vec![Field::new("k", kind.clone(), true)]);
    Published::new(0, std::slice::from_ref(kind), nulls, &schema, ID).unwrap()
}

fn block(published: &Published, column: ArrayRef, base: u64) -> (KeyBlock, Entries) {
    let block = published.block(&[column], base).unwrap();
    let entries = published.entries(&block).unwrap();
    (block, entries)
}

fn write(published: &Published, columns: &[ArrayRef], path: &Path, limit: Option<usize>) {
    let disk = Disk::new(&Spill { folder: std::env::temp_dir(), quota_bytes: u64::MAX });
    let mut keys = Gather::new(limit, Some(&disk));
    for column in columns {
        keys.take(&block(published, Arc::clone(column), 0).1, None).unwrap();
    }
    keys.write(path, ID, vec!["a file".into()]).unwrap();
}

/// The rows that are published, with their places.
fn look(published: &Published, column: ArrayRef) -> Vec<(u64, u64)> {
    let (block, entries) = block(published, column, 0);
    let found = published.look(&Probe::new(std::iter::once((0, &entries))), &[&block]);
    assert!(found.doubts.is_empty() && found.damaged.is_empty());
    let mut hits = found.hits;
    hits.sort_unstable();
    hits
}

fn numbers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

#[test]
fn keys_are_found_again_whatever_the_number_of_blocks_and_runs() {
    let folder = Folder::new("found");
    let published = published(&DataType::Int64, Nulls::Distinct);
    let mixed = |n: i64| n.wrapping_mul(0x1e37_79b9_7f4a_7c15);
    for (at, count) in [0, 1, 2047, 2048, 2049, 50_000].into_iter().enumerate() {
        for (half, limit) in [None, Some(0)].into_iter().enumerate() {
            let path = folder.0.join(format!("{at}-{half}"));
            let held: Vec<i64> = (0..count).map(mixed).collect();
            // Every key twice: an index holds each once.
            let both = [numbers(held.iter().copied()), numbers(held.iter().rev().copied())];
            write(&published, &both, &path, limit);
            let segment = Segment::open(&path, ID).unwrap();
            assert_eq!(segment.keys(), count as u64);
            let mut sorted = held.clone();
            sorted.sort_unstable();
            let asked: Vec<i64> =
                (0..count + 3000).map(|n| mixed(n * 3)).chain([i64::MIN, i64::MAX, 0]).collect();
            published.hold(vec![segment]);
            let found = look(&published, numbers(asked.iter().copied()));
            let expected: Vec<(u64, u64)> = asked
                .iter()
                .enumerate()
                .filter_map(|(row, key)| Some((row as u64, sorted.binary_search(key).ok()? as u64)))
                .collect();
            assert_eq!(found, expected, "{count} keys");
        }
    }
}

#[test]
fn the_largest_key_is_a_key_like_others() {
    let folder = Folder::new("largest");
    let kind = DataType::FixedSizeBinary(16);
    let published = published(&kind, Nulls::Distinct);
    let of = |values: &[[u8; 16]]| -> ArrayRef {
        let values = values.iter();
        Arc::new(arrow_array::FixedSizeBinaryArray::try_from_iter(values).unwrap())
    };
    let path = folder.0.join("s");
    write(&published, &[of(&[[255; 16], [0; 16], [7; 16]])], &path, None);
    published.hold(vec![Segment::open(&path, ID).unwrap()]);
    let found = look(&published, of(&[[255; 16], [254; 16], [0; 16], [255; 16]]));
    assert_eq!(found, [(0, 2), (2, 0), (3, 2)]);
}

#[test]
fn a_key_is_found_in_one_place_only_and_null_where_null_is_a_key() {
    let folder = Folder::new("places");
    let published = published(&DataType::Int64, Nulls::Equal);
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(5), Some(6)]));
    let (one, two) = (folder.0.join("1"), folder.0.join("2"));
    write(&published, &[numbers([4, 5])], &one, None);
    published.hold(vec![Segment::open(&one, ID).unwrap()]);
    assert_eq!(look(&published, Arc::clone(&nulls)), [(1, 1)]);
    write(&published, &[Arc::clone(&nulls)], &two, None);
    published.hold([&one, &two].map(|path| Segment::open(path, ID).unwrap()).into());
    assert_eq!(look(&published, nulls), [(0, NULL), (1, 1), (2, 3)]);
}

#[test]
fn merged_segments_hold_the_keys_and_the_files_of_all() {
    let folder = Folder::new("merged");
    let published = published(&DataType::Int64, Nulls::Equal);
    let paths: Vec<PathBuf> = (0..4).map(|n| folder.0.join(n.to_string())).collect();
    for (at, path) in paths[..3].iter().enumerate() {
        write(&published, &[numbers((0..5000).map(|n| n * (at as i64 + 1)))], path, None);
    }
    let open =
        || paths[..3].iter().map(|path| Segment::open(path, ID).unwrap()).collect::<Vec<_>>();
    merge(&paths[3], ID, &open()).unwrap();
    let merged = Segment::open(&paths[3], ID).unwrap();
    assert_eq!(merged.files().len(), 3);
    let all: BTreeSet<i64> = (1..4).flat_map(|k| (0..5000).map(move |n| n * k)).collect();
    assert_eq!(merged.keys(), all.len() as u64);
    published.hold(vec![merged]);
    assert_eq!(look(&published, numbers(0..15_000)).len(), all.len());
    let alone = folder.0.join("alone");
    write(&published, &[numbers([-1, 14_999])], &alone, None);
    let alone = Segment::open(&alone, ID).unwrap();
    assert!(disjoint(&alone, &open()).unwrap());
    assert!(!disjoint(&open()[0], &open()[1..]).unwrap());
}

#[test]
fn a_file_that_is_cut_flipped_or_of_other_keys_is_no_segment() {
    let folder = Folder::new("torn");
    let published = published(&DataType::Int64, Nulls::Distinct);
    let path = folder.0.join("s");
    write(&published, &[numbers((0..5000).map(|n| n * 7))], &path, None);
    assert!(Segment::open(&path, "other keys").is_none());
    assert!(Segment::open(&folder.0.join("absent"), ID).is_none());
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(199).chain(whole.len() - 300..whole.len()) {
        std::fs::write(&path, &whole[..at]).unwrap();
        assert!(Segment::open(&path, ID).is_none(), "cut at {at}");
        let mut flipped = whole.clone();
        flipped[at] ^= 4;
        std::fs::write(&path, &flipped).unwrap();
        let Some(segment) = Segment::open(&path, ID) else {
            assert!(at >= 40_000, "only the table is read to open it");
            continue;
        };
        assert!(at < 40_000, "keys are proved when they are read");
        let sorted: Vec<(u128, ())> =
            segment.all(0).map_while(Result::ok).map(|k| (k, ())).collect();
        assert!(sorted.len() < 5000, "the flipped block is not handed on");
        published.hold(vec![segment]);
        let (block, entries) = block(&published, numbers((0..5000).map(|n| n * 7)), 0);
        let found = published.look(&Probe::new(std::iter::once((0, &entries))), &[&block]);
        assert!(found.damaged.contains(&0) && found.doubts.is_empty());
    }
}

#[test]
fn fingerprints_are_proved_by_the_rows_of_the_table() {
    let folder = Folder::new("proof");
    let published = published(&DataType::Utf8, Nulls::Distinct);
    let long = |n: usize| format!("a key that is too long to be packed into two words {n}");
    let texts = |numbers: &[usize]| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(numbers.iter().map(|n| long(*n))))
    };
    let path = folder.0.join("s");
    write(&published, &[texts(&[1, 2, 3])], &path, None);
    published.hold(vec![Segment::open(&path, ID).unwrap()]);
    let asked = texts(&[9, 3, 1, 3]);
    let (own, entries) = block(&published, Arc::clone(&asked), 0);
    let probe = Probe::new(std::iter::once((0, &entries)));
    let found = published.look(&probe, &[&own]);
    assert!(found.hits.is_empty() && found.doubts.contains(&0), "never by the fingerprint alone");
    // The table holds 3 and not 1, whatever the index says.
    let schema = Arc::new(Schema::new(vec![Field::new("k", DataType::Utf8, true)]));
    let batch = arrow_array::RecordBatch::try_new(schema, vec![texts(&[7, 3])]).unwrap();
    published.prove(&crate::import::Incoming::of(&batch).unwrap()).unwrap();
    published.proved();
    let hits = look(&published, asked);
    assert_eq!(hits.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(hits[0].1, hits[1].1, "one key has one place");
}

#[test]
fn a_budget_without_a_folder_is_an_error() {
    let published = published(&DataType::Int64, Nulls::Distinct);
    let mut keys = Gather::new(Some(100), None);
    let error = keys.take(&block(&published, numbers(0..100), 0).1, None).unwrap_err();
    assert_eq!(error.code, Code::Memory);
}
