//! Keys scattered into partitions by the first bits of their hash, so that equal keys share one
//! and each is small enough to be searched within the cache.
//!
//! A batch of keys is sorted by partition in the cache first; then each partition's share is
//! appended at once to the chain of blocks of that partition. Rows are kept as 32 bits relative to
//! the base ordinal of their block.

use super::budget::full;
use super::key::Key;
use super::log::Rows;
use super::seed::Seed;
use super::spill::SpillFile;
use crate::error::{Error, Result};
use crate::kernels::slab::Slab;

/// Sees mixed keys with their rows relative to a base ordinal.
pub(crate) type See<'a, K> = dyn FnMut(&[K], &[u32], u64) -> Result<()> + 'a;

/// Sizes that follow from the number of keys and the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Bits of the address already used.
    pub(crate) skip: u32,
    /// Further bits that choose the partition.
    pub(crate) bits: u32,
    /// Keys in a block.
    pub(crate) block: usize,
    /// Keys sorted at a time.
    pub(crate) batch: usize,
    /// Blocks allocated at a time.
    pub(crate) slab: usize,
}

impl Geometry {
    /// For about so many keys in all, each partition one search; and a share per thread.
    pub(crate) fn for_keys(keys: usize, skip: u32, largest: usize, threads: usize) -> Self {
        let bits = (keys / largest * 2).next_power_of_two().ilog2().min(11);
        let block = if keys >> bits > 8192 { 512 } else { 64 };
        let blocks = (keys / threads.max(1) / block) / 8;
        Self { skip, bits, block, batch: 1 << 16, slab: blocks.clamp(1 << bits, 1 << 13) }
    }

    /// For an unknown number of keys in so many bytes, the rest on disk.
    pub(crate) fn for_bytes(bytes: usize, key_bytes: usize, threads: usize) -> Self {
        let share = bytes / threads.max(1) / 8;
        let block = match bytes >> 20 {
            0 => 8,
            1..64 => 64,
            _ => 512,
        };
        let partitions = (share / (block * (key_bytes + 4))).clamp(4, 2048);
        let batch = (share / (2 * (key_bytes + 4))).clamp(64, 1 << 16);
        let bits = partitions.ilog2();
        Self { skip: 0, bits, block, batch, slab: 1 << bits.min(9) }
    }

    pub(crate) fn partitions(&self) -> usize {
        1 << self.bits
    }

    #[inline]
    fn partition(&self, address: u64) -> usize {
        if self.bits == 0 {
            0
        } else {
            ((address << self.skip) >> (64 - self.bits)) as usize
        }
    }
}

/// Keys and rows of one block.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    base: u64,
    len: u32,
}

/// Blocks of one partition on disk, one after the other.
#[derive(Debug)]
struct Extent {
    offset: u64,
    blocks: Vec<Block>,
}

/// The partitions of one thread.
#[derive(Debug)]
pub(crate) struct Chains<K: Key> {
    geometry: Geometry,
    slabs: Vec<(Slab<K>, Slab<u32>)>,
    blocks: Vec<Block>,
    free: Vec<u32>,
    partitions: Vec<Vec<u32>>,
    extents: Vec<Vec<Extent>>,
    staged: Staged<K>,
}

/// Mixed keys and rows about to be sorted by partition.
#[derive(Debug, Default)]
struct Staged<K> {
    base: u64,
    keys: Vec<K>,
    rows: Vec<u32>,
    sorted_keys: Vec<K>,
    sorted_rows: Vec<u32>,
    ends: Vec<u32>,
}

impl<K: Key> Chains<K> {
    pub(crate) fn new(geometry: Geometry) -> Self {
        Self {
            geometry,
            slabs: Vec::new(),
            blocks: Vec::new(),
            free: Vec::new(),
            partitions: vec![Vec::new(); geometry.partitions()],
            extents: (0..geometry.partitions()).map(|_| Vec::new()).collect(),
            staged: Staged::default(),
        }
    }

    /// Bytes of blocks in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.slabs.len() * self.geometry.slab * self.geometry.block * (size_of::<K>() + 4)
    }

    /// Bytes of blocks in use.
    pub(crate) fn used_bytes(&self) -> usize {
        (self.blocks.len() - self.free.len()) * self.geometry.block * (size_of::<K>() + 4)
    }

    pub(crate) fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Adds keys, mixed already or to be mixed with this seed; `base` is the ordinal of row 0.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn push(
        &mut self,
        seed: &Seed,
        mixed: bool,
        keys: &[K],
        base: u64,
        rows: &Rows<'_>,
    ) -> Result<()> {
        let relative = base.checked_sub(self.staged.base).map(|gap| gap + rows.extent());
        if relative.is_none_or(|last| last > u64::from(u32::MAX)) {
            self.flush(seed)?;
            self.staged.base = base;
        }
        let gap = (base - self.staged.base) as u32;
        let mut rows = rows.iter();
        let mut keys = keys;
        while !keys.is_empty() {
            let room = self.geometry.batch.saturating_sub(self.staged.keys.len());
            let (now, later) = keys.split_at(room.min(keys.len()));
            let staged = &mut self.staged;
            if mixed {
                staged.keys.extend_from_slice(now);
            } else {
                staged.keys.extend(now.iter().map(|key| key.mix(seed)));
            }
            match rows.plain_range(now.len()) {
                Some(plain) => staged.rows.extend(plain.map(|row| row + gap)),
                None => staged.rows.extend(rows.by_ref().take(now.len()).map(|row| row + gap)),
            }
            keys = later;
            if self.staged.keys.len() >= self.geometry.batch {
                self.flush(seed)?;
            }
        }
        Ok(())
    }

    /// Moves what is staged into the partitions.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub(crate) fn flush(&mut self, seed: &Seed) -> Result<()> {
        let mut staged = std::mem::take(&mut self.staged);
        let (count, geometry) = (staged.keys.len(), self.geometry);
        staged.ends.clear();
        staged.ends.resize(geometry.partitions(), 0);
        let partition = |key: &K| geometry.partition(seed.address(key.hash()));
        staged.keys.iter().for_each(|key| staged.ends[partition(key)] += 1);
        let mut start = 0;
        for end in &mut staged.ends {
            start += std::mem::replace(end, start);
        }
        if staged.sorted_keys.len() < count {
            staged.sorted_keys.resize(geometry.batch.max(count), K::default());
            staged.sorted_rows.resize(geometry.batch.max(count), 0);
        }
        for (key, row) in staged.keys.iter().zip(&staged.rows) {
            let place = &mut staged.ends[partition(key)];
            staged.sorted_keys[*place as usize] = *key;
            staged.sorted_rows[*place as usize] = *row;
            *place += 1;
        }
        let mut start = 0;
        for (partition, end) in staged.ends.iter().enumerate() {
            let end = *end as usize;
            let keys = &staged.sorted_keys[start..end];
            self.append(partition, staged.base, keys, &staged.sorted_rows[start..end])?;
            start = end;
        }
        staged.keys.clear();
        staged.rows.clear();
        self.staged = staged;
        Ok(())
    }

    fn append(
        &mut self,
        partition: usize,
        base: u64,
        mut keys: &[K],
        mut rows: &[u32],
    ) -> Result<()> {
        let size = self.geometry.block;
        while !keys.is_empty() {
            let last = self.partitions[partition].last().copied();
            let open = last.filter(|id| {
                let block = self.blocks[*id as usize];
                block.base == base && (block.len as usize) < size
            });
            let id = if let Some(id) = open {
                id
            } else {
                let id = self.allocate()?;
                self.blocks[id as usize] = Block { base, len: 0 };
                self.partitions[partition].push(id);
                id
            };
            let block = &mut self.blocks[id as usize];
            let start = block.len as usize;
            let count = keys.len().min(size - start);
            block.len += count as u32;
            let (slab, at) = (id as usize / self.geometry.slab, id as usize % self.geometry.slab);
            let range = at * size + start..at * size + start + count;
            let (block_keys, block_rows) = &mut self.slabs[slab];
            block_keys[range.clone()].copy_from_slice(&keys[..count]);
            block_rows[range].copy_from_slice(&rows[..count]);
            (keys, rows) = (&keys[count..], &rows[count..]);
        }
        Ok(())
    }

    fn allocate(&mut self) -> Result<u32> {
        if let Some(id) = self.free.pop() {
            return Ok(id);
        }
        if self.blocks.len() == self.slabs.len() * self.geometry.slab {
            let keys = self.geometry.slab * self.geometry.block;
            let slab = Slab::zeroed(keys, K::default()).zip(Slab::zeroed(keys, 0));
            self.slabs.push(slab.ok_or_else(full)?);
        }
        let id = u32::try_from(self.blocks.len()).map_err(|_| full())?;
        self.blocks.push(Block::default());
        Ok(id)
    }

    fn block(&self, id: u32) -> (&[K], &[u32], u64) {
        let Block { base, len } = self.blocks[id as usize];
        let (keys, rows) = &self.slabs[id as usize / self.geometry.slab];
        let start = id as usize % self.geometry.slab * self.geometry.block;
        let range = start..start + len as usize;
        (&keys[range.clone()], &rows[range], base)
    }

    /// Keys of a partition.
    pub(crate) fn count(&self, partition: usize) -> usize {
        let memory =
            self.partitions[partition].iter().map(|id| self.blocks[*id as usize].len as usize);
        let disk = self.extents[partition].iter().flat_map(|extent| &extent.blocks);
        memory.sum::<usize>() + disk.map(|block| block.len as usize).sum::<usize>()
    }

    /// Shows all keys of a partition, block by block, with rows relative to the ordinal that comes
    /// with them.
    ///
    /// # Errors
    /// Those of `see`, and [`crate::error::Code::Spill`] if keys cannot be read back.
    pub(crate) fn visit(
        &self,
        partition: usize,
        file: Option<&SpillFile>,
        see: &mut See<'_, K>,
    ) -> Result<()> {
        let (mut keys, mut rows) = (Vec::new(), Vec::new());
        for extent in &self.extents[partition] {
            let file = file.ok_or_else(|| Error::internal("spilled keys have no file"))?;
            let entries: usize = extent.blocks.iter().map(|block| block.len as usize).sum();
            let bytes = file.read(extent.offset, entries * (K::BYTES + 4))?;
            let mut bytes = bytes.as_slice();
            for block in &extent.blocks {
                let (key_bytes, rest) = bytes.split_at(block.len as usize * K::BYTES);
                let (row_bytes, rest) = rest.split_at(block.len as usize * 4);
                bytes = rest;
                keys.clear();
                rows.clear();
                keys.extend(key_bytes.chunks_exact(K::BYTES).map(K::read));
                rows.extend(row_bytes.as_chunks().0.iter().map(|row| u32::from_le_bytes(*row)));
                see(&keys, &rows, block.base)?;
            }
        }
        for id in &self.partitions[partition] {
            let (keys, rows, base) = self.block(*id);
            see(keys, rows, base)?;
        }
        Ok(())
    }

    /// Moves the longest chains to disk until half of the blocks are free.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be written.
    pub(crate) fn spill(&mut self, file: &mut SpillFile) -> Result<()> {
        let wanted = self.blocks.len() / 2;
        let mut longest: Vec<usize> = (0..self.partitions.len()).collect();
        longest.sort_by_key(|partition| std::cmp::Reverse(self.partitions[*partition].len()));
        let mut bytes = Vec::new();
        for partition in longest {
            if self.free.len() >= wanted {
                break;
            }
            let chain = std::mem::take(&mut self.partitions[partition]);
            if chain.is_empty() {
                break;
            }
            bytes.clear();
            for id in &chain {
                let (keys, rows, _) = self.block(*id);
                for key in keys {
                    key.write(&mut bytes);
                }
                for row in rows {
                    bytes.extend_from_slice(&row.to_le_bytes());
                }
            }
            let offset = file.write(&bytes)?;
            let blocks = chain.iter().map(|id| self.blocks[*id as usize]).collect();
            self.extents[partition].push(Extent { offset, blocks });
            self.free.extend(chain);
        }
        Ok(())
    }
}
