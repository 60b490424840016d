//! How a segment lies on disk: blocks of sorted keys, then a table of the blocks, then what the
//! segment says of itself, then a tail of fixed length that proves the table and the rest.
//!
//! Every block has its own checksum in the table, so only what is looked at has to be read.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::entries::Sections;
use super::WIDTHS;
use crate::error::{Code, Error, Result};

/// Bytes of a block; the last of a section may be shorter.
pub(crate) const BLOCK: usize = 1 << 14;
const MAGIC: [u8; 8] = *b"mgkeys1\n";
/// Length of the table and of the description, their hash, the magic.
const TAIL: usize = 8 + 8 + 32 + 8;
/// Bytes of a block in the table: its first key and its checksum.
const FENCE: usize = 16 + 8;

/// What a segment says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    /// What the keys are: columns, types, meaning of null, table.
    pub(crate) identity: String,
    /// The data files whose keys it holds.
    pub(crate) files: Vec<String>,
    /// Whether one of the keys is null, where null equals null.
    pub(crate) null: bool,
    /// Keys by section.
    pub(crate) counts: Sections<u64>,
}

/// The blocks of one section.
#[derive(Debug, Default)]
pub(crate) struct Fences {
    /// Where the first block begins.
    pub(crate) start: u64,
    pub(crate) count: u64,
    /// The first key of every block.
    pub(crate) firsts: Vec<u128>,
    pub(crate) last: u128,
    pub(crate) sums: Vec<[u8; 8]>,
}

/// A checksum that tells a torn or a flipped block from a sound one.
pub(crate) fn sum(block: &[u8]) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::digest(block).into();
    let mut sum = [0; 8];
    sum.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    sum
}

pub(crate) fn failed(what: &str, error: &io::Error) -> Error {
    // The kind says enough; the system's text may name paths.
    Error::new(Code::KeyIndex, format!("the index of keys cannot be {what} ({:?})", error.kind()))
        .help("make room beside the product's table, or look at its permissions")
}

/// Writes one segment from front to back. Nothing is durable before the caller syncs the file.
#[derive(Debug)]
pub(crate) struct Writer {
    file: io::BufWriter<File>,
    at: u64,
    sections: Vec<Fences>,
}

impl Writer {
    /// A new file; nobody but its owner can read it.
    ///
    /// # Errors
    /// [`Code::KeyIndex`] if there is one or the folder refuses.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|error| failed("written", &error))?;
        Ok(Self { file: io::BufWriter::with_capacity(1 << 20, file), at: 0, sections: Vec::new() })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.at += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| failed("written", &error))
    }

    /// The next section: keys that increase strictly.
    ///
    /// # Errors
    /// [`Code::KeyIndex`], and those of the keys.
    pub(crate) fn section(&mut self, keys: impl Iterator<Item = Result<u128>>) -> Result<()> {
        let width = WIDTHS.get(self.sections.len()).copied();
        let width = width.ok_or_else(|| Error::internal("an index has a section too many"))?;
        let mut fences = Fences { start: self.at, ..Fences::default() };
        let mut block = Vec::with_capacity(BLOCK);
        for key in keys {
            let key = key?;
            if block.is_empty() {
                fences.firsts.push(key);
            }
            block.extend(key.to_le_bytes().into_iter().take(width));
            fences.count += 1;
            fences.last = key;
            if block.len() == BLOCK {
                fences.sums.push(sum(&block));
                self.put(&block)?;
                block.clear();
            }
        }
        if !block.is_empty() {
            fences.sums.push(sum(&block));
            self.put(&block)?;
        }
        self.sections.push(fences);
        Ok(())
    }

    /// Ends the file with its table and what it says of itself; the counts are filled in here.
    ///
    /// # Errors
    /// [`Code::KeyIndex`]
    pub(crate) fn finish(mut self, mut description: Description) -> Result<()> {
        let mut table = Vec::new();
        for (fences, count) in self.sections.iter().zip(&mut description.counts) {
            *count = fences.count;
            table.extend(fences.start.to_le_bytes());
            table.extend(fences.last.to_le_bytes());
            for (first, sum) in fences.firsts.iter().zip(&fences.sums) {
                table.extend(first.to_le_bytes());
                table.extend(sum);
            }
        }
        // Text and numbers always serialise.
        let said = serde_json::to_vec(&description).unwrap_or_default();
        let mut tail = Vec::with_capacity(TAIL);
        tail.extend((table.len() as u64).to_le_bytes());
        tail.extend((said.len() as u64).to_le_bytes());
        let hash = Sha256::new().chain_update(&table).chain_update(&said).chain_update(&tail);
        tail.extend(hash.finalize());
        tail.extend(MAGIC);
        for bytes in [&table, &said, &tail] {
            self.put(bytes)?;
        }
        self.file.flush().map_err(|error| failed("written", &error))
    }
}

/// The description and the blocks of a segment; `None` if the file is not a whole one.
pub(crate) fn read(file: &File) -> Option<(Description, Sections<Fences>)> {
    let length = file.metadata().ok()?.len();
    let tail = bytes(file, length.checked_sub(TAIL as u64)?, TAIL)?;
    let (lengths, rest) = tail.split_at_checked(16)?;
    let (hash, magic) = rest.split_at_checked(32)?;
    if magic != MAGIC {
        return None;
    }
    let [table, said] = [0, 1].map(|at| lengths.as_chunks().0.get(at).copied());
    let (table, said) = (u64::from_le_bytes(table?), u64::from_le_bytes(said?));
    let size = table.checked_add(said)?;
    let start = length.checked_sub(TAIL as u64)?.checked_sub(size)?;
    let both = bytes(file, start, usize::try_from(size).ok()?)?;
    let found = Sha256::new().chain_update(&both).chain_update(lengths).finalize();
    if found.as_slice() != hash {
        return None;
    }
    let (mut table, said) = both.split_at_checked(usize::try_from(table).ok()?)?;
    let said: Description = serde_json::from_slice(said).ok()?;
    let mut sections = Sections::<Fences>::default();
    let mut end = 0;
    for ((fences, count), width) in sections.iter_mut().zip(said.counts).zip(WIDTHS) {
        fences.start = u64::from_le_bytes(take(&mut table)?);
        fences.last = u128::from_le_bytes(take(&mut table)?);
        fences.count = count;
        let size = count.checked_mul(width as u64)?;
        for _ in 0..size.div_ceil(BLOCK as u64) {
            fences.firsts.push(u128::from_le_bytes(take(&mut table)?));
            fences.sums.push(take(&mut table)?);
        }
        if fences.start != end {
            return None;
        }
        end = fences.start.checked_add(size)?;
    }
    (table.is_empty() && end == start).then_some((said, sections))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn bytes(file: &File, at: u64, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    file.read_exact_at(&mut bytes, at).ok()?;
    Some(bytes)
}

/// Bytes of the table that this many keys take, for budgets.
pub(crate) fn table_bytes(keys: u64, width: usize) -> u64 {
    (keys * width as u64).div_ceil(BLOCK as u64) * FENCE as u64
}
