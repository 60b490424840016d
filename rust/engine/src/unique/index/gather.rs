//! Keys on their way into a segment: in memory, and in sorted runs on disk above the budget.

use std::path::Path;

use super::entries::{Entries, Sections};
use super::file::{Description, Writer};
use super::merge::{Keys, Merged};
use super::WIDTHS;
use crate::error::{Error, Result};
use crate::kernels::bits;
use crate::unique::budget::full;
use crate::unique::spill::{Disk, SpillFile};

/// Bytes of a run that are read back at once.
const READ: usize = 1 << 16;

/// The keys of some rows, in any order.
#[derive(Debug)]
pub(crate) struct Gather {
    keys: Sections<Vec<u128>>,
    runs: Sections<Vec<Run>>,
    null: bool,
    limit: usize,
    file: Option<SpillFile>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    start: u64,
    bytes: usize,
}

impl Gather {
    /// Nothing yet; no limit of memory if there is none.
    pub(crate) fn new(memory_bytes: Option<usize>, disk: Option<&Disk>) -> Self {
        Self {
            keys: Sections::default(),
            runs: Sections::default(),
            null: false,
            limit: memory_bytes.unwrap_or(usize::MAX),
            file: disk.map(SpillFile::new),
        }
    }

    /// Takes the keys of a piece but for the rows of `except`.
    ///
    /// # Errors
    /// `limit.memory` above the budget without a spill folder, `limit.spill` if that fails.
    pub(crate) fn take(&mut self, entries: &Entries, except: Option<&[u64]>) -> Result<()> {
        let kept = |row: u32| except.is_none_or(|bits| !bits::get(bits, row as usize));
        self.null |= entries.nulls.iter().any(|row| kept(*row));
        for (keys, new) in self.keys.iter_mut().zip(&entries.keys) {
            keys.extend(new.iter().filter(|(_, row)| kept(*row)).map(|(key, _)| *key));
        }
        let held: usize = self.keys.iter().map(|keys| keys.capacity() * size_of::<u128>()).sum();
        if held > self.limit {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        let file = self.file.as_ref().ok_or_else(full)?;
        for ((keys, runs), width) in self.keys.iter_mut().zip(&mut self.runs).zip(WIDTHS) {
            if keys.is_empty() {
                continue;
            }
            sort(keys);
            let bytes: Vec<u8> =
                keys.iter().flat_map(|key| key.to_le_bytes().into_iter().take(width)).collect();
            runs.push(Run { start: file.write(&bytes)?, bytes: bytes.len() });
            *keys = Vec::new();
        }
        Ok(())
    }

    /// Writes the distinct keys as a segment; after an error there is no file.
    ///
    /// # Errors
    /// `limit.key_index`, `limit.spill`.
    pub(crate) fn write(self, path: &Path, identity: &str, files: Vec<String>) -> Result<()> {
        let written = self.write_all(path, identity, files);
        if written.is_err() {
            // The error that matters is the one above.
            let _ = std::fs::remove_file(path);
        }
        written
    }

    fn write_all(mut self, path: &Path, identity: &str, files: Vec<String>) -> Result<()> {
        let mut writer = Writer::new(path)?;
        for ((keys, runs), width) in self.keys.iter_mut().zip(&self.runs).zip(WIDTHS) {
            sort(keys);
            let mut sources: Vec<Keys<'_>> = vec![Box::new(keys.iter().map(|key| Ok(*key)))];
            for run in runs {
                let file = self.file.as_ref();
                let file = file.ok_or_else(|| Error::internal("runs of keys have no file"))?;
                sources.push(Box::new(back(file, *run, width)));
            }
            writer.section(Merged::new(sources)?)?;
        }
        let counts = Sections::default();
        let identity = identity.to_owned();
        writer.finish(Description { identity, files, null: self.null, counts })
    }
}

fn sort(keys: &mut Vec<u128>) {
    keys.sort_unstable();
    keys.dedup();
}

/// The keys of one run.
fn back(file: &SpillFile, run: Run, width: usize) -> impl Iterator<Item = Result<u128>> + '_ {
    let chunks = (0..run.bytes).step_by(READ);
    chunks.flat_map(move |at| match file.read(run.start + at as u64, READ.min(run.bytes - at)) {
        Ok(bytes) => bytes.chunks_exact(width).map(|key| Ok(number(key))).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    })
}

/// The key that these bytes are.
pub(crate) fn number(bytes: &[u8]) -> u128 {
    let mut key = [0; 16];
    key.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u128::from_le_bytes(key)
}
