//! `Run`: windows are pulled from a source and judged, without the interpreter lock.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use meshgate_engine::error::{Code, Error, Result};
use meshgate_engine::import::{held, Incoming};
use meshgate_engine::plan::Plan;
use meshgate_engine::run::{Fresh, Known as EngineKnown, Options, Run as EngineRun, Split};
use pyo3::prelude::*;

use crate::engine::{Batch, Report};
use crate::enter::{enter, fault};
use crate::source::{Batches, Reference, Source};

/// Rows that are pulled before they are judged together.
const WINDOW_ROWS: usize = 512 * 1024;
/// Bytes that are pulled before they are judged together.
const WINDOW_BYTES: u64 = 64 << 20;

/// The next rows of a stream, of which some may be waiting already.
struct Window {
    batches: Vec<Incoming>,
    bytes: u64,
}

impl Window {
    fn pull(from: &mut Batches, waiting: &mut VecDeque<Incoming>) -> Result<Self> {
        let mut window = Self { batches: Vec::new(), bytes: 0 };
        let mut rows = 0;
        while rows < WINDOW_ROWS && window.bytes < WINDOW_BYTES {
            let next = match waiting.pop_front() {
                Some(batch) => Some(batch),
                None => from.next()?,
            };
            let Some(batch) = next else { break };
            let room = WINDOW_ROWS - rows;
            if batch.rows() > room {
                waiting.push_front(batch.slice(room, batch.rows() - room));
            }
            let batch = batch.slice(0, room);
            rows += batch.rows();
            window.bytes += batch.bytes();
            window.batches.push(batch);
        }
        Ok(window)
    }
}

struct State {
    run: Option<EngineRun>,
    /// The keys of accepted rows, once the run is over.
    fresh: Option<Fresh>,
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
    fn run(&mut self) -> Result<&mut EngineRun> {
        self.run.as_mut().ok_or_else(over)
    }

    /// Pulls and judges one window, of reference data as long as there is some. False at the end
    /// of the stream.
    fn advance(&mut self) -> Result<bool> {
        if self.refer()? {
            return Ok(true);
        }
        let window = Window::pull(&mut self.batches, &mut self.waiting)?;
        if window.batches.is_empty() {
            return Ok(false);
        }
        let run = self.run()?;
        match run.process(&window.batches) {
            Ok(splits) => {
                self.rows = run.rows();
                self.splits.extend(splits);
                self.bytes += window.bytes;
                Ok(true)
            }
            Err(error) => {
                // Once the run knows its keys, these come again.
                window.batches.into_iter().rev().for_each(|batch| self.waiting.push_front(batch));
                Err(error)
            }
        }
    }

    /// Pulls one window of reference data. False when all of it is there.
    fn refer(&mut self) -> Result<bool> {
        let Some((name, batches)) = self.references.front_mut() else { return Ok(false) };
        let run = self.run.as_mut().ok_or_else(over)?;
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

/// Which rows repeat a key, as one run has found it for another.
#[pyclass(frozen, module = "meshgate._native")]
pub(crate) struct Known(Mutex<Option<EngineKnown>>);

/// One pass of a plan over one source: an iterator of triples (accepted, rejected, keys of a part).
#[pyclass(frozen, module = "meshgate._native")]
pub(crate) struct Run(Mutex<State>);

impl Run {
    /// A run of the plan over these batches; foreign keys point to the references by name.
    pub(crate) fn start(
        plan: &Arc<Plan>,
        options: Options,
        batches: Batches,
        references: HashMap<String, Reference<'_>>,
    ) -> PyResult<Self> {
        let mut run = EngineRun::new(Arc::clone(plan), options).map_err(fault)?;
        let mut unread = VecDeque::new();
        for (name, reference) in references {
            match reference {
                Reference::Absent(reason) => run.excuse(&name, &reason),
                Reference::Data(source) => {
                    run.refer(&name, &held(&source.get().declared)).map_err(fault)?;
                    unread.push_back((name, source.get().take()?));
                }
            }
        }
        Ok(Self(Mutex::new(State {
            run: Some(run),
            fresh: None,
            references: unread,
            batches,
            waiting: VecDeque::new(),
            splits: VecDeque::new(),
            rows: 0,
            bytes: 0,
        })))
    }

    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut State) -> Result<T> + Send,
    ) -> PyResult<T> {
        enter(py, || {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let result = work(&mut state);
            if result.is_err() && !state.run.as_ref().is_some_and(EngineRun::waits) {
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

    /// Whether the keys have outgrown the memory budget, so that `know` is needed to go on.
    #[getter]
    fn starved(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.run.as_ref().is_some_and(EngineRun::starved)
    }

    /// Judges what is judged at the end; whether the source should be read again, for `replay`.
    fn judge(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, |state| state.run()?.judge())
    }

    /// Takes the whole source once more, opened again.
    fn replay(&self, py: Python<'_>, source: &Bound<'_, Source>) -> PyResult<()> {
        let mut batches = source.get().take()?;
        let mut waiting = VecDeque::new();
        loop {
            py.check_signals()?;
            let more = self.with(py, |state| {
                let window = Window::pull(&mut batches, &mut waiting)?;
                if window.batches.is_empty() {
                    return Ok(false);
                }
                state.run()?.replay(&window.batches)?;
                Ok(true)
            })?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Ends a run that only judged, and hands over which rows repeat a key.
    fn known(&self, py: Python<'_>) -> PyResult<Known> {
        self.with(py, |state| {
            let run = state.run.take().ok_or_else(over)?;
            Ok(Known(Mutex::new(Some(run.into_known()?))))
        })
    }

    /// Goes on, starved, with what another run over the same data has found.
    fn know(&self, py: Python<'_>, known: &Bound<'_, Known>) -> PyResult<()> {
        let known = known.get().0.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.with(py, |state| {
            let known = known.ok_or_else(|| Error::internal("keys were known twice"))?;
            state.run()?.know(known);
            Ok(())
        })
    }

    /// Ends the run: the report, and the digest of the input if one was asked for.
    fn finish(&self, py: Python<'_>) -> PyResult<(Report, Option<String>)> {
        self.with(py, |state| {
            let run = state.run.take().ok_or_else(over)?;
            let (report, digest, fresh) = run.finish()?;
            state.fresh = Some(fresh);
            Ok((Report(report), digest))
        })
    }

    /// What of the index of published keys must be proved or mended before the run can go on: per
    /// clause the numbers of the segments.
    #[getter]
    fn wanted(&self) -> Vec<(usize, Vec<usize>, Vec<usize>)> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = state.run.as_ref().map(EngineRun::wanted).unwrap_or_default();
        wanted.iter().map(|w| (w.clause, w.doubts.clone(), w.damaged.clone())).collect()
    }

    /// Goes on: what was wanted is there.
    fn brought(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |state| {
            state.run.iter_mut().for_each(EngineRun::brought);
            Ok(())
        })
    }

    /// Writes the keys of the accepted rows of one clause as a segment that covers these data files;
    /// once, when the run is over.
    fn write_keys(
        &self,
        py: Python<'_>,
        clause: usize,
        path: PathBuf,
        files: Vec<String>,
    ) -> PyResult<()> {
        self.with(py, |state| state.fresh.as_mut().ok_or_else(over)?.write(clause, &path, files))
    }

    /// Ends the run of a part: what it contributes to the whole, as JSON.
    fn part(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |state| {
            let run = state.run.take().ok_or_else(over)?;
            Ok(run.part()?.to_json())
        })
    }
}

fn over() -> Error {
    Error::new(Code::RunFinished, "the run is over or has failed")
}
