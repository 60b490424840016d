//! A segment made of the table's own rows: for data files that none covers.

use std::path::Path;
use std::sync::Arc;

use super::gather::Gather;
use super::published::Published;
use crate::error::Result;
use crate::import::Incoming;
use crate::unique::spill::{Disk, Spill};

/// The keys of some rows of the table, on their way into a segment.
#[derive(Debug)]
pub struct Build {
    published: Arc<Published>,
    keys: Gather,
}

impl Build {
    /// Nothing yet.
    pub fn new(
        published: Arc<Published>,
        memory_bytes: Option<usize>,
        spill: Option<&Spill>,
    ) -> Self {
        Self { published, keys: Gather::new(memory_bytes, spill.map(Disk::new).as_ref()) }
    }

    /// Takes a batch with the key columns alone, in the order of the clause.
    ///
    /// # Errors
    /// `source.schema_changed`, `limit.*`.
    pub fn take(&mut self, batch: &Incoming) -> Result<()> {
        let block = self.published.rows(batch)?;
        batch.window_done();
        self.keys.take(&self.published.entries(&block)?, None)
    }

    /// Writes the segment, which covers these data files.
    ///
    /// # Errors
    /// `limit.key_index`, `limit.spill`.
    pub fn write(self, path: &Path, files: Vec<String>) -> Result<()> {
        self.keys.write(path, self.published.identity(), files)
    }
}
