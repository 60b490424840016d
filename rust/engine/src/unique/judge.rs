//! What judging needs, and how threads share it.

use std::sync::Mutex;
use std::thread;

use super::dense::{self, SeeWords};
use super::groups::Found;
use super::key::Key;
use super::outcome::Tally;
use super::piece::Piece;
use super::rowset::RowSet;
use super::seed::Seed;
use super::spill::SpillFile;
use crate::error::{Error, Result};

/// What a store may use.
#[derive(Debug)]
pub(crate) struct Means<'a> {
    pub(crate) seed: &'a Seed,
    /// Bytes of memory, if there is a limit.
    pub(crate) granted: Option<usize>,
    pub(crate) file: Option<&'a SpillFile>,
    pub(crate) threads: usize,
    /// Takes the rows beyond the first of their key, if they are wanted.
    pub(crate) surplus: Option<&'a Mutex<RowSet>>,
    /// Takes all rows of keys that repeat, if they are wanted.
    pub(crate) members: Option<&'a Mutex<RowSet>>,
}

impl<'a> Means<'a> {
    /// What one thread finds.
    pub(crate) fn found(&self) -> Found<'a> {
        Found::new(self.surplus, self.members)
    }
}

/// Runs one job per input, on threads if there are several, and adds up what they find.
pub(crate) fn each<I: Send>(
    jobs: Vec<I>,
    job: impl Fn(I) -> Result<Tally> + Sync,
) -> Result<Tally> {
    let results: Vec<Result<Tally>> = if jobs.len() <= 1 {
        jobs.into_iter().map(job).collect()
    } else {
        thread::scope(|scope| {
            let job = &job;
            let spawn = |input| scope.spawn(move || job(input));
            let workers: Vec<_> = jobs.into_iter().map(spawn).collect();
            let join = |worker: thread::ScopedJoinHandle<'_, Result<Tally>>| {
                worker.join().unwrap_or_else(|_| Err(Error::internal("a thread panicked")))
            };
            workers.into_iter().map(join).collect()
        })
    };
    let mut sum = Tally::default();
    for tally in results {
        sum.merge(&tally?);
    }
    Ok(sum)
}

/// What repeats among keys of a small range; pieces are in row order.
///
/// # Errors
/// [`crate::error::Code::Memory`] or [`crate::error::Code::Spill`] if there is no room.
pub(crate) fn search_dense<K: Key>(
    means: &Means<'_>,
    pieces: &[Piece<K>],
    least: u64,
    domain: u64,
) -> Result<Tally> {
    let scan = |see: &mut SeeWords<'_>| {
        pieces.iter().try_for_each(|piece| {
            let keys = piece.keys(means.file)?;
            let words =
                K::words(&keys).ok_or_else(|| Error::internal("wide keys have no range"))?;
            let mut rows = None;
            see(words, &mut |at| {
                let rows = rows.get_or_insert_with(|| piece.map.list());
                piece.base_row + rows.as_ref().map_or(at as u64, |rows| u64::from(rows[at]))
            })
        })
    };
    dense::search(&scan, least, domain, means)
}
