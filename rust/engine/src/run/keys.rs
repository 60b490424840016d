//! What a run remembers of its keys: judged at once where rows are split while they flow, at the
//! end where a run only judges, and known beforehand in the second of two passes.

use super::{Fails, Judged, Options};
use crate::error::{Code, Error, Result};
use crate::kernels::bits;
use crate::plan::{Plan, Work};
use crate::unique::{
    changed, Deferred, Disk, KeyBlock, Outcome, Repeats, Resident, RowSet, Seed, Terms,
};

/// What a check needs to work at all, whatever the budget.
const LEAST: usize = 1 << 20;

/// The keys of one clause.
#[derive(Debug)]
enum State {
    AtOnce(Resident),
    AtTheEnd(Box<Deferred>),
    Known(Outcome, RowSet),
    /// There is no verdict; the other checks have one all the same.
    Lost(Error),
}

/// What a pass that only judged has found of the keys: which rows repeat one.
#[derive(Debug)]
pub struct Known {
    states: Vec<(usize, State)>,
    pub(super) rows: u64,
    pub(super) digest: Option<String>,
    checksum: u64,
}

/// The keys of all clauses that have some.
#[derive(Debug)]
pub(super) struct Keys {
    states: Vec<(usize, State)>,
    /// Rows that other checks reject, where repeated keys are known only at the end.
    rejected: Option<RowSet>,
    /// Of all keys, if there may be or was another pass over the same rows.
    checksum: Option<u64>,
    /// What the other pass found.
    known: Option<Known>,
}

/// What was found for a clause, or why there is no verdict.
pub(super) type KeyVerdict = std::result::Result<Outcome, Error>;

impl Keys {
    pub(super) fn new(plan: &Plan, options: &Options, seed: &Seed) -> Self {
        let is_key = |work: &Work| matches!(work, Work::Key { .. });
        let count = plan.clauses.iter().filter(|clause| is_key(&clause.work)).count();
        let memory_bytes = options.memory_bytes.map(|bytes| (bytes / count.max(1)).max(LEAST));
        let disk = options.spill.as_ref().map(Disk::new);
        let mut rejected = None;
        let keys = plan
            .clauses
            .iter()
            .enumerate()
            .filter(|(_, clause)| is_key(&clause.work) && options.part_key.is_none());
        let states = keys.map(|(at, clause)| {
            if options.outputs {
                return (at, State::AtOnce(Resident::new(seed, memory_bytes)));
            }
            let (disk, replay) = (disk.clone(), options.replay);
            let rows = (clause.rejects && clause.work.names_rows()) || options.keep_rows;
            if rows {
                let limit = memory_bytes.map(|bytes| bytes / 8);
                rejected.get_or_insert_with(|| RowSet::new(limit, disk.as_ref()));
            }
            let terms = Terms { memory_bytes, disk, rows, replay };
            (at, State::AtTheEnd(Box::new(Deferred::new(seed, terms))))
        });
        let states: Vec<_> = states.collect();
        let two_passes = options.keep_rows || (options.outputs && memory_bytes.is_some());
        let checksum = (two_passes && !states.is_empty()).then_some(0);
        Self { states, rejected, checksum, known: None }
    }

    /// Feeds the keys of all pieces in row order; per piece the rows that repeat an earlier key,
    /// where that is known by now.
    ///
    /// # Errors
    /// `limit.memory` if keys that must be judged at once do not fit: nothing is remembered then,
    /// and [`Self::know`] must tell.
    pub(super) fn absorb(
        &mut self,
        plan: &Plan,
        seed: &Seed,
        judged: &mut [Judged],
        threads: usize,
    ) -> Result<Vec<Fails>> {
        let before = self.checksum;
        if let Some(sum) = &mut self.checksum {
            for (_, block) in judged.iter().flat_map(|piece| &piece.blocks) {
                *sum = sum.wrapping_add(block.checksum(seed)?);
            }
        }
        let absorbed = self.take_up(plan, judged, threads);
        absorbed.map_err(|(clause, error)| {
            self.checksum = before;
            self.states.iter_mut().for_each(|(_, state)| *state = State::Lost(error.clone()));
            error.at(plan.clauses.get(clause).map_or_else(String::new, |c| c.head.clause.clone()))
        })
    }

    fn take_up(
        &mut self,
        plan: &Plan,
        judged: &mut [Judged],
        threads: usize,
    ) -> std::result::Result<Vec<Fails>, (usize, Error)> {
        let mut repeats: Vec<Fails> = judged.iter().map(|_| Vec::new()).collect();
        for (clause, state) in &mut self.states {
            let clause = *clause;
            let names_rows = plan.clauses.get(clause).is_some_and(|c| c.work.names_rows());
            let mut blocks = Vec::with_capacity(judged.len());
            for piece in judged.iter_mut() {
                let at = piece.blocks.iter().position(|(c, _)| *c == clause);
                blocks.extend(at.map(|at| piece.blocks.swap_remove(at).1));
            }
            match state {
                State::AtOnce(resident) => {
                    let found =
                        resident.absorb(blocks, threads).map_err(|error| (clause, error))?;
                    for (piece, Repeats { words, count }) in repeats.iter_mut().zip(found) {
                        if count > 0 && names_rows {
                            piece.push((clause, words));
                        }
                    }
                }
                State::Known(_, rows) => {
                    for (piece, block) in repeats.iter_mut().zip(blocks) {
                        let mut words = vec![0; bits::words(block.rows())];
                        rows.within(block.range(), |row| bits::set(&mut words, row))
                            .map_err(|error| (clause, error))?;
                        if names_rows && words.iter().any(|word| *word != 0) {
                            piece.push((clause, words));
                        }
                    }
                }
                State::AtTheEnd(deferred) => {
                    if let Err(error) = deferred.append(blocks, threads) {
                        *state = State::Lost(bound(error).map_err(|error| (clause, error))?);
                    }
                }
                State::Lost(_) => {}
            }
        }
        Ok(repeats)
    }

    /// Remembers rows that other checks reject, given as bits from `base_row` on.
    pub(super) fn reject(&mut self, base_row: u64, bits: &[u64]) {
        let Some(rows) = &mut self.rejected else { return };
        let mut ordinals: Vec<u64> = bits::ones_of(bits).map(|row| base_row + row as u64).collect();
        if ordinals.is_empty() {
            return;
        }
        if let Err(error) = rows.extend(&mut ordinals) {
            // Without them nobody can say how many rows repeated keys reject on top.
            self.rejected = None;
            self.states.iter_mut().for_each(|(_, state)| *state = State::Lost(error.clone()));
        }
    }

    /// Judges what is judged at the end. True if the source should be read again, for `replay`.
    pub(super) fn judge(&mut self, threads: usize) -> Result<bool> {
        let mut again = false;
        for (_, state) in &mut self.states {
            if let State::AtTheEnd(deferred) = state {
                match deferred.judge(threads) {
                    Ok(wanted) => again |= wanted,
                    Err(error) => *state = State::Lost(bound(error)?),
                }
            }
        }
        Ok(again)
    }

    /// The clauses that want their keys once more.
    pub(super) fn replayed(&self) -> Vec<usize> {
        let open = |state: &State| matches!(state, State::AtTheEnd(keys) if keys.suspects());
        self.states.iter().filter(|(_, state)| open(state)).map(|(clause, _)| *clause).collect()
    }

    /// Takes up keys once more, in row order.
    pub(super) fn replay(&mut self, pieces: &[Vec<(usize, KeyBlock)>]) -> Result<()> {
        for (clause, block) in pieces.iter().flatten() {
            let state = self.states.iter_mut().find(|(at, _)| at == clause).map(|(_, state)| state);
            if let Some(state @ State::AtTheEnd(_)) = state {
                let State::AtTheEnd(deferred) = state else { continue };
                if let Err(error) = deferred.replay(std::slice::from_ref(block)) {
                    *state = State::Lost(bound(error)?);
                }
            }
        }
        Ok(())
    }

    /// What another pass over the same rows has to know.
    ///
    /// # Errors
    /// `limit.*` if a clause has no verdict: its rows cannot be split.
    pub(super) fn into_known(
        self,
        rows: u64,
        digest: Option<String>,
        threads: usize,
    ) -> Result<Known> {
        let mut states = Vec::with_capacity(self.states.len());
        for (clause, state) in self.states {
            let state = match state {
                State::AtTheEnd(deferred) => {
                    let finding = deferred.finish(threads)?;
                    let rows = finding.surplus;
                    let rows = rows.ok_or_else(|| Error::internal("rows were not kept"))?;
                    State::Known(finding.outcome, rows)
                }
                State::Lost(error) => return Err(error),
                other => other,
            };
            states.push((clause, state));
        }
        Ok(Known { states, rows, digest, checksum: self.checksum.unwrap_or(0) })
    }

    /// Goes on with what another pass has found, instead of what is remembered here.
    pub(super) fn know(&mut self, mut known: Known) {
        self.states = std::mem::take(&mut known.states);
        self.known = Some(known);
    }

    /// The verdicts by clause, and how many rows are rejected for a repeated key alone.
    ///
    /// # Errors
    /// `source.changed` if another pass saw other rows.
    pub(super) fn finish(
        self,
        rows: u64,
        digest: Option<&str>,
        threads: usize,
    ) -> Result<(Vec<(usize, KeyVerdict)>, u64)> {
        if let Some(known) = &self.known {
            let same = known.rows == rows && known.digest.as_deref() == digest;
            if !same || self.checksum != Some(known.checksum) {
                return Err(changed());
            }
        }
        let mut verdicts = Vec::with_capacity(self.states.len());
        let mut sets = Vec::new();
        for (clause, state) in self.states {
            let found = match state {
                State::AtOnce(resident) => Ok(resident.finish()?),
                State::Known(outcome, _) => Ok(outcome),
                State::AtTheEnd(deferred) => match deferred.finish(threads) {
                    Ok(finding) => {
                        sets.extend(finding.surplus.filter(|set| !set.is_empty()));
                        Ok(finding.outcome)
                    }
                    Err(error) => Err(bound(error)?),
                },
                State::Lost(error) => Err(error),
            };
            verdicts.push((clause, found));
        }
        match more(self.rejected, sets) {
            Ok(more) => Ok((verdicts, more)),
            Err(error) => {
                let error = bound(error)?;
                for (_, found) in &mut verdicts {
                    *found = Err(error.clone());
                }
                Ok((verdicts, 0))
            }
        }
    }
}

/// How many rows repeat a key and are rejected by nothing else.
fn more(rejected: Option<RowSet>, mut repeated: Vec<RowSet>) -> Result<u64> {
    let Some(rejected) = rejected.filter(|_| !repeated.is_empty()) else { return Ok(0) };
    let known = RowSet::count_union(&[&rejected])?;
    repeated.push(rejected);
    let all: Vec<&RowSet> = repeated.iter().collect();
    Ok(RowSet::count_union(&all)? - known)
}

/// An error of a bound, which costs one check its verdict; any other ends the run.
fn bound(error: Error) -> Result<Error> {
    match error.code {
        Code::Memory | Code::Spill => Ok(error),
        _ => Err(error),
    }
}
