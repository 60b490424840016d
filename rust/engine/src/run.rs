//! A run: one pass of a plan over one stream of batches.
//!
//! A window of batches is cut into pieces of whole morsels. Pieces are judged in parallel, a
//! column at a time and a morsel of it at a time, so that its values are read while they are in
//! cache. Keys are then absorbed in row order, and at last each piece is masked and split into
//! accepted and rejected rows. Counts and first rows are merged in row order: the report does not
//! depend on how rows were cut or on the number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{
    make_array, Array, ArrayRef, BooleanArray, LargeListArray, ListArray, RecordBatch,
    RecordBatchOptions, StructArray, UInt64Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, SchemaRef};
use arrow_select::filter::{FilterBuilder, FilterPredicate};

use crate::checks::{Partial, Totals, Verdict};
use crate::digest::Digest;
use crate::error::{Code, Error, Result};
use crate::kernels::{bits, encoding};
use crate::masks::Mask as _;
use crate::plan::{MaskTree, Plan, Planned, Work};
use crate::report::{CheckOutcome, MaskOutcome, Report, Status};
use crate::unique::{self, KeyBlock, Outcome as KeyOutcome, Repeats, Resident, Seed};

/// Rows of a morsel: what is judged check by check while it is in cache. A multiple of 64.
const MORSEL: usize = 16 * 1024;
/// Most rows of a piece, and of an output batch.
const PIECE: usize = 128 * 1024;
/// Below this many rows a window is not worth a second thread.
const PARALLEL_ROWS: usize = 64 * 1024;
/// First failing rows that the report names.
const FIRST_ROWS: usize = 10;

/// What the engine cannot know by itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Nanoseconds since the epoch; without it, ages are not enforced.
    pub now_ns: Option<i128>,
    /// Threads to use at most; 0 means as many as the machine offers.
    pub threads: usize,
    /// Most bytes that keys may occupy.
    pub memory_bytes: Option<usize>,
    /// Random per run, so that nobody can aim keys at one place of a table.
    pub seed: u64,
    /// Produce accepted and rejected batches; otherwise only judge.
    pub outputs: bool,
    /// Compute a keyed digest of the input with this key.
    pub digest_key: Option<Vec<u8>>,
}

/// What became of one piece of the stream.
#[derive(Debug)]
pub struct Split {
    /// Rows that failed no check of severity `error`, masked; `None` when there are none.
    pub accepted: Option<RecordBatch>,
    /// The other rows, masked, with their ordinals and the checks they failed.
    pub rejected: Option<RecordBatch>,
}

/// One pass of a plan over one stream. Used once.
#[derive(Debug)]
pub struct Run {
    plan: Arc<Plan>,
    options: Options,
    threads: usize,
    rows: u64,
    rejected: u64,
    bytes: u64,
    tallies: Vec<Tally>,
    keys: Vec<Option<Resident>>,
    seed: Seed,
    digest: Option<Digest>,
    broken: bool,
}

/// Counts of one clause, merged in row order.
#[derive(Debug, Default)]
struct Tally {
    skipped_null: u64,
    failed: u64,
    nan: u64,
    first_rows: Vec<u64>,
    partial: Partial,
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.skipped_null += other.skipped_null;
        self.failed += other.failed;
        self.nan += other.nan;
        let room = FIRST_ROWS.saturating_sub(self.first_rows.len());
        self.first_rows.extend(other.first_rows.into_iter().take(room));
        self.partial.merge(&other.partial);
    }
}

/// What phase one leaves behind for a piece.
struct Judged {
    tallies: Vec<Tally>,
    /// Failing rows per clause, only where there are any.
    fails: Vec<(usize, Vec<u64>)>,
    blocks: Vec<(usize, KeyBlock)>,
}

struct Piece {
    batch: RecordBatch,
    base_row: u64,
}

impl Run {
    /// A run that has seen nothing.
    ///
    /// # Errors
    /// Never today; state that cannot be set up would be refused here.
    pub fn new(plan: Arc<Plan>, options: Options) -> Result<Self> {
        let available = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if options.threads == 0 { available } else { options.threads };
        let seed = Seed::new(options.seed);
        let keys = plan
            .clauses
            .iter()
            .map(|clause| match &clause.work {
                Work::Key { .. } => Some(Resident::new(&seed, options.memory_bytes)),
                _ => None,
            })
            .collect();
        let digest =
            options.digest_key.as_deref().map(|key| Digest::new(key, plan.outputs.len()));
        Ok(Self {
            tallies: plan.clauses.iter().map(|_| Tally::default()).collect(),
            plan,
            options,
            threads,
            rows: 0,
            rejected: 0,
            bytes: 0,
            keys,
            seed,
            digest,
            broken: false,
        })
    }

    /// Rows seen so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the buffers seen so far, as the slices count them.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Judges the next batches of the stream, and splits them when outputs are wanted.
    ///
    /// # Errors
    /// `source.schema_changed`, `limit.memory`; after an error the run is over.
    pub fn process(&mut self, batches: &[RecordBatch]) -> Result<Vec<Split>> {
        if self.broken {
            return Err(Error::new(Code::RunFinished, "the run has failed before"));
        }
        let result = self.window(batches);
        self.broken = result.is_err();
        result
    }

    fn window(&mut self, batches: &[RecordBatch]) -> Result<Vec<Split>> {
        let pieces = self.pieces(batches)?;
        let rows: usize = pieces.iter().map(|p| p.batch.num_rows()).sum();
        let threads = if rows < PARALLEL_ROWS { 1 } else { self.threads };
        let plan = Arc::clone(&self.plan);
        let (outputs, seed) = (self.options.outputs, &self.seed);
        let mut judged = parallel(threads, &pieces, |piece| judge(&plan, piece, seed, outputs))?;

        let repeats = self.absorb(&mut judged, threads)?;
        if let Some(digest) = &mut self.digest {
            digest.update(&plan, pieces.iter().map(|p| &p.batch), threads)?;
        }
        let splits = if outputs {
            let work: Vec<_> = pieces.iter().zip(&judged).zip(&repeats).collect();
            parallel(threads, &work, |((piece, judged), repeats)| {
                split(&plan, piece, judged, repeats)
            })?
        } else {
            Vec::new()
        };
        for ((piece, judged), repeats) in pieces.iter().zip(judged).zip(&repeats) {
            if !outputs {
                self.rejected += bits::count(&rejected_bits(&plan, piece, &judged.fails, repeats));
            }
            for (tally, more) in self.tallies.iter_mut().zip(judged.tallies) {
                tally.merge(more);
            }
        }
        self.rows += rows as u64;
        self.rejected += splits
            .iter()
            .map(|s| s.rejected.as_ref().map_or(0, RecordBatch::num_rows) as u64)
            .sum::<u64>();
        Ok(splits)
    }

    fn pieces(&mut self, batches: &[RecordBatch]) -> Result<Vec<Piece>> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let share = rows.div_ceil(self.threads.max(1)).next_multiple_of(MORSEL);
        let limit = share.clamp(MORSEL, PIECE);
        let mut base_row = self.rows;
        let mut pieces = Vec::new();
        for batch in batches {
            same_types(&self.plan, &batch.schema())?;
            self.bytes += batch
                .columns()
                .iter()
                .map(|c| c.to_data().get_slice_memory_size().unwrap_or(0) as u64)
                .sum::<u64>();
            let mut start = 0;
            while start < batch.num_rows() {
                let length = limit.min(batch.num_rows() - start);
                pieces.push(Piece { batch: batch.slice(start, length), base_row });
                base_row += length as u64;
                start += length;
            }
        }
        Ok(pieces)
    }

    /// Feeds the keys of all pieces in row order; per piece the rows that repeat an earlier key.
    fn absorb(
        &mut self,
        judged: &mut [Judged],
        threads: usize,
    ) -> Result<Vec<Vec<(usize, Vec<u64>)>>> {
        let mut repeats: Vec<Vec<(usize, Vec<u64>)>> = judged.iter().map(|_| Vec::new()).collect();
        for (clause, resident) in self.keys.iter_mut().enumerate() {
            let Some(resident) = resident else { continue };
            let mut blocks = Vec::with_capacity(judged.len());
            for piece in judged.iter_mut() {
                let at = piece.blocks.iter().position(|(c, _)| *c == clause);
                blocks.extend(at.map(|at| piece.blocks.swap_remove(at).1));
            }
            let found = resident.absorb(blocks, threads).map_err(|e| {
                e.at(self.plan.clauses.get(clause).map_or_else(String::new, |c| c.pointer.clone()))
            })?;
            for (piece, Repeats { words, count }) in repeats.iter_mut().zip(found) {
                if count > 0 {
                    piece.push((clause, words));
                }
            }
        }
        Ok(repeats)
    }

    /// Ends the run: the report, and the digest of the input if one was asked for.
    ///
    /// # Errors
    /// `engine.run_finished` after a failure.
    pub fn finish(self) -> Result<(Report, Option<String>)> {
        if self.broken {
            return Err(Error::new(Code::RunFinished, "the run has failed before"));
        }
        let totals = Totals { rows: self.rows, now_ns: self.options.now_ns };
        let mut checks = Vec::with_capacity(self.tallies.len());
        for ((clause, tally), keys) in
            self.plan.clauses.iter().zip(self.tallies).zip(self.keys)
        {
            let keys = keys.map(Resident::finish).transpose()?;
            checks.push(outcome(clause, tally, keys, &totals));
        }
        let status = checks.iter().fold(Status::Pass, |worst, c| worst.worst(c.status));
        let masks = self
            .plan
            .masks
            .iter()
            .map(|mask| MaskOutcome {
                column: mask.column.clone(),
                method: mask.method.clone(),
                domain: mask.domain.clone(),
                key_id: mask.key_id.clone(),
                rows: self.rows,
            })
            .collect();
        let report = Report {
            dataset: self.plan.dataset.clone(),
            status,
            rows: self.rows,
            accepted_rows: self.rows - self.rejected,
            rejected_rows: self.rejected,
            checks,
            masks,
        };
        Ok((report, self.digest.map(Digest::finish)))
    }
}

/// Runs `work` over all items with scoped threads; results come back in the order of the items.
fn parallel<I: Sync, O: Send>(
    threads: usize,
    items: &[I],
    work: impl Fn(&I) -> Result<O> + Sync,
) -> Result<Vec<O>> {
    if threads <= 1 || items.len() <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let parts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(items.len()))
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at) else { return Ok(done) };
                        done.push((at, work(item)?));
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker.join().unwrap_or_else(|_| Err(Error::internal("a worker panicked")))
            })
            .collect::<Result<Vec<Vec<(usize, O)>>>>()
    })?;
    let mut all: Vec<(usize, O)> = parts.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, output)| output).collect())
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

/// A column of a piece, ready for checks.
struct View {
    /// Plain, or a dictionary that is smaller than the piece.
    array: ArrayRef,
    nulls: Option<NullBuffer>,
    /// Valid rows; `None` when all are.
    valid: Option<Vec<u64>>,
}

impl View {
    fn of(batch: &RecordBatch, indices: &[usize]) -> Result<Self> {
        let mut at = indices.iter();
        let lost = || Error::internal("a plan names a column that its schema does not have");
        let first = at.next().and_then(|i| batch.columns().get(*i)).ok_or_else(lost)?;
        let mut array = ArrayRef::clone(first);
        let mut above: Option<NullBuffer> = None;
        for index in at {
            // A null struct hides its children, whatever they hold.
            array = encoding::decode(&array)?;
            above = NullBuffer::union(above.as_ref(), array.logical_nulls().as_ref());
            let child = array.as_struct_opt().and_then(|s| s.columns().get(*index)).ok_or_else(lost)?;
            array = ArrayRef::clone(child);
        }
        let nulls = NullBuffer::union(above.as_ref(), array.logical_nulls().as_ref());
        let array = encoding::settle(&array)?;
        Ok(Self { array, valid: bits::from_nulls(nulls.as_ref()), nulls })
    }

    fn null_count(&self) -> u64 {
        self.nulls.as_ref().map_or(0, |n| n.null_count() as u64)
    }

    fn is_dictionary(&self) -> bool {
        matches!(self.array.data_type(), DataType::Dictionary(..))
    }

    /// The values with the nulls of this view, for keys.
    fn with_nulls(&self) -> Result<ArrayRef> {
        let own = self.array.logical_nulls().map_or(0, |n| n.null_count());
        if own as u64 == self.null_count() {
            return Ok(ArrayRef::clone(&self.array));
        }
        let plain = encoding::decode(&self.array)?;
        let data = plain.to_data().into_builder().nulls(self.nulls.clone()).build();
        data.map(make_array).map_err(|_| Error::internal("a struct's nulls do not fit its child"))
    }
}

fn judge(plan: &Plan, piece: &Piece, seed: &Seed, keep: bool) -> Result<Judged> {
    let rows = piece.batch.num_rows();
    let views = plan
        .leaves
        .iter()
        .map(|leaf| View::of(&piece.batch, &leaf.indices))
        .collect::<Result<Vec<_>>>()?;
    let view = |leaf: usize| {
        views.get(leaf).ok_or_else(|| Error::internal("a clause names no leaf of its plan"))
    };
    let mut judged = Judged {
        tallies: plan.clauses.iter().map(|_| Tally::default()).collect(),
        fails: Vec::new(),
        blocks: Vec::new(),
    };
    // Checks of one plain column, by column, so that each morsel is judged by all of them.
    let mut by_leaf: Vec<Vec<usize>> = vec![Vec::new(); plan.leaves.len()];
    for (at, (clause, tally)) in plan.clauses.iter().zip(&mut judged.tallies).enumerate() {
        match &clause.work {
            Work::Decided { .. } => {}
            Work::NotNull { leaf } => {
                if let Some(valid) = &view(*leaf)?.valid {
                    let mut fail = bits::ones(rows);
                    for (f, v) in fail.iter_mut().zip(valid) {
                        *f &= !v;
                    }
                    note(tally, &mut judged.fails, at, fail, piece.base_row);
                }
            }
            Work::Always { leaf, .. } => tally.skipped_null = view(*leaf)?.null_count(),
            Work::Row { leaves, check } => match leaves.as_slice() {
                [leaf] if !view(*leaf)?.is_dictionary() => {
                    if let Some(list) = by_leaf.get_mut(*leaf) {
                        list.push(at);
                    }
                }
                [leaf] => {
                    let view = view(*leaf)?;
                    tally.skipped_null = view.null_count();
                    let values = ArrayRef::clone(view.array.as_any_dictionary().values());
                    let valid = bits::from_nulls(values.logical_nulls().as_ref());
                    let mut of_values = vec![0; bits::words(values.len())];
                    check.fail(&[ArrayRef::clone(&values)], valid.as_deref(), &mut of_values)?;
                    let mut fail = vec![0; bits::words(rows)];
                    encoding::gather(&view.array, &of_values, &mut fail);
                    clear_invalid(&mut fail, view.valid.as_deref(), rows);
                    if plan.leaves.get(*leaf).is_some_and(|l| l.floating) {
                        tally.nan = nan_rows(&encoding::decode(&view.array)?, &fail);
                    }
                    note(tally, &mut judged.fails, at, fail, piece.base_row);
                }
                many => {
                    let mut arrays = Vec::with_capacity(many.len());
                    let mut nulls = None;
                    for leaf in many {
                        let view = view(*leaf)?;
                        arrays.push(encoding::decode(&view.array)?);
                        nulls = NullBuffer::union(nulls.as_ref(), view.nulls.as_ref());
                    }
                    tally.skipped_null = nulls.as_ref().map_or(0, |n| n.null_count() as u64);
                    let valid = bits::from_nulls(nulls.as_ref());
                    let mut fail = vec![0; bits::words(rows)];
                    check.fail(&arrays, valid.as_deref(), &mut fail)?;
                    clear_invalid(&mut fail, valid.as_deref(), rows);
                    note(tally, &mut judged.fails, at, fail, piece.base_row);
                }
            },
            Work::Key { leaves, spec, forbid_null, .. } => {
                let mut arrays = Vec::with_capacity(leaves.len());
                let mut nulls: Option<NullBuffer> = None;
                for leaf in leaves {
                    let view = view(*leaf)?;
                    arrays.push(view.with_nulls()?);
                    nulls = NullBuffer::union(nulls.as_ref(), view.nulls.as_ref());
                }
                if *forbid_null {
                    if let Some(valid) = bits::from_nulls(nulls.as_ref()) {
                        let mut fail = bits::ones(rows);
                        for (f, v) in fail.iter_mut().zip(valid) {
                            *f &= !v;
                        }
                        note(tally, &mut judged.fails, at, fail, piece.base_row);
                    }
                }
                judged.blocks.push((at, unique::encode(spec, seed, &arrays, piece.base_row)?));
            }
            Work::Dataset { leaves, check } => {
                let mut arrays = Vec::with_capacity(leaves.len());
                let mut nulls: Option<NullBuffer> = None;
                for leaf in leaves {
                    let view = view(*leaf)?;
                    arrays.push(encoding::decode(&view.array)?);
                    nulls = NullBuffer::union(nulls.as_ref(), view.nulls.as_ref());
                }
                tally.skipped_null = nulls.as_ref().map_or(0, |n| n.null_count() as u64);
                let valid = bits::from_nulls(nulls.as_ref());
                tally.partial = check.update(&arrays, valid.as_deref())?;
            }
        }
    }
    for ((leaf, clauses), view) in plan.leaves.iter().zip(&by_leaf).zip(&views) {
        if !clauses.is_empty() {
            judge_column(plan, view, clauses, leaf.floating, piece.base_row, keep, &mut judged)?;
        }
    }
    Ok(judged)
}

/// All row checks of one plain column, a morsel at a time.
fn judge_column(
    plan: &Plan,
    view: &View,
    clauses: &[usize],
    floating: bool,
    base_row: u64,
    keep: bool,
    judged: &mut Judged,
) -> Result<()> {
    let rows = view.array.len();
    let mut kept: Vec<Option<Vec<u64>>> = vec![None; clauses.len()];
    let mut fail = vec![0u64; bits::words(MORSEL.min(rows))];
    let mut start = 0;
    while start < rows {
        let length = MORSEL.min(rows - start);
        let words = bits::words(length);
        let from = start / 64;
        let whole = start == 0 && length == rows;
        let morsel =
            [if whole { ArrayRef::clone(&view.array) } else { view.array.slice(start, length) }];
        let valid = view.valid.as_ref().and_then(|v| v.get(from..from + words));
        let fail = fail.get_mut(..words).unwrap_or_default();
        for (at, kept) in clauses.iter().zip(&mut kept) {
            let Some(Planned { work: Work::Row { check, .. }, .. }) = plan.clauses.get(*at) else {
                continue;
            };
            fail.fill(0);
            check.fail(&morsel, valid, fail)?;
            clear_invalid(fail, valid, length);
            let found = bits::count(fail);
            let Some(tally) = judged.tallies.get_mut(*at).filter(|_| found > 0) else { continue };
            tally.failed += found;
            first_rows(tally, fail, base_row + start as u64);
            if floating {
                tally.nan += nan_rows(&morsel[0], fail);
            }
            let all = kept.get_or_insert_with(|| vec![0; bits::words(rows)]);
            if let Some(place) = all.get_mut(from..from + words) {
                place.copy_from_slice(fail);
            }
        }
        start += length;
    }
    let nulls = view.null_count();
    for (at, kept) in clauses.iter().zip(kept) {
        if let Some(tally) = judged.tallies.get_mut(*at) {
            tally.skipped_null = nulls;
        }
        let rejects = plan.clauses.get(*at).is_some_and(|c| c.rejects);
        if let Some(bits) = kept.filter(|_| keep || rejects) {
            judged.fails.push((*at, bits));
        }
    }
    Ok(())
}

fn clear_invalid(fail: &mut [u64], valid: Option<&[u64]>, rows: usize) {
    if let Some(valid) = valid {
        bits::and(fail, valid);
    }
    bits::trim(fail, rows);
}

fn note(
    tally: &mut Tally,
    fails: &mut Vec<(usize, Vec<u64>)>,
    clause: usize,
    fail: Vec<u64>,
    base_row: u64,
) {
    let found = bits::count(&fail);
    if found > 0 {
        tally.failed += found;
        first_rows(tally, &fail, base_row);
        fails.push((clause, fail));
    }
}

fn first_rows(tally: &mut Tally, fail: &[u64], base_row: u64) {
    let room = FIRST_ROWS.saturating_sub(tally.first_rows.len());
    tally.first_rows.extend(bits::ones_of(fail).take(room).map(|row| base_row + row as u64));
}

fn nan_rows(array: &ArrayRef, fail: &[u64]) -> u64 {
    use arrow_array::types::{Float32Type, Float64Type};
    let single = array.as_primitive_opt::<Float32Type>().map(|a| a.values());
    let double = array.as_primitive_opt::<Float64Type>().map(|a| a.values());
    bits::ones_of(fail)
        .filter(|row| {
            single.and_then(|v| v.get(*row)).is_some_and(|v| v.is_nan())
                || double.and_then(|v| v.get(*row)).is_some_and(|v| v.is_nan())
        })
        .count() as u64
}

fn rejected_bits(
    plan: &Plan,
    piece: &Piece,
    fails: &[(usize, Vec<u64>)],
    repeats: &[(usize, Vec<u64>)],
) -> Vec<u64> {
    let mut rejected = vec![0; bits::words(piece.batch.num_rows())];
    for (clause, fail) in fails.iter().chain(repeats) {
        if plan.clauses.get(*clause).is_some_and(|c| c.rejects) {
            bits::or(&mut rejected, fail);
        }
    }
    rejected
}

/// Masks a piece and splits it.
fn split(
    plan: &Plan,
    piece: &Piece,
    judged: &Judged,
    repeats: &[(usize, Vec<u64>)],
) -> Result<Split> {
    let rows = piece.batch.num_rows();
    let rejected = rejected_bits(plan, piece, &judged.fails, repeats);
    let count = bits::count(&rejected) as usize;
    let mut columns = Vec::with_capacity(plan.outputs.len());
    for output in &plan.outputs {
        let column = piece
            .batch
            .columns()
            .get(output.index)
            .ok_or_else(|| Error::internal("an output names no column of its batch"))?;
        columns.push(match &output.mask {
            Some(tree) => tree.apply(column)?,
            None => ArrayRef::clone(column),
        });
    }
    let accepted = plan.accepted_schema();
    if count == 0 {
        return Ok(Split { accepted: Some(assemble(accepted, columns, rows)?), rejected: None });
    }
    let bad = BooleanArray::new(bits::to_boolean(&rejected, rows), None);
    let mut bad_columns = filter(&columns, &bad)?;
    bad_columns.push(Arc::new(UInt64Array::from_iter_values(
        bits::ones_of(&rejected).map(|row| piece.base_row + row as u64),
    )));
    bad_columns.push(check_ids(plan, &rejected, &judged.fails, repeats));
    let rejected = assemble(plan.quarantine_schema(), bad_columns, count)?;
    let accepted = if count == rows {
        None
    } else {
        let good = BooleanArray::new(!bad.values(), None);
        Some(assemble(accepted, filter(&columns, &good)?, rows - count)?)
    };
    Ok(Split { accepted, rejected: Some(rejected) })
}

fn filter(columns: &[ArrayRef], keep: &BooleanArray) -> Result<Vec<ArrayRef>> {
    let mut builder = FilterBuilder::new(keep);
    if columns.len() > 1 {
        builder = builder.optimize();
    }
    let predicate: FilterPredicate = builder.build();
    columns
        .iter()
        .map(|column| {
            predicate.filter(column).map_err(|_| Error::internal("a column could not be filtered"))
        })
        .collect()
}

/// Per rejected row the ids of the checks it failed, in contract order.
fn check_ids(
    plan: &Plan,
    rejected: &[u64],
    fails: &[(usize, Vec<u64>)],
    repeats: &[(usize, Vec<u64>)],
) -> ArrayRef {
    // A primary key can fail by null and by repetition: one id per row all the same.
    let mut by_clause: Vec<(usize, Vec<u64>)> = Vec::new();
    for (clause, fail) in fails.iter().chain(repeats) {
        match by_clause.iter_mut().find(|(c, _)| c == clause) {
            Some((_, all)) => bits::or(all, fail),
            None => by_clause.push((*clause, fail.clone())),
        }
    }
    by_clause.sort_unstable_by_key(|(clause, _)| *clause);
    let field = Arc::new(Field::new("item", DataType::Utf8, false));
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
    for row in bits::ones_of(rejected) {
        for (clause, fail) in &by_clause {
            if bits::get(fail, row) {
                if let Some(clause) = plan.clauses.get(*clause) {
                    builder.values().append_value(&clause.id);
                }
            }
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn assemble(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|_| Error::internal("output columns do not match the output schema"))
}

impl MaskTree {
    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let lost = || Error::internal("a nested mask met another type than it was compiled for");
        match self {
            Self::Leaf(mask) => mask.apply(column),
            Self::Fields(trees) => {
                let parent = column.as_struct_opt().ok_or_else(lost)?;
                let mut columns = Vec::with_capacity(trees.len());
                let mut fields = Vec::with_capacity(trees.len());
                for ((child, field), tree) in
                    parent.columns().iter().zip(parent.fields()).zip(trees)
                {
                    match tree {
                        Some(tree) => {
                            let masked = tree.apply(child)?;
                            fields.push(Arc::new(Field::new(
                                field.name(),
                                masked.data_type().clone(),
                                true,
                            )));
                            columns.push(masked);
                        }
                        None => {
                            fields.push(Arc::clone(field));
                            columns.push(ArrayRef::clone(child));
                        }
                    }
                }
                let built = StructArray::try_new(fields.into(), columns, parent.nulls().cloned());
                Ok(Arc::new(built.map_err(|_| lost())?))
            }
            Self::Items(tree) => {
                if let Some(list) = column.as_list_opt::<i32>() {
                    let values = tree.apply(list.values())?;
                    let field = Field::new("item", values.data_type().clone(), true);
                    let name = match list.data_type() {
                        DataType::List(f) => field.with_name(f.name()),
                        _ => field,
                    };
                    let built = ListArray::try_new(
                        Arc::new(name),
                        list.offsets().clone(),
                        values,
                        list.nulls().cloned(),
                    );
                    return Ok(Arc::new(built.map_err(|_| lost())?));
                }
                let list = column.as_list_opt::<i64>().ok_or_else(lost)?;
                let values = tree.apply(list.values())?;
                let field = Field::new("item", values.data_type().clone(), true);
                let name = match list.data_type() {
                    DataType::LargeList(f) => field.with_name(f.name()),
                    _ => field,
                };
                let built = LargeListArray::try_new(
                    Arc::new(name),
                    list.offsets().clone(),
                    values,
                    list.nulls().cloned(),
                );
                Ok(Arc::new(built.map_err(|_| lost())?))
            }
        }
    }
}

fn outcome(
    clause: &Planned,
    tally: Tally,
    keys: Option<KeyOutcome>,
    totals: &Totals,
) -> CheckOutcome {
    let mut outcome = CheckOutcome {
        id: clause.id.clone(),
        check: clause.check.clone(),
        columns: clause.columns.clone(),
        severity: clause.severity.clone(),
        dimension: clause.dimension.clone(),
        status: Status::Pass,
        reason: None,
        rows: totals.rows,
        tested: totals.rows - tally.skipped_null,
        skipped_null: tally.skipped_null,
        failed_rows: tally.failed,
        nan_rows: tally.nan,
        failed_groups: None,
        surplus: None,
        first_rows: tally.first_rows,
        observed: None,
        bound: None,
        max_rows: clause.threshold.max_rows,
        max_pct: clause.max_pct.clone(),
        clause: clause.pointer.clone(),
    };
    let broken = if clause.rejects { Status::Fail } else { Status::Warn };
    match &clause.work {
        Work::Decided { status, reason } => {
            outcome.status = *status;
            outcome.reason.clone_from(reason);
            outcome.tested = 0;
            return outcome;
        }
        Work::Dataset { check, .. } => {
            outcome.bound = Some(check.bound());
            match check.finish(&tally.partial, totals) {
                Verdict::Holds { observed } => outcome.observed = Some(observed),
                Verdict::Fails { observed, reason } => {
                    outcome.observed = Some(observed);
                    outcome.reason = reason;
                    outcome.status = broken;
                }
                Verdict::NotEnforced { reason } => {
                    outcome.reason = Some(reason);
                    outcome.status = Status::NotEnforced;
                }
            }
            return outcome;
        }
        Work::Always { why, .. } => outcome.reason = Some(format!("cannot fail: {why}")),
        Work::Key { keep_first, forbid_null, .. } => {
            if let Some(keys) = keys {
                outcome.failed_groups = Some(keys.groups);
                outcome.surplus = Some(keys.surplus);
                let (failed, first) = if *keep_first {
                    (keys.surplus, keys.first_surplus)
                } else {
                    (keys.members, keys.first_members)
                };
                // Null keys of a primary key were tallied; repeated keys come on top.
                outcome.failed_rows += failed;
                outcome.first_rows.extend(first);
                outcome.first_rows.sort_unstable();
                outcome.first_rows.dedup();
                outcome.first_rows.truncate(FIRST_ROWS);
                if !*forbid_null {
                    outcome.skipped_null = keys.exempt;
                    outcome.tested = totals.rows - keys.exempt;
                }
            }
        }
        Work::NotNull { .. } | Work::Row { .. } => {}
    }
    if !clause.threshold.tolerates(outcome.failed_rows, outcome.tested) {
        outcome.status = broken;
    }
    outcome
}
