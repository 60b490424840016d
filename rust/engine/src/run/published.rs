//! Uniqueness across publications: rows whose key is published already fail before the keys of the
//! run are compared with each other, and the keys of accepted rows are gathered for the index.
//!
//! All rows of a published key fail, so they leave the blocks: what remains is judged as if they were
//! exempt, and both counts are added up at the end.

use std::path::Path;
use std::sync::Arc;

use arrow_array::ArrayRef;

use super::view::{Columns, View};
use super::{parallel, Judged, KeyVerdict, Options, Piece};
use crate::error::{Code, Error, Result};
use crate::kernels::bits;
use crate::masks::Mask as _;
use crate::plan::{Plan, Planned, Work};
use crate::unique::index::{Entries, Gather, Probe, Published};
use crate::unique::{Disk, KeyBlock, RowSet, Smallest};

/// What a run with an index may use at least, whatever the budget.
const LEAST: usize = 1 << 20;

/// What one clause waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The clause.
    pub clause: usize,
    /// Segments whose data files must be given to [`Published::prove`].
    pub doubts: Vec<usize>,
    /// Segments that must be replaced by sound ones.
    pub damaged: Vec<usize>,
}

/// The keys of accepted rows, by clause, until they are written.
#[derive(Debug)]
pub struct Fresh(Vec<(Arc<Published>, Gather)>);

impl Fresh {
    /// Writes the keys of one clause as a segment that covers these data files; once.
    ///
    /// # Errors
    /// `limit.key_index`, `limit.spill`.
    pub fn write(&mut self, clause: usize, path: &Path, files: Vec<String>) -> Result<()> {
        let at = self.0.iter().position(|(published, _)| published.clause() == clause);
        let at = at.ok_or_else(|| Error::internal("a clause has no keys to write"))?;
        let (published, keys) = self.0.swap_remove(at);
        keys.write(path, published.identity(), files)
    }
}

/// One clause.
#[derive(Debug)]
struct Across {
    published: Arc<Published>,
    /// Rows whose key is published, the first of them, and the places of their keys.
    rows: u64,
    first: Smallest,
    places: RowSet,
    fresh: Option<Gather>,
    /// Those rows, in a run that only judges: it may see its keys once more.
    hits: Option<RowSet>,
}

/// All clauses that are judged across publications.
#[derive(Debug, Default)]
pub(super) struct Publications {
    clauses: Vec<Across>,
    wanted: Vec<Wanted>,
}

/// One piece as one clause sees it.
struct Seen {
    block: KeyBlock,
    entries: Entries,
    /// Rows whose key is published.
    hits: Vec<u64>,
}

/// What a window has, by clause and piece, and the places of keys that it has met.
#[derive(Default)]
pub(super) struct Window(Vec<(Vec<Seen>, Vec<u64>)>);

impl Window {
    /// Whether there is a clause that is judged across publications.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Publications {
    pub(super) fn new(options: &Options) -> Self {
        let count = options.published.len().max(1);
        let share = options.memory_bytes.map(|bytes| (bytes / count / 2).max(LEAST));
        let disk = options.spill.as_ref().map(Disk::new);
        let across = |published: &Arc<Published>| Across {
            published: Arc::clone(published),
            rows: 0,
            first: Smallest::default(),
            places: RowSet::new(share.map(|bytes| bytes / 8), disk.as_ref()),
            fresh: options.outputs.then(|| Gather::new(share, disk.as_ref())),
            hits: (!options.outputs).then(|| RowSet::new(share.map(|b| b / 8), disk.as_ref())),
        };
        let clauses = options.published.iter().map(across).collect();
        Self { clauses, wanted: Vec::new() }
    }

    /// The clauses that are looked up.
    pub(super) fn clauses(&self) -> Vec<usize> {
        self.clauses.iter().map(|across| across.published.clause()).collect()
    }

    /// What must be brought before the window can be judged.
    pub(super) fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// What was wanted is there.
    pub(super) fn brought(&mut self) {
        self.wanted.clear();
    }

    /// Looks the rows of a window up. Rows whose key is published fail, and leave the keys that are
    /// still to be judged.
    ///
    /// # Errors
    /// If something is [`Self::wanted`]: nothing is remembered of the window then.
    pub(super) fn resolve(
        &mut self,
        plan: &Plan,
        pieces: &[Piece],
        judged: &mut [Judged],
        threads: usize,
    ) -> Result<Window> {
        let mut window = Window::default();
        for across in &self.clauses {
            let clause = across.published.clause();
            let work: Vec<_> = pieces.iter().zip(&*judged).collect();
            let seen = parallel(threads, &work, |(piece, judged)| {
                let columns = Columns::judged(&piece.incoming, &judged.batch);
                see(plan, &across.published, piece, columns)
            })?;
            let (seen, places, wanted) = look(&across.published, seen);
            self.wanted.extend(wanted);
            for (piece, seen) in judged.iter_mut().zip(&seen) {
                if seen.hits.is_empty() {
                    continue;
                }
                for (at, block) in &mut piece.blocks {
                    if *at == clause {
                        let whole = std::mem::replace(block, KeyBlock::empty(0, 0));
                        *block = whole.without(&seen.hits)?;
                    }
                }
                if plan.clauses.get(clause).is_some_and(|c| c.work.names_rows()) {
                    piece.fails.push((clause, seen.hits.clone()));
                }
            }
            window.0.push((seen, places));
        }
        if self.wanted.is_empty() {
            Ok(window)
        } else {
            Err(Error::new(Code::KeyIndex, "the index of keys waits for rows of the table"))
        }
    }

    /// Remembers what a window has met.
    ///
    /// # Errors
    /// `limit.memory`, `limit.spill`.
    pub(super) fn remember(&mut self, window: &mut Window) -> Result<()> {
        for (across, (seen, places)) in self.clauses.iter_mut().zip(&mut window.0) {
            across.published.forget();
            across.places.extend(places)?;
            for seen in seen {
                let start = seen.block.range().start;
                let rows = bits::ones_of(&seen.hits).map(|row| start + row as u64);
                let mut rows: Vec<u64> = rows.collect();
                across.rows += rows.len() as u64;
                for row in &rows {
                    across.first.offer(*row);
                }
                if let Some(hits) = &mut across.hits {
                    hits.extend(&mut rows)?;
                }
            }
        }
        Ok(())
    }

    /// Gathers the keys of the rows of one piece that are accepted.
    ///
    /// # Errors
    /// `limit.memory`, `limit.spill`.
    pub(super) fn gather(&mut self, window: &Window, piece: usize, rejected: &[u64]) -> Result<()> {
        for (across, (seen, _)) in self.clauses.iter_mut().zip(&window.0) {
            if let Some((fresh, seen)) = across.fresh.as_mut().zip(seen.get(piece)) {
                fresh.take(&seen.entries, Some(rejected))?;
            }
        }
        Ok(())
    }

    /// Takes the rows whose key is published out of keys that are seen once more.
    ///
    /// # Errors
    /// `limit.spill`
    pub(super) fn again(&mut self, blocks: &mut [Vec<(usize, KeyBlock)>]) -> Result<()> {
        for across in &mut self.clauses {
            let Some(hits) = across.hits.as_mut().filter(|hits| !hits.is_empty()) else { continue };
            let own = |(clause, _): &&mut (usize, KeyBlock)| *clause == across.published.clause();
            for (_, block) in blocks.iter_mut().flatten().filter(own) {
                let mut dropped = vec![0; bits::words(block.rows())];
                hits.within(block.range(), |row| bits::set(&mut dropped, row))?;
                let whole = std::mem::replace(block, KeyBlock::empty(0, 0));
                *block = whole.without(&dropped)?;
            }
        }
        Ok(())
    }

    /// Adds what is published to what was found within the stream, and hands over the keys of the
    /// accepted rows.
    ///
    /// # Errors
    /// `limit.spill`
    pub(super) fn finish(self, keys: &mut [(usize, KeyVerdict)]) -> Result<Fresh> {
        let mut fresh = Vec::new();
        for across in self.clauses {
            let clause = across.published.clause();
            let verdict = keys.iter_mut().find(|(at, _)| *at == clause).map(|(_, found)| found);
            if let Some(Ok(outcome)) = verdict {
                outcome.exempt -= across.rows;
                outcome.surplus += across.rows;
                outcome.members += across.rows;
                outcome.groups += RowSet::count_union(&[&across.places])?;
                for rows in [&mut outcome.first_members, &mut outcome.first_surplus] {
                    let mut first = across.first.clone();
                    for row in rows.iter() {
                        first.offer(*row);
                    }
                    *rows = first.into_rows();
                }
            }
            fresh.extend(across.fresh.map(|keys| (across.published, keys)));
        }
        Ok(Fresh(fresh))
    }
}

/// The keys of one piece as they would be stored.
fn see(
    plan: &Plan,
    published: &Published,
    piece: &Piece,
    mut columns: Columns<'_>,
) -> Result<Seen> {
    let Some(Planned { work: Work::Key { leaves, .. }, .. }) = plan.clauses.get(published.clause())
    else {
        return Err(Error::internal("an index is of a clause that has no keys"));
    };
    let mut stored: Vec<ArrayRef> = Vec::with_capacity(leaves.len());
    for leaf in leaves.iter().filter_map(|leaf| plan.leaves.get(*leaf)) {
        let raw = View::of(&mut columns, &leaf.path)?.with_nulls()?;
        stored.push(match plan.mask(&leaf.path) {
            Some(mask) => mask.apply(&raw)?,
            None => raw,
        });
    }
    let block = published.block(&stored, piece.base_row)?;
    let entries = published.entries(&block)?;
    Ok(Seen { block, entries, hits: Vec::new() })
}

/// Which rows of some pieces are published, the places of their keys, and what is wanted to know.
fn look(published: &Published, mut seen: Vec<Seen>) -> (Vec<Seen>, Vec<u64>, Option<Wanted>) {
    let probe = Probe::new(seen.iter().map(|seen| (seen.block.range().start, &seen.entries)));
    let blocks: Vec<&KeyBlock> = seen.iter().map(|seen| &seen.block).collect();
    let found = published.look(&probe, &blocks);
    let (doubts, damaged) = (found.doubts, found.damaged);
    let wanted = (!doubts.is_empty() || !damaged.is_empty()).then(|| Wanted {
        clause: published.clause(),
        doubts: doubts.into_iter().collect(),
        damaged: damaged.into_iter().collect(),
    });
    let mut places = Vec::with_capacity(found.hits.len());
    let starts: Vec<u64> = seen.iter().map(|seen| seen.block.range().start).collect();
    for (row, place) in found.hits {
        places.push(place);
        let piece = starts.partition_point(|start| *start <= row).checked_sub(1);
        if let Some(seen) = piece.and_then(|piece| seen.get_mut(piece)) {
            if seen.hits.is_empty() {
                seen.hits = vec![0; bits::words(seen.block.rows())];
            }
            bits::set(&mut seen.hits, (row - seen.block.range().start) as usize);
        }
    }
    (seen, places, wanted)
}
