//! `Plan`, `Run` and `Batch`: the engine's surface, a call per batch or less.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use meshgate_engine::contract::Contract;
use meshgate_engine::error::{Code, Error};
use meshgate_engine::import::Incoming;
use meshgate_engine::masks::KeyRing;
use meshgate_engine::plan::Plan as EnginePlan;
use meshgate_engine::report::Report as EngineReport;
use meshgate_engine::run::{Merge as EngineMerge, Options, Part, Run as EngineRun, Split};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};
use std::collections::HashMap;

use crate::capsule;
use crate::enter::{enter, fault};
use crate::source::{Batches, Reference, Source};

/// Rows that are pulled before they are judged together.
const WINDOW_ROWS: usize = 512 * 1024;
/// Bytes that are pulled before they are judged together.
const WINDOW_BYTES: u64 = 64 << 20;

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Source>()?;
    module.add_class::<Plan>()?;
    module.add_class::<Run>()?;
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
struct Batch(RecordBatch);

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
struct Plan(Arc<EnginePlan>);

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
        let schema = match schema.cast::<Source>() {
            Ok(source) => Arc::clone(&source.get().schema),
            Err(_) => capsule::take_schema(schema)?,
        };
        let ring = KeyRing::new(
            keys.into_iter().map(|(name, key)| (name, key.as_bytes().to_vec().into())).collect(),
        );
        enter(py, move || {
            let contract = Contract::from_json(contract)?;
            Ok(Self(Arc::new(EnginePlan::compile(&contract, &schema, &ring)?)))
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

    /// One object per clause, as JSON.
    fn explain(&self) -> PyResult<String> {
        serde_json::to_string(&self.0.explain())
            .map_err(|_| fault(Error::internal("an explanation could not be written")))
    }

    /// Starts a run over a source; the source is used up.
    #[pyo3(signature = (source, *, now_ns=None, threads=0, memory_bytes=None, seed=0, outputs=true, digest_key=None, part_key=None, profile=false, references=HashMap::new()))]
    #[allow(clippy::too_many_arguments)] // keyword arguments of one Python call
    fn run(
        &self,
        source: &Bound<'_, Source>,
        now_ns: Option<i128>,
        threads: usize,
        memory_bytes: Option<usize>,
        seed: u64,
        outputs: bool,
        digest_key: Option<Vec<u8>>,
        part_key: Option<Vec<u8>>,
        profile: bool,
        references: HashMap<String, Reference<'_>>,
    ) -> PyResult<Run> {
        let options =
            Options { now_ns, threads, memory_bytes, seed, outputs, digest_key, part_key, profile };
        let mut run = EngineRun::new(Arc::clone(&self.0), options).map_err(fault)?;
        let mut waiting = VecDeque::new();
        for (name, reference) in references {
            match reference {
                Reference::Absent(reason) => run.excuse(&name, &reason),
                Reference::Data(source) => {
                    run.refer(&name, &source.get().schema).map_err(fault)?;
                    waiting.push_back((name, source.get().take()?));
                }
            }
        }
        Ok(Run(Mutex::new(State {
            run: Some(run),
            references: waiting,
            batches: source.get().take()?,
            waiting: VecDeque::new(),
            splits: VecDeque::new(),
            rows: 0,
            bytes: 0,
        })))
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

struct State {
    run: Option<EngineRun>,
    /// Reference data that is yet to be read, by name.
    references: VecDeque<(String, Batches)>,
    batches: Batches,
    /// Pulled, not yet judged.
    waiting: VecDeque<Incoming>,
    /// Judged, not yet handed out.
    splits: VecDeque<Split>,
    rows: u64,
    bytes: u64,
}

impl State {
    /// Pulls and judges one window, of reference data as long as there is some. False at the end
    /// of the stream.
    fn advance(&mut self) -> meshgate_engine::error::Result<bool> {
        if self.refer()? {
            return Ok(true);
        }
        let mut window = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        while rows < WINDOW_ROWS && bytes < WINDOW_BYTES {
            let next = match self.waiting.pop_front() {
                Some(batch) => Some(batch),
                None => self.batches.next()?,
            };
            let Some(batch) = next else { break };
            let room = WINDOW_ROWS - rows;
            if batch.rows() > room {
                self.waiting.push_front(batch.slice(room, batch.rows() - room));
            }
            let batch = batch.slice(0, room);
            rows += batch.rows();
            bytes += batch.bytes();
            window.push(batch);
        }
        if window.is_empty() {
            return Ok(false);
        }
        let run = self.run.as_mut().ok_or_else(finished)?;
        self.splits.extend(run.process(&window)?);
        self.rows = run.rows();
        self.bytes += bytes;
        Ok(true)
    }

    /// Pulls one window of reference data. False when all of it is there.
    fn refer(&mut self) -> meshgate_engine::error::Result<bool> {
        let Some((name, batches)) = self.references.front_mut() else { return Ok(false) };
        let run = self.run.as_mut().ok_or_else(finished)?;
        let mut rows = 0;
        while rows < WINDOW_ROWS {
            let Some(batch) = batches.next()? else {
                self.references.pop_front();
                break;
            };
            rows += batch.rows();
            run.take_reference(name, &batch)?;
        }
        Ok(true)
    }
}

fn finished() -> Error {
    Error::new(Code::RunFinished, "the run is over")
}

/// What a run found. The totals are there at once; a JSON text has the rest.
#[pyclass(frozen, module = "meshgate._native")]
struct Report(EngineReport);

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

/// One pass of a plan over one source: an iterator of triples (accepted, rejected, keys of a part).
#[pyclass(frozen, module = "meshgate._native")]
struct Run(Mutex<State>);

impl Run {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut State) -> meshgate_engine::error::Result<T> + Send,
    ) -> PyResult<T> {
        enter(py, || {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let result = work(&mut state);
            if result.is_err() {
                // A failed run hands out nothing more, and its report does not exist.
                state.run = None;
                state.splits.clear();
                state.waiting.clear();
                state.batches = Batches::Taken;
            }
            result
        })
    }
}

#[pymethods]
impl Run {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    /// The next triple; each of it is a batch or `None`.
    #[allow(clippy::type_complexity)] // a triple of optional batches
    fn __next__(
        &self,
        py: Python<'_>,
    ) -> PyResult<Option<(Option<Batch>, Option<Batch>, Option<Batch>)>> {
        loop {
            py.check_signals()?;
            let (split, more) = self.with(py, |state| {
                if let Some(split) = state.splits.pop_front() {
                    return Ok((Some(split), true));
                }
                let more = state.advance()?;
                Ok((state.splits.pop_front(), more))
            })?;
            match (split, more) {
                (Some(split), _) => {
                    return Ok(Some((
                        split.accepted.map(Batch),
                        split.rejected.map(Batch),
                        split.keys.map(Batch),
                    )))
                }
                (None, true) => {}
                (None, false) => return Ok(None),
            }
        }
    }

    /// Rows judged so far.
    #[getter]
    fn rows(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rows
    }

    /// Bytes judged so far.
    #[getter]
    fn bytes(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// What the values so far look like as JSON, if a profile was asked for.
    fn profile(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.with(py, |state| {
            Ok(state.run.as_ref().and_then(EngineRun::profile).map(|found| found.to_json()))
        })
    }

    /// Ends the run: the report, and the digest of the input if one was asked for.
    fn finish(&self, py: Python<'_>) -> PyResult<(Report, Option<String>)> {
        self.with(py, |state| {
            let run = state
                .run
                .take()
                .ok_or_else(|| Error::new(Code::RunFinished, "the run is over or has failed"))?;
            let (report, digest) = run.finish()?;
            Ok((Report(report), digest))
        })
    }

    /// Ends the run of a part: what it contributes to the whole, as JSON.
    fn part(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |state| {
            let run = state
                .run
                .take()
                .ok_or_else(|| Error::new(Code::RunFinished, "the run is over or has failed"))?;
            Ok(run.part()?.to_json())
        })
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
        let batch = capsule::take_batch(batch)?;
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
