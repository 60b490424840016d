//! `KeyIndex`: the keys of what is published, in files that the caller names.

use std::path::PathBuf;
use std::sync::Arc;

use meshgate_engine::error::Result;
use meshgate_engine::import::Incoming;
use meshgate_engine::unique::index::{disjoint, merge, Build, Published, Segment};
use meshgate_engine::unique::Spill;
use pyo3::prelude::*;

use crate::capsule;
use crate::engine::Plan;
use crate::enter::{enter, fault};
use crate::source::Source;

/// The keys of one clause in what is published.
#[pyclass(frozen, module = "meshgate._native")]
pub(crate) struct KeyIndex(pub(crate) Arc<Published>);

#[pymethods]
impl KeyIndex {
    /// The index of a clause of the plan; `schema` has its columns as the table stores them.
    #[new]
    fn new(
        plan: &Bound<'_, Plan>,
        clause: usize,
        schema: &Bound<'_, PyAny>,
        identity: &str,
    ) -> PyResult<Self> {
        let schema = capsule::take_schema(schema)?;
        let published = plan.get().0.published(clause, &schema, identity);
        Ok(Self(Arc::new(published.map_err(fault)?)))
    }

    /// The data files that a segment covers and its number of keys; `None` if it is not a sound
    /// segment of this index.
    fn look(&self, py: Python<'_>, path: PathBuf) -> PyResult<Option<(Vec<String>, u64)>> {
        enter(py, || {
            let segment = self.open(&path);
            Ok(segment.map(|segment| (segment.files().to_vec(), segment.keys())))
        })
    }

    /// These segments hold all published keys; false, and nothing changes, if one is not sound.
    fn hold(&self, py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<bool> {
        enter(py, || {
            let segments: Option<Vec<_>> = paths.iter().map(|path| self.open(path)).collect();
            Ok(segments.map(|segments| self.0.hold(segments)).is_some())
        })
    }

    /// Puts a segment in the place of a damaged one; false if it is not sound either.
    fn mend(&self, py: Python<'_>, at: usize, path: PathBuf) -> PyResult<bool> {
        enter(py, || Ok(self.open(&path).map(|segment| self.0.mend(at, segment)).is_some()))
    }

    /// Writes a segment with the keys of all rows of the source, which are those of these data
    /// files: the key columns alone, as stored.
    #[pyo3(signature = (path, source, files, *, memory_bytes=None, spill=None))]
    fn build(
        &self,
        py: Python<'_>,
        path: PathBuf,
        source: &Bound<'_, Source>,
        files: Vec<String>,
        memory_bytes: Option<usize>,
        spill: Option<(PathBuf, u64)>,
    ) -> PyResult<()> {
        let spill = spill.map(|(folder, quota_bytes)| Spill { folder, quota_bytes });
        let mut build = Build::new(Arc::clone(&self.0), memory_bytes, spill.as_ref());
        each(py, source, |batch| build.take(batch))?;
        enter(py, || build.write(&path, files))
    }

    /// Writes one segment with the keys and the data files of several; the places of those that are
    /// not sound, in which case nothing is written.
    fn merge(&self, py: Python<'_>, path: PathBuf, paths: Vec<PathBuf>) -> PyResult<Vec<usize>> {
        enter(py, || {
            let opened: Vec<_> = paths.iter().map(|path| self.open(path)).collect();
            let unsound = (0..opened.len()).filter(|at| matches!(opened.get(*at), Some(None)));
            let unsound: Vec<usize> = unsound.collect();
            if !unsound.is_empty() {
                return Ok(unsound);
            }
            let segments: Vec<_> = opened.into_iter().flatten().collect();
            merge(&path, self.0.identity(), &segments)
        })
    }

    /// Whether it is certain that a segment has no key of the others.
    fn disjoint(&self, py: Python<'_>, path: PathBuf, paths: Vec<PathBuf>) -> PyResult<bool> {
        enter(py, || {
            let others: Option<Vec<_>> = paths.iter().map(|path| self.open(path)).collect();
            let both = self.open(&path).zip(others);
            Ok(both.is_some_and(|(ours, others)| disjoint(&ours, &others).unwrap_or(false)))
        })
    }

    /// Compares what is in doubt with the rows of the source: those of the segments in doubt.
    fn prove(&self, py: Python<'_>, source: &Bound<'_, Source>) -> PyResult<()> {
        each(py, source, |batch| self.0.prove(batch))?;
        self.0.proved();
        Ok(())
    }
}

impl KeyIndex {
    fn open(&self, path: &std::path::Path) -> Option<Segment> {
        Segment::open(path, self.0.identity())
    }
}

/// Hands on every batch of a source.
fn each(
    py: Python<'_>,
    source: &Bound<'_, Source>,
    mut take: impl FnMut(&Incoming) -> Result<()> + Send,
) -> PyResult<()> {
    let mut batches = source.get().take()?;
    loop {
        py.check_signals()?;
        let more = enter(py, || {
            let Some(batch) = batches.next()? else { return Ok(false) };
            take(&batch).map(|()| true)
        })?;
        if !more {
            return Ok(());
        }
    }
}
