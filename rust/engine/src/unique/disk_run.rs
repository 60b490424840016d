//! Sorted batches on disk: what each of them has of some neighbouring partitions lies together, so
//! that a group of partitions is read back at once.

use std::ops::Range;

use super::batch::{Share, Sheet, BITS};
use super::key::Key;
use super::rows::RowList;
use super::search::See;
use super::spill::SpillFile;
use crate::error::{Error, Result};

/// Bytes gathered before they are written.
const WRITTEN: usize = 1 << 20;

/// Some sheets on disk, in groups of partitions.
#[derive(Debug)]
pub(crate) struct DiskRun {
    /// Offset and length of each group.
    groups: Vec<(u64, usize)>,
}

/// The partitions of some groups, of which there are 2^`bits`.
pub(crate) fn partitions(groups: Range<usize>, bits: u32) -> Range<usize> {
    groups.start << (BITS - bits)..groups.end << (BITS - bits)
}

impl DiskRun {
    /// Writes all sheets, in 2^`bits` groups.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be written.
    pub(crate) fn write<K: Key>(file: &SpillFile, sheets: &[Sheet<K>], bits: u32) -> Result<Self> {
        let mut groups = Vec::with_capacity(1 << bits);
        let (mut bytes, mut waiting) = (Vec::new(), 0);
        for group in 0..1 << bits {
            let start = bytes.len();
            let here = partitions(group..group + 1, bits);
            for share in sheets.iter().flat_map(|sheet| sheet.shares(here.clone())) {
                if share.keys.is_empty() {
                    continue;
                }
                bytes.extend_from_slice(&share.base.to_le_bytes());
                bytes.extend_from_slice(&(share.keys.len() as u64).to_le_bytes());
                share.keys.iter().for_each(|key| key.write(&mut bytes));
                let rows = (0..share.keys.len()).map(|at| share.rows.get(at));
                bytes.extend(rows.flat_map(u32::to_le_bytes));
            }
            groups.push((start as u64, bytes.len() - start));
            if bytes.len() >= WRITTEN || group + 1 == 1 << bits {
                let offset = file.write(&bytes)?;
                groups[waiting..].iter_mut().for_each(|(start, _)| *start += offset);
                (waiting, bytes) = (groups.len(), Vec::new());
            }
        }
        Ok(Self { groups })
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.groups.capacity() * size_of::<(u64, usize)>()
    }

    /// Shows what some groups hold.
    ///
    /// # Errors
    /// Those of `see`, and [`crate::error::Code::Spill`] if it cannot be read back.
    pub(crate) fn visit<K: Key>(
        &self,
        file: &SpillFile,
        groups: Range<usize>,
        see: &mut See<'_, K>,
    ) -> Result<()> {
        let (mut keys, mut rows) = (Vec::new(), Vec::new());
        for (offset, length) in &self.groups[groups] {
            let bytes = file.read(*offset, *length)?;
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (base, count, after) = head(rest).ok_or_else(cut_off)?;
                let (key_bytes, after) =
                    after.split_at_checked(count * K::BYTES).ok_or_else(cut_off)?;
                let (row_bytes, after) = after.split_at_checked(count * 4).ok_or_else(cut_off)?;
                rest = after;
                keys.clear();
                rows.clear();
                keys.extend(key_bytes.chunks_exact(K::BYTES).map(K::read));
                rows.extend(row_bytes.as_chunks().0.iter().map(|row| u32::from_le_bytes(*row)));
                see(Share { keys: &keys, rows: RowList::Long(&rows), base })?;
            }
        }
        Ok(())
    }
}

fn head(bytes: &[u8]) -> Option<(u64, usize, &[u8])> {
    let ([base, count], rest) = (bytes.as_chunks::<8>().0.first_chunk::<2>()?, bytes.get(16..)?);
    Some((u64::from_le_bytes(*base), u64::from_le_bytes(*count) as usize, rest))
}

fn cut_off() -> Error {
    Error::internal("a group of spilled keys is cut off")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::super::batch::Job;
    use super::super::rows::RowMap;
    use super::super::seed::Seed;
    use super::super::spill::{Disk, Spill};
    use super::*;

    #[test]
    fn groups_come_back_as_they_were() {
        let folder = std::env::temp_dir();
        let file = SpillFile::new(&Disk::new(&Spill { folder, quota_bytes: u64::MAX }));
        let seed = Seed::new(5);
        let keys: Vec<[u64; 2]> = (0..70_000).map(|n: u64| [n * n, n]).collect();
        let mut jobs = Vec::new();
        Job::cut(99, &keys, &RowMap::All, &mut jobs);
        let sheets = [Sheet::sorted(&seed, 1, jobs).unwrap()];
        let whole = |share: Share<'_, [u64; 2]>| {
            let row = |at| share.base + u64::from(share.rows.get(at));
            share
                .keys
                .iter()
                .copied()
                .enumerate()
                .map(|(at, key)| (row(at), key))
                .collect::<Vec<_>>()
        };
        for bits in [0, 3, 11] {
            let run = DiskRun::write(&file, &sheets, bits).unwrap();
            for groups in [0..1usize, 0..1 << bits, (1 << bits) / 2..1 << bits] {
                let expected: Vec<(u64, [u64; 2])> =
                    sheets[0].shares(partitions(groups.clone(), bits)).flat_map(whole).collect();
                let mut found: Vec<(u64, [u64; 2])> = Vec::new();
                run.visit(&file, groups, &mut |share| {
                    found.extend(whole(share));
                    Ok(())
                })
                .unwrap();
                // Within a group the batches follow each other; the shares above go by batch.
                found.sort_unstable();
                let mut expected = expected;
                expected.sort_unstable();
                assert!(found == expected);
            }
        }
    }
}
