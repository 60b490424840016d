//! Uniqueness judged at once: every row is told whether its key came before, because rows that
//! repeat one are split off while the stream flows. All keys stay in memory.

use std::mem::take;
use std::sync::atomic::AtomicU64;
use std::thread;

use super::block::KeyBlock;
use super::budget::Budget;
use super::lane::{Lane, Lanes, Mixed, LANES};
use super::outcome::{NullGroup, Outcome, Tally};
use super::seed::Seed;
use crate::error::{Code, Error, Result};

/// Keys in a window from which on threads pay.
const PARALLEL: usize = if cfg!(test) { 100 } else { 1 << 16 };

/// Which rows of a block repeat the key of an earlier row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeats {
    /// One bit per row, lowest bit first; bits beyond the last row are 0.
    pub words: Vec<u64>,
    /// Bits that are set.
    pub count: u64,
}

/// The keys of a run so far.
#[derive(Debug)]
pub struct Resident {
    seed: Seed,
    budget: Budget,
    lanes: Vec<Lane>,
    rows: u64,
    exempt: u64,
    nulls: NullGroup,
    tally: Tally,
    next_row: u64,
    failed: bool,
}

impl Resident {
    /// Nothing seen yet. No limit of memory if there is none.
    pub fn new(seed: &Seed, memory_bytes: Option<usize>) -> Self {
        Self {
            seed: seed.clone(),
            budget: Budget::new(memory_bytes),
            lanes: (0..LANES).map(|_| Lane::default()).collect(),
            rows: 0,
            exempt: 0,
            nulls: NullGroup::default(),
            tally: Tally::default(),
            next_row: 0,
            failed: false,
        }
    }

    /// Takes up blocks in row order and says of each which of its rows repeat an earlier key.
    ///
    /// # Errors
    /// [`Code::Memory`] if the keys outgrow the budget: nothing is known of these blocks then, and
    /// the run cannot go on. [`Code::Internal`] for blocks out of order.
    pub fn absorb(&mut self, blocks: Vec<KeyBlock>, threads: usize) -> Result<Vec<Repeats>> {
        if self.failed {
            return Err(Error::new(Code::RunFinished, "the uniqueness check failed before"));
        }
        let absorbed = self.absorb_all(blocks, threads);
        self.failed = absorbed.is_err();
        absorbed
    }

    fn absorb_all(&mut self, blocks: Vec<KeyBlock>, threads: usize) -> Result<Vec<Repeats>> {
        for block in &blocks {
            if block.base_row < self.next_row {
                return Err(Error::internal("blocks of keys came out of row order"));
            }
            self.next_row = block.base_row + block.rows as u64;
            self.rows += block.rows as u64;
            self.exempt += block.exempt;
        }
        let keys: usize = blocks.iter().map(KeyBlock::keys).sum();
        let threads = if keys < PARALLEL { 1 } else { threads.clamp(1, LANES) };
        let mut prepared = blocks.into_iter().map(Prepared::new).collect::<Result<Vec<_>>>()?;
        let Self { seed, budget, lanes, .. } = self;
        if threads == 1 {
            let mut all = Lanes { these: lanes, first: 0, seed, budget };
            for block in &mut prepared {
                block.mix(seed, false);
                block.offer(&mut all)?;
            }
        } else {
            let per_thread = prepared.len().div_ceil(threads);
            thread::scope(|scope| {
                for blocks in prepared.chunks_mut(per_thread) {
                    scope.spawn(|| blocks.iter_mut().for_each(|block| block.mix(seed, true)));
                }
            });
            let per_thread = LANES.div_ceil(threads);
            thread::scope(|scope| {
                let offer = |(share, lanes): (usize, &mut [Lane])| {
                    let first = share * per_thread;
                    for (at, lane) in lanes.chunks_mut(1).enumerate() {
                        let mut one = Lanes { these: lane, first: first + at, seed, budget };
                        prepared.iter().try_for_each(|block| block.offer(&mut one))?;
                    }
                    Ok(())
                };
                let workers: Vec<_> = lanes
                    .chunks_mut(per_thread)
                    .enumerate()
                    .map(|share| scope.spawn(move || offer(share)))
                    .collect();
                let joined = |worker: thread::ScopedJoinHandle<'_, Result<()>>| {
                    worker.join().unwrap_or_else(|_| Err(Error::internal("a thread panicked")))
                };
                let results: Vec<Result<()>> = workers.into_iter().map(joined).collect();
                results.into_iter().collect::<Result<()>>()
            })?;
        }
        Ok(prepared.into_iter().map(|block| self.judge(block)).collect())
    }

    /// Adds the nulls, which are no keys, and counts.
    fn judge(&mut self, block: Prepared) -> Repeats {
        let mut words: Vec<u64> = block.marks.into_iter().map(AtomicU64::into_inner).collect();
        if let Some(nulls) = &block.block.nulls {
            let mark = |row: usize| words[row / 64] |= 1 << (row % 64);
            self.nulls.absorb(nulls, block.block.base_row, &mut self.tally, mark);
        }
        let count = words.iter().map(|word| u64::from(word.count_ones())).sum();
        Repeats { words, count }
    }

    /// What was found.
    ///
    /// # Errors
    /// [`Code::RunFinished`] if [`Self::absorb`] failed before.
    pub fn finish(self) -> Result<Outcome> {
        let (rows, exempt) = (self.rows, self.exempt);
        Ok(self.into_tally()?.outcome(rows, exempt))
    }

    /// The counts alone.
    ///
    /// # Errors
    /// As for [`Self::finish`].
    pub(crate) fn into_tally(self) -> Result<Tally> {
        if self.failed {
            return Err(Error::new(Code::RunFinished, "the uniqueness check failed before"));
        }
        let mut tally = self.tally;
        self.lanes.iter().for_each(|lane| tally.merge(&lane.tally));
        Ok(tally)
    }

    /// Bytes the keys take.
    pub fn memory_bytes(&self) -> usize {
        self.budget.taken()
    }
}

/// A block on its way into the lanes.
#[derive(Debug)]
struct Prepared {
    block: KeyBlock,
    marks: Vec<AtomicU64>,
    one: Mixed<u64>,
    two: Mixed<[u64; 2]>,
    uuid: Mixed<[u64; 2]>,
    wide: Mixed<[u64; 2]>,
}

impl Prepared {
    fn new(block: KeyBlock) -> Result<Self> {
        let mut block = block.unfolded()?;
        Ok(Self {
            marks: (0..block.rows.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            one: Mixed::new(take(&mut block.one.keys)),
            two: Mixed::new(take(&mut block.two.keys)),
            uuid: Mixed::new(take(&mut block.uuid.keys)),
            wide: Mixed::new(take(&mut block.wide.prints.keys)),
            block,
        })
    }

    /// Mixes the keys, and groups them by lane if threads are to share them.
    fn mix(&mut self, seed: &Seed, group: bool) {
        self.one.mix(|key| *key = seed.mix(*key));
        self.two.mix(|key| *key = seed.mix2(*key));
        self.uuid.mix(|key| *key = seed.mix2(*key));
        if group {
            self.one.group(seed, |key| key);
            self.two.group(seed, |key| key[0]);
            self.uuid.group(seed, |key| key[0]);
            self.wide.group(seed, |key| key[0]);
        }
    }

    /// Offers the keys to all lanes, or to the only one.
    fn offer(&self, lanes: &mut Lanes<'_>) -> Result<()> {
        let (block, marks, lane) = (&self.block, &self.marks, lanes.first);
        let base = block.base_row;
        lanes.one(self.one.share(lane, block.one.rows.as_deref()), base, marks)?;
        lanes.two(self.two.share(lane, block.two.rows.as_deref()), base, marks)?;
        lanes.uuid(self.uuid.share(lane, block.uuid.rows.as_deref()), base, marks)?;
        let wide = self.wide.share(lane, block.wide.prints.rows.as_deref());
        lanes.wide(wide, &block.wide, base, marks)
    }
}
