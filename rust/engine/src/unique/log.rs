//! Keys as they came: appended, not looked at until the end.

use super::budget::full;
use super::key::Key;
use super::spill::SpillFile;
use crate::error::{Error, Result};
use crate::kernels::slab::Slab;

/// Keys of consecutive rows are joined up to this many.
const JOINED: usize = 1 << 17;

/// Which rows keys belong to, relative to the ordinal of row 0 of their piece.
#[derive(Debug, Clone)]
pub(crate) enum RowMap {
    /// Key `i` is row `i`.
    All,
    /// As listed.
    List(Vec<u32>),
    /// The rows whose bits are set.
    Bits(Vec<u64>),
}

impl RowMap {
    /// The smaller of the two forms; `None` means all rows.
    pub(crate) fn new(rows: Option<Vec<u32>>) -> Self {
        let Some(rows) = rows else { return Self::All };
        let words = rows.last().map_or(0, |last| *last as usize / 64 + 1);
        if rows.len() * 4 <= words * 8 {
            return Self::List(rows);
        }
        let mut bits = vec![0u64; words];
        for row in &rows {
            bits[*row as usize / 64] |= 1 << (row % 64);
        }
        Self::Bits(bits)
    }

    /// Bytes beside the value itself.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::All => 0,
            Self::List(rows) => rows.len() * 4,
            Self::Bits(words) => words.len() * 8,
        }
    }

    /// The rows of so many keys.
    pub(crate) fn rows(&self, keys: usize) -> Rows<'_> {
        match self {
            Self::All => Rows::All(keys),
            Self::List(rows) => Rows::List(rows),
            Self::Bits(words) => Rows::Bits(words),
        }
    }
}

/// A view of rows, in ascending order except in lists taken from partitions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'a> {
    All(usize),
    List(&'a [u32]),
    Bits(&'a [u64]),
}

impl<'a> Rows<'a> {
    /// A bound of the rows, above or equal to the greatest.
    pub(crate) fn extent(&self) -> u64 {
        match self {
            Self::All(keys) => *keys as u64,
            Self::List(rows) => u64::from(rows.iter().copied().max().unwrap_or(0)),
            Self::Bits(words) => words.len() as u64 * 64,
        }
    }

    pub(crate) fn iter(&self) -> RowIter<'a> {
        match *self {
            Self::All(keys) => RowIter::All(0..keys as u32),
            Self::List(rows) => RowIter::List(rows.iter()),
            Self::Bits(words) => RowIter::Bits { words, at: 0, word: 0 },
        }
    }
}

/// Rows one by one.
#[derive(Debug)]
pub(crate) enum RowIter<'a> {
    All(std::ops::Range<u32>),
    List(std::slice::Iter<'a, u32>),
    Bits { words: &'a [u64], at: usize, word: u64 },
}

impl RowIter<'_> {
    /// The next rows as a range, if they are one.
    pub(crate) fn plain_range(&mut self, count: usize) -> Option<std::ops::Range<u32>> {
        let Self::All(rows) = self else { return None };
        let start = rows.start;
        rows.start += count as u32;
        Some(start..rows.start)
    }
}

impl Iterator for RowIter<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        match self {
            Self::All(rows) => rows.next(),
            Self::List(rows) => rows.next().copied(),
            Self::Bits { words, at, word } => {
                while *word == 0 {
                    *word = *words.get(*at)?;
                    *at += 1;
                }
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                Some((*at as u32 - 1) * 64 + bit)
            }
        }
    }
}

/// Keys of one piece, or of several that follow each other.
#[derive(Debug)]
pub(crate) struct Entry<K> {
    pub(crate) base_row: u64,
    pub(crate) map: RowMap,
    /// Where in the segment, and how many.
    start: usize,
    len: usize,
    /// The least and the greatest key, and whether all increase strictly.
    pub(crate) least: K,
    pub(crate) greatest: K,
    pub(crate) rising: bool,
}

impl<K> Entry<K> {
    /// Keys of this entry.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// A large piece of memory with the keys of many entries, or its image on disk.
#[derive(Debug)]
pub(crate) struct Segment<K: Key> {
    keys: Keys<K>,
    pub(crate) entries: Vec<Entry<K>>,
}

#[derive(Debug)]
enum Keys<K: Key> {
    Memory(Slab<K>, usize),
    Disk(u64, usize),
}

impl<K: Key> Segment<K> {
    /// Keys in this segment.
    pub(crate) fn len(&self) -> usize {
        match &self.keys {
            Keys::Memory(_, len) | Keys::Disk(_, len) => *len,
        }
    }

    fn bytes(&self) -> usize {
        let keys = match &self.keys {
            Keys::Memory(slab, _) => slab.len() * size_of::<K>(),
            Keys::Disk(..) => 0,
        };
        keys + self
            .entries
            .iter()
            .map(|entry| entry.map.bytes() + size_of::<Entry<K>>())
            .sum::<usize>()
    }

    /// Shows the keys of every entry, in the order they came.
    ///
    /// # Errors
    /// Those of `see`, and [`crate::error::Code::Spill`] if keys cannot be read back.
    pub(crate) fn visit(
        &self,
        file: Option<&SpillFile>,
        mut see: impl FnMut(&Entry<K>, &[K]) -> Result<()>,
    ) -> Result<()> {
        let read;
        let keys = match &self.keys {
            Keys::Memory(slab, len) => &slab[..*len],
            Keys::Disk(offset, len) => {
                let file = file.ok_or_else(|| Error::internal("spilled keys have no file"))?;
                let bytes = file.read(*offset, len * K::BYTES)?;
                read = bytes.chunks_exact(K::BYTES).map(K::read).collect::<Vec<K>>();
                &read
            }
        };
        self.entries
            .iter()
            .try_for_each(|entry| see(entry, &keys[entry.start..entry.start + entry.len]))
    }

    fn spill(&mut self, file: &mut SpillFile) -> Result<()> {
        if let Keys::Memory(slab, len) = &self.keys {
            let mut bytes = Vec::with_capacity(len * K::BYTES);
            slab[..*len].iter().for_each(|key| key.write(&mut bytes));
            self.keys = Keys::Disk(file.write(&bytes)?, *len);
        }
        Ok(())
    }
}

/// All keys so far, in the order they came.
#[derive(Debug)]
pub(crate) struct Log<K: Key> {
    segments: Vec<Segment<K>>,
    /// Keys that fit into a new segment.
    segment: usize,
    bytes: usize,
}

impl<K: Key> Log<K> {
    /// Segments of so many bytes.
    pub(crate) fn new(segment_bytes: usize) -> Self {
        Self { segments: Vec::new(), segment: (segment_bytes / size_of::<K>()).max(64), bytes: 0 }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Appends the keys of a piece and says which are the least and the greatest.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn push(
        &mut self,
        base_row: u64,
        keys: &[K],
        map: RowMap,
    ) -> Result<Option<(K, K)>> {
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Ok(None) };
        let rising = keys.windows(2).all(|pair| pair[0] < pair[1]);
        let (least, greatest) = if rising {
            (*first, *last)
        } else {
            keys.iter().fold((*first, *first), |(a, b), key| (a.min(*key), b.max(*key)))
        };
        let room = match self.segments.last().map(|segment| &segment.keys) {
            Some(Keys::Memory(slab, len)) => slab.len() - len,
            _ => 0,
        };
        if room < keys.len() {
            // Small streams get small segments: each is twice the one before.
            let before = self.segments.last().map_or(0, Segment::len);
            let size = self.segment.min((before * 2).max(256)).max(keys.len());
            let slab = Slab::zeroed(size, K::default()).ok_or_else(full)?;
            self.bytes += slab.len() * size_of::<K>();
            self.segments.push(Segment { keys: Keys::Memory(slab, 0), entries: Vec::new() });
        }
        let Some(Segment { keys: Keys::Memory(slab, len), entries }) = self.segments.last_mut()
        else {
            return Err(Error::internal("the log has no open segment"));
        };
        let start = *len;
        slab[start..start + keys.len()].copy_from_slice(keys);
        *len += keys.len();
        let joins = |last: &&mut Entry<K>| {
            matches!((&last.map, &map), (RowMap::All, RowMap::All))
                && last.base_row + last.len as u64 == base_row
                && last.len + keys.len() <= JOINED
        };
        if let Some(last) = entries.last_mut().filter(joins) {
            last.len += keys.len();
            last.rising &= rising && last.greatest < least;
            last.least = last.least.min(least);
            last.greatest = last.greatest.max(greatest);
        } else {
            self.bytes += map.bytes() + size_of::<Entry<K>>();
            entries.push(Entry { base_row, map, start, len: keys.len(), least, greatest, rising });
        }
        Ok(Some((least, greatest)))
    }

    /// Takes all segments out.
    pub(crate) fn take(&mut self) -> Vec<Segment<K>> {
        self.bytes = 0;
        std::mem::take(&mut self.segments)
    }

    /// Moves all keys to disk, not what is known about them.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be written.
    pub(crate) fn spill(&mut self, file: &mut SpillFile) -> Result<()> {
        self.segments.iter_mut().try_for_each(|segment| segment.spill(file))?;
        self.bytes = self.segments.iter().map(Segment::bytes).sum();
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

    #[test]
    fn row_maps_give_back_their_rows() {
        let all: Vec<u32> = (0..100).collect();
        assert_eq!(RowMap::new(None).rows(100).iter().collect::<Vec<_>>(), all);
        for rows in [vec![], vec![0], vec![63, 64, 1000], (1..500).step_by(3).collect::<Vec<_>>()] {
            let map = RowMap::new(Some(rows.clone()));
            assert_eq!(map.rows(rows.len()).iter().collect::<Vec<_>>(), rows);
            assert!(map.rows(rows.len()).extent() >= rows.last().map_or(0, |row| u64::from(*row)));
        }
    }

    #[test]
    fn entries_of_following_rows_are_joined() {
        let mut log = Log::<u64>::new(1 << 20);
        log.push(0, &[1, 2], RowMap::All).unwrap();
        log.push(2, &[3], RowMap::All).unwrap();
        log.push(4, &[2], RowMap::All).unwrap();
        log.push(5, &[9, 7], RowMap::new(Some(vec![0, 3]))).unwrap();
        let mut seen = Vec::new();
        for segment in &log.segments {
            let see = |entry: &Entry<u64>, keys: &[u64]| {
                seen.push((
                    entry.base_row,
                    keys.to_vec(),
                    entry.least,
                    entry.greatest,
                    entry.rising,
                ));
                Ok(())
            };
            segment.visit(None, see).unwrap();
        }
        let expected = [
            (0, vec![1, 2, 3], 1, 3, true),
            (4, vec![2], 2, 2, true),
            (5, vec![9, 7], 7, 9, false),
        ];
        assert_eq!(seen, expected);
    }
}
