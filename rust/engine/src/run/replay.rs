//! The source, read again: for wide keys, which must be compared in full before they count as
//! repeated; and for outputs within a memory budget that the keys have outgrown.

use std::sync::Arc;

use super::judge::keys_of;
use super::{parallel, Known, Run, PARALLEL_ROWS};
use crate::digest::Digest;
use crate::error::Result;
use crate::import::Incoming;
use crate::unique::changed;

/// What the second look has seen.
#[derive(Debug)]
pub(super) struct Replay {
    rows: u64,
    digest: Option<Digest>,
}

impl Replay {
    /// Both looks saw the same.
    ///
    /// # Errors
    /// `source.changed`
    pub(super) fn agrees(self, rows: u64, digest: Option<&str>) -> Result<()> {
        let again = self.digest.map(Digest::finish);
        if self.rows == rows && again.as_deref() == digest {
            Ok(())
        } else {
            Err(changed())
        }
    }
}

impl Run {
    /// Judges what is judged at the end of the stream. Says whether the source should be read again
    /// and given to [`Self::replay`]; without that, keys that only seem to repeat are reported as
    /// not verified.
    ///
    /// # Errors
    /// `engine.run_finished` after a failure.
    pub fn judge(&mut self) -> Result<bool> {
        self.usable()?;
        let again = self.keys.judge(self.threads);
        self.broken = again.is_err();
        again
    }

    /// Whether the keys have outgrown the memory budget, so that [`Self::know`] is needed to go on.
    pub fn starved(&self) -> bool {
        self.starved
    }

    /// Ends a run that only judged (with [`super::Options::keep_rows`]) and hands over which rows
    /// repeat keys, for another run over the same source with the same seed.
    ///
    /// # Errors
    /// `limit.*` if the keys have no verdict, `engine.run_finished` after a failure.
    pub fn into_known(self) -> Result<Known> {
        self.usable()?;
        let digest = self.digest.map(Digest::finish);
        if let Some(replay) = self.replay {
            replay.agrees(self.rows, digest.as_deref())?;
        }
        self.keys.into_known(self.rows, digest, self.threads)
    }

    /// Goes on, where [`Self::process`] had no memory left, with what another pass has found; the
    /// batches of that call are to be given once more.
    pub fn know(&mut self, known: Known) {
        self.keys.know(known);
        self.starved = false;
    }

    /// Takes the next batches of the source, read again.
    ///
    /// # Errors
    /// `source.changed`, `source.schema_changed`; after an error the run is over.
    pub fn replay(&mut self, batches: &[Incoming]) -> Result<()> {
        self.usable()?;
        let result = self.again(batches);
        batches.iter().for_each(Incoming::window_done);
        self.broken = result.is_err();
        result
    }

    fn again(&mut self, batches: &[Incoming]) -> Result<()> {
        let plan = Arc::clone(&self.plan);
        let digest = self.options.digest_key.as_deref();
        let fresh =
            || Replay { rows: 0, digest: digest.map(|key| Digest::new(key, plan.outputs.len())) };
        let mut replay = self.replay.take().unwrap_or_else(fresh);
        let pieces = self.cut(batches, replay.rows)?;
        let rows: usize = pieces.iter().map(|piece| piece.incoming.rows()).sum();
        let threads = if rows < PARALLEL_ROWS { 1 } else { self.threads };
        let (clauses, seed) = (self.keys.replayed(), &self.seed);
        let mut blocks = parallel(threads, &pieces, |piece| keys_of(&plan, piece, seed, &clauses))?;
        self.publications.again(&mut blocks)?;
        self.keys.replay(&blocks)?;
        if let Some(digest) = &mut replay.digest {
            let whole = parallel(threads, &pieces, |piece| piece.incoming.batch())?;
            digest.update(&plan, whole.iter(), threads)?;
        }
        replay.rows += rows as u64;
        self.replay = Some(replay);
        Ok(())
    }
}
