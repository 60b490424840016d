//! Wide keys whose fingerprints repeat: they are compared in full before anybody hears of it.
//!
//! Their rows are known from the fingerprints; their bytes come from the source, read again, or
//! from a log of all wide keys where the source can be read only once.

use super::block::{KeyBlock, Texts};
use super::outcome::Tally;
use super::resident::Resident;
use super::rowset::RowSet;
use super::seed::Seed;
use super::spill::{Disk, SpillFile};
use crate::error::{Code, Error, Result};
use crate::kernels::bits;

/// Bytes of a record of the log; a longer key has one to itself.
const RECORD: usize = 1 << 18;

/// The bytes of all wide keys, in row order.
#[derive(Debug)]
pub(crate) struct TextLog {
    seed: Seed,
    file: Option<SpillFile>,
    records: Vec<Record>,
    bytes: usize,
}

/// Keys of following rows: base row, count, then a row and a length each, then their bytes.
#[derive(Debug)]
enum Record {
    Memory(Vec<u8>),
    Disk(u64, usize),
}

impl TextLog {
    pub(crate) fn new(seed: &Seed, disk: Option<&Disk>) -> Self {
        let file = disk.map(SpillFile::new);
        Self { seed: seed.clone(), file, records: Vec::new(), bytes: 0 }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes on disk.
    pub(crate) fn spilled_bytes(&self) -> u64 {
        self.file.as_ref().map_or(0, SpillFile::written)
    }

    /// Appends the wide keys of a piece.
    pub(crate) fn push(&mut self, base_row: u64, texts: &Texts) {
        let keys = texts.prints.keys.len();
        let row = |at: usize| texts.prints.rows.as_ref().map_or(at as u32, |rows| rows[at]);
        let mut start = 0;
        while start < keys {
            let mut size = 0;
            let long = |at: &usize| {
                size += texts.key(*at).len();
                size > RECORD
            };
            let end = (start..keys).find(long).unwrap_or(keys).max(start + 1);
            let mut record = Vec::with_capacity(16 + (end - start) * 12 + size.min(2 * RECORD));
            let first = row(start);
            record.extend_from_slice(&(base_row + u64::from(first)).to_le_bytes());
            record.extend_from_slice(&((end - start) as u64).to_le_bytes());
            for at in start..end {
                record.extend_from_slice(&(row(at) - first).to_le_bytes());
                record.extend_from_slice(&(texts.key(at).len() as u64).to_le_bytes());
            }
            (start..end).for_each(|at| record.extend_from_slice(texts.key(at)));
            self.bytes += record.capacity() + size_of::<Record>();
            self.records.push(Record::Memory(record));
            start = end;
        }
    }

    /// Moves everything to disk.
    ///
    /// # Errors
    /// [`Code::Spill`] if the folder fails.
    pub(crate) fn spill(&mut self) -> Result<()> {
        let file = self.file.as_ref().ok_or_else(super::budget::full)?;
        for record in &mut self.records {
            if let Record::Memory(bytes) = record {
                *record = Record::Disk(file.write(bytes)?, bytes.len());
            }
        }
        self.bytes = self.records.len() * size_of::<Record>();
        Ok(())
    }

    /// Hands on all keys, in row order.
    fn visit(&self, mut see: impl FnMut(KeyBlock) -> Result<()>) -> Result<()> {
        for record in &self.records {
            let read;
            let bytes = match record {
                Record::Memory(bytes) => bytes,
                Record::Disk(offset, length) => {
                    let file = self.file.as_ref();
                    let file = file.ok_or_else(|| Error::internal("keys have no file"))?;
                    read = file.read(*offset, *length)?;
                    &read
                }
            };
            see(self.block(bytes).ok_or_else(|| Error::internal("a record is too short"))?)?;
        }
        Ok(())
    }

    fn block(&self, record: &[u8]) -> Option<KeyBlock> {
        let word = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_le_bytes);
        let (head, rest) = record.split_at_checked(16)?;
        let (base_row, count) = (word(&head[..8])?, word(&head[8..])? as usize);
        let (index, mut bytes) = rest.split_at_checked(count.checked_mul(12)?)?;
        let mut texts = Texts::default();
        let mut rows = Vec::with_capacity(count);
        for entry in index.as_chunks::<12>().0 {
            rows.push(u32::from_le_bytes(entry[..4].try_into().ok()?));
            let (key, rest) = bytes.split_at_checked(word(&entry[4..])? as usize)?;
            texts.push(self.seed.fingerprint(key), key);
            bytes = rest;
        }
        let length = rows.last().map_or(0, |row| *row as usize + 1);
        texts.prints.rows = Some(rows);
        Some(KeyBlock::of_texts(base_row, length, texts))
    }
}

/// Wide keys that may repeat.
#[derive(Debug)]
pub(crate) struct Suspects {
    seed: Seed,
    /// The rows of all keys whose fingerprint repeats.
    rows: RowSet,
    /// What that would mean, and the rows beyond the first of their fingerprint.
    supposed: (Tally, RowSet),
    /// Those beyond the first of their key.
    repeats: RowSet,
    compared: Resident,
    /// Whether there was no memory to compare them.
    given_up: bool,
    seen: u64,
    /// Of all wide keys, as the first look and as the second saw them.
    checksums: (u64, u64),
}

impl Suspects {
    /// Keys of these rows; `memory_bytes` is for those among them that differ.
    pub(crate) fn new(
        seed: &Seed,
        rows: RowSet,
        supposed: (Tally, RowSet),
        repeats: RowSet,
        memory_bytes: Option<usize>,
        checksum: u64,
    ) -> Self {
        let compared = Resident::new(seed, memory_bytes);
        let (seed, checksums) = (seed.clone(), (checksum, 0));
        Self { seed, rows, supposed, repeats, compared, given_up: false, seen: 0, checksums }
    }

    /// Compares all keys of the log.
    ///
    /// # Errors
    /// [`Code::Spill`] if they cannot be read back.
    pub(crate) fn look_up(&mut self, log: &TextLog) -> Result<()> {
        log.visit(|block| self.compare(&block))
    }

    /// Compares the wide keys of a piece; pieces come in row order.
    ///
    /// # Errors
    /// [`Code::Spill`] if rows cannot be read back.
    pub(crate) fn compare(&mut self, block: &KeyBlock) -> Result<()> {
        let base = block.base_row;
        let checksum = block.wide_checksum(&self.seed);
        self.checksums.1 = self.checksums.1.wrapping_add(checksum);
        let (texts, mut chosen, mut at) = (&block.wide, Texts::default(), 0);
        let rows = texts.prints.rows.as_deref();
        let row = |at: usize| rows.map_or(at, |rows| rows[at] as usize);
        let mut kept = Vec::new();
        self.rows.within(base..base + block.rows as u64, |wanted| {
            while at < texts.ends.len() && row(at) < wanted {
                at += 1;
            }
            if at < texts.ends.len() && row(at) == wanted {
                chosen.push(texts.prints.keys[at], texts.key(at));
                kept.push(wanted as u32);
            }
        })?;
        self.seen += kept.len() as u64;
        if kept.is_empty() || self.given_up {
            return Ok(());
        }
        chosen.prints.rows = Some(kept);
        match self.compared.absorb(vec![KeyBlock::of_texts(base, block.rows, chosen)], 1) {
            Ok(found) => found.iter().try_for_each(|repeats| {
                let rows = bits::ones_of(&repeats.words).map(|row| base + row as u64);
                self.repeats.extend(&mut rows.collect::<Vec<u64>>())
            }),
            Err(error) if error.code == Code::Memory => {
                self.given_up = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// What repeats, the rows beyond the first of their key, and whether keys were compared in
    /// full. If there was no second look, or no memory for it, it is what the fingerprints say.
    ///
    /// # Errors
    /// [`Code::SourceChanged`] if the second look saw other keys than the first.
    pub(crate) fn finish(self) -> Result<(Tally, RowSet, bool)> {
        let (tally, surplus) = self.supposed;
        if self.given_up || self.seen == 0 {
            return Ok((tally, surplus, false));
        }
        if self.checksums.0 != self.checksums.1 {
            return Err(changed());
        }
        Ok((self.compared.into_tally()?, self.repeats, true))
    }
}

/// The second look at a source did not show what the first one did.
pub(crate) fn changed() -> Error {
    Error::new(Code::SourceChanged, "the data was read twice and had other rows the second time")
        .help("nothing may write to it meanwhile; or pass a copy")
}
