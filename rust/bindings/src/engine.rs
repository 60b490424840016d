//! `Plan`, `Run` and `Batch`: the engine's surface, a call per batch or less.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use meshgate_engine::contract::Contract;
use meshgate_engine::error::{Code, Error};
use meshgate_engine::import::held;
use meshgate_engine::masks::KeyRing;
use meshgate_engine::plan::Plan as EnginePlan;
use meshgate_engine::report::Report as EngineReport;
use meshgate_engine::run::{Merge as EngineMerge, Options, Part};
use meshgate_engine::unique::Spill;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};
use std::collections::HashMap;

use crate::capsule;
use crate::enter::{enter, fault};
use crate::index::KeyIndex;
use crate::run::{Known, Run};
use crate::source::{Reference, Source};

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Source>()?;
    module.add_class::<Plan>()?;
    module.add_class::<Run>()?;
    module.add_class::<Known>()?;
    module.add_class::<KeyIndex>()?;
    module.add_class::<Merge>()?;
    module.add_class::<Batch>()?;
    module.add_class::<Report>()?;
    module.add_class::<Schema>()
}

/// An Arrow schema; speaks the `PyCapsule` interface.
#[pyclass(frozen, module = "meshgate._native")]
pub(crate) struct Schema(pub(crate) SchemaRef);

#[pymethods]
impl Schema {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::give_schema(py, &self.0)
    }
}

/// One record batch; speaks the `PyCapsule` interface.
#[pyclass(frozen, module = "meshgate._native")]
pub(crate) struct Batch(pub(crate) RecordBatch);

#[pymethods]
impl Batch {
    #[getter]
    fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    #[pyo3(signature = (requested_schema=None))]
    #[allow(clippy::type_complexity)] // the interface asks for a pair of capsules
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let _ = requested_schema; // best effort, says the interface; nothing is cast here
        capsule::give_batch(py, &self.0)
    }
}

/// A contract compiled against a schema: immutable, shared between threads.
#[pyclass(frozen, module = "meshgate._native")]
pub(crate) struct Plan(pub(crate) Arc<EnginePlan>);

#[pymethods]
impl Plan {
    /// Compiles the canonical JSON of a contract. `keys` maps key references to master keys.
    #[staticmethod]
    fn compile(
        py: Python<'_>,
        contract: &[u8],
        schema: &Bound<'_, PyAny>,
        keys: HashMap<String, Bound<'_, PyBytes>>,
    ) -> PyResult<Self> {
        let declared = match schema.cast::<Source>() {
            Ok(source) => Arc::clone(&source.get().declared),
            Err(_) => capsule::take_schema(schema)?,
        };
        let ring = KeyRing::new(
            keys.into_iter().map(|(name, key)| (name, key.as_bytes().to_vec().into())).collect(),
        );
        enter(py, move || {
            let contract = Contract::from_json(contract)?;
            let schema = held(&declared);
            let plan = EnginePlan::compile_declared(&contract, &schema, &declared, &ring)?;
            Ok(Self(Arc::new(plan)))
        })
    }

    #[getter]
    fn accepted_schema(&self) -> Schema {
        Schema(Arc::clone(self.0.accepted_schema()))
    }

    #[getter]
    fn quarantine_schema(&self) -> Schema {
        Schema(Arc::clone(self.0.quarantine_schema()))
    }

    /// The names that foreign keys point to.
    #[getter]
    fn references(&self) -> Vec<&str> {
        self.0.references()
    }

    /// The clauses whose keys are compared with what is published: place, columns, and whether null
    /// equals null.
    #[getter]
    fn across(&self) -> Vec<(usize, &[String], bool)> {
        self.0.across()
    }

    /// One object per clause, as JSON.
    fn explain(&self) -> PyResult<String> {
        serde_json::to_string(&self.0.explain())
            .map_err(|_| fault(Error::internal("an explanation could not be written")))
    }

    /// Starts a run over a source; the source is used up. `spill` is a folder and a quota.
    #[pyo3(signature = (source, *, now_ns=None, threads=0, memory_bytes=None, spill=None, replay=false, keep_rows=false, seed=0, outputs=true, digest_key=None, part_key=None, profile=false, references=HashMap::new(), published=Vec::new()))]
    #[allow(clippy::too_many_arguments)] // keyword arguments of one Python call
    #[allow(clippy::fn_params_excessive_bools)] // same
    fn run(
        &self,
        source: &Bound<'_, Source>,
        now_ns: Option<i128>,
        threads: usize,
        memory_bytes: Option<usize>,
        spill: Option<(PathBuf, u64)>,
        replay: bool,
        keep_rows: bool,
        seed: u64,
        outputs: bool,
        digest_key: Option<Vec<u8>>,
        part_key: Option<Vec<u8>>,
        profile: bool,
        references: HashMap<String, Reference<'_>>,
        published: Vec<Bound<'_, KeyIndex>>,
    ) -> PyResult<Run> {
        let options = Options {
            now_ns,
            threads,
            memory_bytes,
            spill: spill.map(|(folder, quota_bytes)| Spill { folder, quota_bytes }),
            replay,
            keep_rows,
            seed,
            outputs,
            digest_key,
            part_key,
            profile,
            published: published.iter().map(|index| Arc::clone(&index.get().0)).collect(),
        };
        Run::start(&self.0, options, source.get().take()?, references)
    }

    /// Begins to put together the parts of a stream.
    #[pyo3(signature = (*, now_ns=None, threads=0, memory_bytes=None, seed=0, digest_key=None))]
    fn merge(
        &self,
        now_ns: Option<i128>,
        threads: usize,
        memory_bytes: Option<usize>,
        seed: u64,
        digest_key: Option<Vec<u8>>,
    ) -> PyResult<Merge> {
        let options =
            Options { now_ns, threads, memory_bytes, seed, digest_key, ..Options::default() };
        let merge = EngineMerge::new(Arc::clone(&self.0), options).map_err(fault)?;
        Ok(Merge(Mutex::new(Some(merge))))
    }
}

/// What a run found. The totals are there at once; a JSON text has the rest.
#[pyclass(frozen, module = "meshgate._native")]
pub(crate) struct Report(pub(crate) EngineReport);

#[pymethods]
impl Report {
    #[getter]
    fn dataset(&self) -> &str {
        &self.0.dataset
    }

    #[getter]
    fn status(&self) -> &'static str {
        self.0.status.as_str()
    }

    #[getter]
    fn rows(&self) -> u64 {
        self.0.rows
    }

    #[getter]
    fn accepted_rows(&self) -> u64 {
        self.0.accepted_rows
    }

    #[getter]
    fn rejected_rows(&self) -> u64 {
        self.0.rejected_rows
    }

    /// Whether every clause passed without a failing row.
    #[getter]
    fn spotless(&self) -> bool {
        self.0.is_spotless()
    }

    fn to_json(&self) -> String {
        self.0.to_json()
    }
}

/// The parts of one stream, put together in its order.
#[pyclass(frozen, module = "meshgate._native")]
struct Merge(Mutex<Option<EngineMerge>>);

impl Merge {
    /// After an error nothing more can be merged, and there is no report.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut EngineMerge) -> meshgate_engine::error::Result<T> + Send,
    ) -> PyResult<T> {
        enter(py, || {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mut merge = state.take().ok_or_else(over)?;
            let result = work(&mut merge)?;
            *state = Some(merge);
            Ok(result)
        })
    }
}

#[pymethods]
impl Merge {
    /// Takes what `Run.part` gave of the next part.
    fn part(&self, py: Python<'_>, text: &str) -> PyResult<()> {
        self.with(py, |merge| merge.part(Part::from_json(text)?))
    }

    /// Takes the fingerprints of the next rows: those that repeat a key, or `None`.
    fn keys(&self, py: Python<'_>, batch: &Bound<'_, PyAny>) -> PyResult<Option<Batch>> {
        let (_, batch) = capsule::take_batch(batch)?;
        self.with(py, |merge| Ok(merge.keys(&batch.batch()?)?.map(Batch)))
    }

    /// The report of the whole stream, and the digest of its rows if one was asked for.
    fn finish(&self, py: Python<'_>) -> PyResult<(Report, Option<String>)> {
        enter(py, || {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (report, digest) = state.take().ok_or_else(over)?.finish()?;
            Ok((Report(report), digest))
        })
    }
}

fn over() -> Error {
    Error::new(Code::RunFinished, "the merge is over or has failed")
}
