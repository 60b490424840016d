//! A run: one pass of a plan over one stream of batches.
//!
//! A window of batches is cut into pieces of whole morsels. Pieces are judged in parallel, a
//! column at a time and a morsel of it at a time, so that its values are read while they are in
//! cache. Keys are then absorbed in row order, and at last each piece is masked and split into
//! accepted and rejected rows. Counts and first rows are merged in row order: the report does not
//! depend on how rows were cut or on the number of threads.
//!
//! One file because a window goes through all of its phases here, in their order.

mod judge;
mod keys;
mod masked;
mod nan;
mod outcome;
mod part;
mod published;
mod references;
mod replay;
mod sequence;
mod split;
mod view;
mod within;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use serde::{Deserialize, Serialize};

use crate::checks::{DatasetState, Mark, Means, Survey, Totals};
use crate::digest::Digest;
use crate::error::{Code, Error, Result};
use crate::fingerprint;
use crate::import::Incoming;
use crate::kernels::bits;
use crate::plan::Plan;
use crate::profile::{Profile, Profiler};
use crate::report::{MaskOutcome, Report, Status};
use crate::unique::index::Published;
use crate::unique::{KeyBlock, Seed, Spill};
use fingerprint::{Keyed, RowSum};
use judge::judge;
pub use keys::Known;
use keys::{KeyVerdict, Keys};
use outcome::outcome;
pub use part::{Merge, Part};
use published::Publications;
pub use published::{Fresh, Wanted};
use references::References;
use replay::Replay;
use split::{rejected_bits, split};

/// Rows of a morsel: what is judged check by check while it is in cache. A multiple of 64.
const MORSEL: usize = 16 * 1024;
/// Most rows of a piece whose rows are also masked and split, and of an output batch.
const OUTPUT_PIECE: usize = 128 * 1024;
/// Most rows of a piece that is only judged: its columns stay in cache from check to check.
const PIECE: usize = 32 * 1024;
/// Below this many rows a window is not worth a second thread.
const PARALLEL_ROWS: usize = 64 * 1024;
/// First failing rows that the report names.
const FIRST_ROWS: usize = 10;

/// Why a clause that is judged across publications cannot pass.
const UNSEEN: &str = "judged within this data only: what is published was not looked at";

/// What the engine cannot know by itself.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // each is one independent wish
pub struct Options {
    /// Nanoseconds since the epoch; without it, ages are not enforced.
    pub now_ns: Option<i128>,
    /// Threads to use at most; 0 means as many as the machine offers.
    pub threads: usize,
    /// Most bytes that keys may occupy; the checks of a run share them, and each gets 1 MiB at
    /// least.
    pub memory_bytes: Option<usize>,
    /// Where keys go above that, in a run that only judges.
    pub spill: Option<Spill>,
    /// Whether the source can be read again, for [`Run::replay`] and [`Run::know`].
    pub replay: bool,
    /// In a run that only judges: keep which rows repeat keys, for [`Run::into_known`].
    pub keep_rows: bool,
    /// Random per run, so that nobody can aim keys at one place of a table.
    pub seed: u64,
    /// Produce accepted and rejected batches; otherwise only judge.
    pub outputs: bool,
    /// Compute a keyed digest of the input with this key.
    pub digest_key: Option<Vec<u8>>,
    /// Judge a part of a stream that a [`Merge`] puts together: keys are not judged, and splits
    /// carry their fingerprints under this key.
    pub part_key: Option<Vec<u8>>,
    /// Look at the values too.
    pub profile: bool,
    /// The keys of what is published, for clauses that are judged across publications; without
    /// them such a clause cannot pass.
    pub published: Vec<Arc<Published>>,
}

/// What became of one piece of the stream.
#[derive(Debug)]
pub struct Split {
    /// Rows that failed no check of severity `error`, masked; `None` when there are none.
    /// In a part whose plan has keys they carry ordinals and checks, as rejected rows do.
    pub accepted: Option<RecordBatch>,
    /// The other rows, masked, with their ordinals and the checks they failed.
    pub rejected: Option<RecordBatch>,
    /// Of a part whose plan has keys: the fingerprints of all rows, in their order.
    pub keys: Option<RecordBatch>,
}

/// One pass of a plan over one stream. Used once.
#[derive(Debug)]
pub struct Run {
    plan: Arc<Plan>,
    options: Options,
    threads: usize,
    rows: u64,
    rejected: u64,
    tallies: Vec<Tally>,
    keys: Keys,
    publications: Publications,
    states: Vec<Option<DatasetState>>,
    references: References,
    /// The farthest value so far, for checks of the order of rows.
    reached: Vec<Option<Mark>>,
    seed: Seed,
    digest: Option<Digest>,
    part: Option<Marks>,
    sum: RowSum,
    profiler: Option<Profiler>,
    replay: Option<Replay>,
    broken: bool,
    starved: bool,
}

/// How the rows of a part are marked for whoever merges the parts.
#[derive(Debug)]
struct Marks {
    keys: Keyed,
    rows: Option<Keyed>,
}

/// Failing rows of one piece, by clause; only clauses that have some.
type Fails = Vec<(usize, Vec<u64>)>;

/// Counts of one clause, merged in row order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tally {
    skipped_when: u64,
    skipped_null: u64,
    /// Rows for which an expression has no outcome because of an overflow.
    faults: u64,
    failed: u64,
    nan: u64,
    first_rows: Vec<u64>,
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.skipped_when += other.skipped_when;
        self.skipped_null += other.skipped_null;
        self.faults += other.faults;
        self.failed += other.failed;
        self.nan += other.nan;
        let room = FIRST_ROWS.saturating_sub(self.first_rows.len());
        self.first_rows.extend(other.first_rows.into_iter().take(room));
    }
}

/// What phase one leaves behind for a piece.
struct Judged {
    batch: RecordBatch,
    tallies: Vec<Tally>,
    /// Failing rows per clause, only where there are any.
    fails: Fails,
    blocks: Vec<(usize, KeyBlock)>,
    /// What dataset checks remember of the piece, by clause.
    states: Vec<(usize, DatasetState)>,
    /// Fingerprints of the keys, and the sum of those of the rows; only of a part.
    prints: Vec<ArrayRef>,
    sum: RowSum,
    /// The order of the rows among themselves, by clause.
    surveys: Vec<(usize, Survey)>,
}

/// What judging a piece needs beside the plan.
struct Context<'a> {
    means: Means<'a>,
    references: &'a References,
    part: Option<&'a Marks>,
    /// Whether failing rows are asked for, also of checks that reject none.
    keep: bool,
}

struct Piece {
    incoming: Incoming,
    base_row: u64,
}

/// Threads that the machine offers this process. Asked once: the answer is in several files.
fn available() -> usize {
    static AVAILABLE: OnceLock<usize> = OnceLock::new();
    *AVAILABLE.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

impl Run {
    /// A run that has seen nothing.
    ///
    /// # Errors
    /// Only for a bug.
    pub fn new(plan: Arc<Plan>, options: Options) -> Result<Self> {
        let threads = if options.threads == 0 { available() } else { options.threads };
        let seed = Seed::new(options.seed);
        let keys = Keys::new(&plan, &options, &seed);
        let digest_key = options.digest_key.as_deref();
        let (digest, part) = match &options.part_key {
            None => (digest_key.map(|key| Digest::new(key, plan.outputs.len())), None),
            Some(key) => {
                let rows = digest_key.map(|key| Keyed::new(key, part::ROWS)).transpose()?;
                (None, Some(Marks { keys: Keyed::new(key, part::KEYS)?, rows }))
            }
        };
        let means = Means { seed: &seed, memory_bytes: options.memory_bytes };
        Ok(Self {
            tallies: plan.clauses.iter().map(|_| Tally::default()).collect(),
            states: plan.clauses.iter().map(|clause| clause.work.start(&means)).collect(),
            profiler: options.profile.then(|| Profiler::new(&plan.profiled)),
            references: References::new(&plan),
            publications: Publications::new(&options),
            reached: vec![None; plan.clauses.len()],
            plan,
            options,
            threads,
            rows: 0,
            rejected: 0,
            keys,
            seed,
            digest,
            part,
            sum: RowSum::default(),
            replay: None,
            broken: false,
            starved: false,
        })
    }

    /// Rows seen so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    fn means(&self) -> Means<'_> {
        Means { seed: &self.seed, memory_bytes: self.options.memory_bytes }
    }

    /// Checks that the next batches of the stream are sound, judges them, and splits them when
    /// outputs are wanted.
    ///
    /// # Errors
    /// `source.invalid_arrow`, `source.schema_changed`, `limit.memory`; after an error the run is
    /// over, unless it is [`Self::starved`].
    pub fn process(&mut self, batches: &[Incoming]) -> Result<Vec<Split>> {
        self.usable()?;
        let result = self.window(batches);
        batches.iter().for_each(Incoming::window_done);
        self.broken = result.is_err() && !self.waits();
        result
    }

    /// Whether the run goes on with the same batches, once it got what it lacks: see
    /// [`Self::starved`] and [`Self::wanted`].
    pub fn waits(&self) -> bool {
        self.starved || !self.wanted().is_empty()
    }

    /// What of the index of published keys must be proved or mended before the run can go on.
    pub fn wanted(&self) -> &[Wanted] {
        self.publications.wanted()
    }

    /// What was [`Self::wanted`] is there; the batches of that call are to be given once more.
    pub fn brought(&mut self) {
        self.publications.brought();
    }

    fn window(&mut self, batches: &[Incoming]) -> Result<Vec<Split>> {
        let pieces = self.cut(batches, self.rows)?;
        let rows: usize = pieces.iter().map(|p| p.incoming.rows()).sum();
        let threads = if rows < PARALLEL_ROWS { 1 } else { self.threads };
        let plan = Arc::clone(&self.plan);
        let outputs = self.options.outputs;
        let context = Context {
            means: self.means(),
            references: &self.references,
            part: self.part.as_ref(),
            keep: outputs,
        };
        let mut judged = parallel(threads, &pieces, |piece| judge(&plan, piece, &context))?;

        let mut known = self.publications.resolve(&plan, &pieces, &mut judged, threads)?;
        let repeats = self.keys.absorb(&plan, &self.seed, &mut judged, threads);
        self.starved = outputs && repeats.as_ref().is_err_and(|error| error.code == Code::Memory);
        let repeats = repeats?;
        // From here on the window is taken: nothing before may leave a trace, it may come again.
        self.publications.remember(&mut known)?;
        sequence::resolve(&plan, &pieces, &mut judged, &mut self.reached, threads)?;
        if let Some(digest) = &mut self.digest {
            digest.update(&plan, judged.iter().map(|j| &j.batch), threads)?;
        }
        if let Some(profiler) = &mut self.profiler {
            let work: Vec<_> = pieces.iter().map(|piece| piece.base_row).zip(&judged).collect();
            let look =
                |(row, judged): &(u64, &Judged)| profiler.look(&plan.profiled, &judged.batch, *row);
            for seen in parallel(threads, &work, look)? {
                profiler.merge(seen);
            }
        }
        let keyed = judged.iter().any(|piece| !piece.prints.is_empty());
        let splits = if outputs || keyed {
            let work: Vec<_> = pieces.iter().zip(&judged).zip(&repeats).collect();
            parallel(threads, &work, |((piece, judged), repeats)| {
                split(&plan, piece, judged, repeats, outputs)
            })?
        } else {
            Vec::new()
        };
        for (at, ((piece, judged), repeats)) in pieces.iter().zip(judged).zip(&repeats).enumerate()
        {
            self.sum.merge(&judged.sum);
            if outputs && known.any() {
                let rejected = rejected_bits(&plan, piece, &judged.fails, repeats);
                self.publications.gather(&known, at, &rejected)?;
            }
            if !outputs {
                let rejected = rejected_bits(&plan, piece, &judged.fails, repeats);
                self.rejected += bits::count(&rejected);
                self.keys.reject(piece.base_row, &rejected);
            }
            for (tally, more) in self.tallies.iter_mut().zip(judged.tallies) {
                tally.merge(more);
            }
            remember(&self.plan, &mut self.states, judged.states)?;
        }
        self.rows += rows as u64;
        self.rejected += splits
            .iter()
            .map(|s| s.rejected.as_ref().map_or(0, RecordBatch::num_rows) as u64)
            .sum::<u64>();
        Ok(splits)
    }

    /// Pieces of the batches; the first row of all has this ordinal.
    fn cut(&self, batches: &[Incoming], mut base_row: u64) -> Result<Vec<Piece>> {
        let rows: usize = batches.iter().map(Incoming::rows).sum();
        let share = rows.div_ceil(self.threads.max(1)).next_multiple_of(MORSEL);
        let most = if self.options.outputs { OUTPUT_PIECE } else { PIECE };
        let limit = share.clamp(MORSEL, most);
        let mut pieces = Vec::new();
        for batch in batches {
            same_types(&self.plan, batch.schema())?;
            let mut start = 0;
            while start < batch.rows() {
                let incoming = batch.slice(start, limit);
                let length = incoming.rows();
                pieces.push(Piece { incoming, base_row });
                base_row += length as u64;
                start += length;
            }
        }
        Ok(pieces)
    }

    fn usable(&self) -> Result<()> {
        if self.broken || self.waits() {
            return Err(Error::new(Code::RunFinished, "the run has failed before"));
        }
        Ok(())
    }

    /// What the values of the rows so far look like, if a profile was asked for.
    pub fn profile(&self) -> Option<Profile> {
        let profiler = self.profiler.as_ref()?;
        Some(profiler.profile(&self.plan.profiled, self.rows))
    }

    /// Ends the run: the report, the digest of the input if one was asked for, and the keys of
    /// accepted rows that an index is to take up.
    ///
    /// # Errors
    /// `engine.run_finished` after a failure.
    pub fn finish(self) -> Result<(Report, Option<String>, Fresh)> {
        self.usable()?;
        if self.part.is_some() {
            return Err(Error::internal("a part of a stream has no report of its own"));
        }
        let digest = self.digest.map(Digest::finish);
        if let Some(replay) = self.replay {
            replay.agrees(self.rows, digest.as_deref())?;
        }
        let (mut keys, repeated) = self.keys.finish(self.rows, digest.as_deref(), self.threads)?;
        let across = self.publications.clauses();
        let fresh = self.publications.finish(&mut keys)?;
        let totals = Totals { rows: self.rows, now_ns: self.options.now_ns };
        let found = Found { tallies: self.tallies, keys, across, states: self.states };
        let rejected = self.rejected + repeated;
        Ok((report(&self.plan, &totals, rejected, &self.references, found)?, digest, fresh))
    }

    /// Ends the run of a part: what it contributes to the report of the whole stream.
    ///
    /// # Errors
    /// `engine.run_finished` after a failure.
    pub fn part(self) -> Result<Part> {
        self.usable()?;
        let Some(marks) = self.part else {
            return Err(Error::internal("a run over a whole stream is no part"));
        };
        let states = self.plan.clauses.iter().zip(&self.states).map(|(clause, state)| {
            let found = clause.work.dataset().zip(state.as_ref());
            found.map(|(check, state)| check.carry(state)).transpose().map(Option::flatten)
        });
        Ok(Part {
            states: states.collect::<Result<_>>()?,
            rows: self.rows,
            rejected: self.rejected,
            tallies: self.tallies,
            sum: marks.rows.map(|_| self.sum),
        })
    }
}

/// Merges what dataset checks remember of the next rows.
fn remember(
    plan: &Plan,
    states: &mut [Option<DatasetState>],
    next: Vec<(usize, DatasetState)>,
) -> Result<()> {
    for (clause, later) in next {
        let check = plan.clauses.get(clause).and_then(|c| c.work.dataset());
        if let (Some(check), Some(Some(state))) = (check, states.get_mut(clause)) {
            check.merge(state, later)?;
        }
    }
    Ok(())
}

/// What was counted of a whole stream: by clause, the keys only of those that have some.
struct Found {
    tallies: Vec<Tally>,
    keys: Vec<(usize, KeyVerdict)>,
    /// Clauses whose keys were compared with what is published.
    across: Vec<usize>,
    states: Vec<Option<DatasetState>>,
}

/// The report of a stream from its counts.
fn report(
    plan: &Plan,
    totals: &Totals,
    rejected: u64,
    references: &References,
    found: Found,
) -> Result<Report> {
    let mut checks = Vec::with_capacity(plan.clauses.len());
    let Found { tallies, mut keys, across, states } = found;
    let found = tallies.into_iter().zip(states);
    for (at, (clause, (tally, state))) in plan.clauses.iter().zip(found).enumerate() {
        let keys = keys.iter().position(|(clause, _)| *clause == at).map(|at| keys.swap_remove(at));
        let keys = keys.map(|(_, keys)| keys);
        let unseen = (clause.work.across() && !across.contains(&at)).then(|| UNSEEN.to_owned());
        let unreferred = references.missing_for(at, &clause.work).or(unseen);
        checks.push(outcome(clause, tally, keys, state, unreferred, totals)?);
    }
    let status = checks.iter().fold(Status::Pass, |worst, c| worst.worst(c.status));
    let masks = plan.masks.iter().map(|mask| MaskOutcome {
        column: mask.column.clone(),
        method: mask.method.clone(),
        domain: mask.domain.clone(),
        key_id: mask.key_id.clone(),
        rows: totals.rows,
    });
    Ok(Report {
        dataset: plan.dataset.clone(),
        status,
        rows: totals.rows,
        accepted_rows: totals.rows - rejected,
        rejected_rows: rejected,
        checks,
        masks: masks.collect(),
    })
}

/// Runs `work` over all items with scoped threads; results come back in the order of the items, and
/// of several errors that of the first item that has one.
fn parallel<I: Sync, O: Send>(
    threads: usize,
    items: &[I],
    work: impl Fn(&I) -> Result<O> + Sync,
) -> Result<Vec<O>> {
    if threads <= 1 || items.len() <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let mut all: Vec<(usize, Result<O>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(items.len()))
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at) else {
                            return done;
                        };
                        let output = work(item);
                        let failed = output.is_err();
                        done.push((at, output));
                        if failed {
                            return done;
                        }
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| Error::internal("a worker panicked")))
            .collect::<Result<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    // Items are taken in order, so no item before the first that failed was left out.
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, output)| output).collect()
}

fn same_types(plan: &Plan, schema: &SchemaRef) -> Result<()> {
    let promised = plan.input_schema();
    if Arc::ptr_eq(promised, schema) {
        return Ok(());
    }
    let same = promised.fields().len() == schema.fields().len()
        && promised
            .fields()
            .iter()
            .zip(schema.fields())
            .all(|(a, b)| a.name() == b.name() && a.data_type().equals_datatype(b.data_type()));
    if same {
        Ok(())
    } else {
        Err(Error::new(Code::SchemaChanged, "a batch has other columns or types than the plan")
            .help("compile a plan for that schema, or make the producer keep one schema"))
    }
}
