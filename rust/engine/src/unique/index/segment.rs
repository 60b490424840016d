//! One immutable file of keys, opened to be searched.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::entries::Sections;
use super::file::{self, Description, Fences, Writer, BLOCK};
use super::gather::number;
use super::merge::{Keys, Merged};
use super::{SECTIONS, WIDTHS};
use crate::error::{Code, Error, Result};

/// Keys looked up at once when two segments are compared.
const CHUNK: usize = 1 << 16;

/// A segment. Blocks are read when they are needed and proved when they are read for the first time.
#[derive(Debug)]
pub struct Segment {
    file: File,
    said: Description,
    sections: Sections<Fences>,
    /// Blocks that were proved, by section.
    proved: Sections<Vec<AtomicU64>>,
}

impl Segment {
    /// Opens a segment; `None` if the file is missing, cut off, of another format, or holds other keys
    /// than `identity` says.
    pub fn open(path: &Path, identity: &str) -> Option<Self> {
        let file = File::open(path).ok()?;
        let (said, sections) = file::read(&file)?;
        if said.identity != identity {
            return None;
        }
        let bitmap = |fences: &Fences| {
            (0..fences.sums.len().div_ceil(64)).map(|_| AtomicU64::new(0)).collect()
        };
        let proved = sections.each_ref().map(bitmap);
        Some(Self { file, said, sections, proved })
    }

    /// The data files whose keys it holds.
    pub fn files(&self) -> &[String] {
        &self.said.files
    }

    /// How many keys it holds.
    pub fn keys(&self) -> u64 {
        self.said.counts.iter().sum()
    }

    pub(crate) fn null(&self) -> bool {
        self.said.null
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> u64 {
        self.said.counts.iter().zip(WIDTHS).map(|(n, width)| file::table_bytes(*n, width)).sum()
    }

    /// Looks sorted keys of one section up; `hit` is told which of them are here, and where.
    ///
    /// # Errors
    /// `limit.key_index` for a block that cannot be read or is not what was written.
    pub(crate) fn probe<T>(
        &self,
        section: usize,
        sorted: &[(u128, T)],
        mut hit: impl FnMut(usize, u64),
    ) -> Result<()> {
        let (fences, width) = self.section(section)?;
        let before: u64 = self.said.counts.iter().take(section).sum();
        let (mut at, mut bytes) = (0, Vec::new());
        while let Some((key, _)) = sorted.get(at) {
            if fences.count == 0 || *key > fences.last {
                return Ok(());
            }
            let Some(block) = fences.firsts.partition_point(|first| first <= key).checked_sub(1)
            else {
                let first = fences.firsts.first().copied().unwrap_or_default();
                at += sorted.get(at..).unwrap_or_default().partition_point(|(key, _)| *key < first);
                continue;
            };
            let end = fences.firsts.get(block + 1).copied().unwrap_or(u128::MAX);
            self.block(section, block, &mut bytes)?;
            let here: &[u8] = &bytes;
            let count = here.len() / width;
            let own =
                |place: usize| here.get(place * width..).map_or(0, |key| number(&key[..width]));
            let mut low = 0;
            while let Some((key, _)) =
                sorted.get(at).filter(|(key, _)| *key < end || end == u128::MAX)
            {
                low += search(count - low, |place| own(low + place) < *key);
                if low == count {
                    // The rest of this block's share is larger than its last key.
                    let rest = sorted.get(at..).unwrap_or_default();
                    at += match end {
                        u128::MAX => rest.len(),
                        end => rest.partition_point(|(key, _)| *key < end),
                    };
                    break;
                }
                if own(low) == *key {
                    hit(at, before + (block * (BLOCK / width) + low) as u64);
                }
                at += 1;
            }
        }
        Ok(())
    }

    fn section(&self, section: usize) -> Result<(&Fences, usize)> {
        let both = self.sections.get(section).zip(WIDTHS.get(section));
        both.map(|(fences, width)| (fences, *width))
            .ok_or_else(|| Error::internal("an index has no such section"))
    }

    /// Reads one block.
    fn block(&self, section: usize, block: usize, bytes: &mut Vec<u8>) -> Result<()> {
        let (fences, width) = self.section(section)?;
        let size = (fences.count as usize * width - block * BLOCK).min(BLOCK);
        bytes.resize(size, 0);
        let read = self.file.read_exact_at(bytes, fences.start + (block * BLOCK) as u64);
        read.map_err(|error| file::failed("read", &error))?;
        let word = self.proved.get(section).and_then(|words| words.get(block / 64));
        let bit = 1 << (block % 64);
        if word.is_some_and(|word| word.load(Ordering::Relaxed) & bit != 0) {
            return Ok(());
        }
        if fences.sums.get(block) != Some(&file::sum(bytes)) {
            return Err(Error::new(Code::KeyIndex, "a block of the index of keys is damaged"));
        }
        if let Some(word) = word {
            word.fetch_or(bit, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether every block is what was written.
    pub fn whole(&self) -> bool {
        (0..SECTIONS).all(|section| self.all(section).all(|key| key.is_ok()))
    }

    /// All keys of a section, in their order.
    pub(crate) fn all(&self, section: usize) -> impl Iterator<Item = Result<u128>> + '_ {
        let blocks = self.sections.get(section).map_or(0, |fences| fences.firsts.len());
        (0..blocks).flat_map(move |block| {
            let mut bytes = Vec::new();
            let width = WIDTHS.get(section).copied().unwrap_or(16);
            match self.block(section, block, &mut bytes) {
                Ok(()) => bytes.chunks_exact(width).map(|key| Ok(number(key))).collect::<Vec<_>>(),
                Err(error) => vec![Err(error)],
            }
        })
    }
}

/// The first place for which `before` does not hold any more, looked for with growing steps: the
/// next key is seldom far away.
fn search(count: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut step) = (0, 1);
    while low + step <= count && before(low + step - 1) {
        low += step;
        step *= 2;
    }
    let mut high = (low + step - 1).min(count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Writes the keys of several segments as one, which covers the data files of all. Says which of them
/// are damaged; if there are any, nothing is written.
///
/// # Errors
/// `limit.key_index`
pub fn merge(path: &Path, identity: &str, segments: &[Segment]) -> Result<Vec<usize>> {
    let merged = write(path, identity, segments);
    if merged.is_ok() {
        return Ok(Vec::new());
    }
    // What was begun is of no use to anybody, and the error that matters is the one above.
    let _ = std::fs::remove_file(path);
    let damaged = (0..segments.len()).filter(|at| segments.get(*at).is_some_and(|s| !s.whole()));
    let damaged: Vec<usize> = damaged.collect();
    if damaged.is_empty() {
        merged?;
    }
    Ok(damaged)
}

fn write(path: &Path, identity: &str, segments: &[Segment]) -> Result<()> {
    let mut writer = Writer::new(path)?;
    for section in 0..SECTIONS {
        let sources = segments.iter().map(|s| Box::new(s.all(section)) as Keys<'_>);
        writer.section(Merged::new(sources.collect())?)?;
    }
    let files = segments.iter().flat_map(|segment| segment.files().iter().cloned()).collect();
    let null = segments.iter().any(Segment::null);
    let (identity, counts) = (identity.to_owned(), Sections::default());
    writer.finish(Description { identity, files, null, counts })
}

/// Whether no key of `ours` is in any of the others; wide keys by their fingerprints.
///
/// # Errors
/// `limit.key_index`
pub fn disjoint(ours: &Segment, others: &[Segment]) -> Result<bool> {
    if ours.null() && others.iter().any(Segment::null) {
        return Ok(false);
    }
    for section in 0..SECTIONS {
        let mut keys = ours.all(section);
        loop {
            let some: Vec<(u128, ())> =
                keys.by_ref().take(CHUNK).map(|key| Ok((key?, ()))).collect::<Result<_>>()?;
            if some.is_empty() {
                break;
            }
            for other in others {
                let mut met = false;
                other.probe(section, &some, |_, _| met = true)?;
                if met {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}
