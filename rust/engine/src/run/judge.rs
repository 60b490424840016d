//! Judging one piece: a column at a time, and a morsel of it at a time.

use arrow_array::cast::AsArray;
use arrow_array::{make_array, Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_buffer::NullBuffer;

use super::{Fails, Judged, Marks, Piece, Tally, FIRST_ROWS, MORSEL};
use crate::checks::{DatasetState, OnNull, Rows};
use crate::error::{Error, Result};
use crate::fingerprint::{self, RowSum};
use crate::import::Incoming;
use crate::kernels::{bits, encoding};
use crate::plan::{Plan, Planned, Work};
use crate::unique::{self, KeyBlock, Seed};

/// The columns of a piece; each is vetted just before it is read for the first time.
struct Columns<'a> {
    incoming: &'a Incoming,
    vetted: Vec<Option<ArrayRef>>,
}

impl<'a> Columns<'a> {
    fn of(incoming: &'a Incoming) -> Self {
        Self { incoming, vetted: vec![None; incoming.columns()] }
    }

    fn get(&mut self, index: usize) -> Result<ArrayRef> {
        let place = self
            .vetted
            .get_mut(index)
            .ok_or_else(|| Error::internal("a plan names a column that its schema lacks"))?;
        if let Some(array) = place {
            return Ok(ArrayRef::clone(array));
        }
        Ok(ArrayRef::clone(place.insert(self.incoming.column(index)?)))
    }

    /// All columns, also those that nobody judges: what leaves must be sound.
    fn batch(mut self) -> Result<RecordBatch> {
        let all = (0..self.vetted.len()).map(|index| self.get(index)).collect::<Result<_>>()?;
        self.incoming.assemble(all)
    }
}

/// A column of a piece, ready for checks.
struct View {
    /// Plain, or a dictionary or runs with fewer values than the piece has rows.
    array: ArrayRef,
    nulls: Option<NullBuffer>,
    /// Valid rows; `None` when all are.
    valid: Option<Vec<u64>>,
    /// The validity of the structs around it.
    above: Option<NullBuffer>,
}

impl View {
    fn of(columns: &mut Columns<'_>, indices: &[usize]) -> Result<Self> {
        let mut at = indices.iter();
        let lost = || Error::internal("a plan names a column that its schema does not have");
        let mut array = columns.get(*at.next().ok_or_else(lost)?)?;
        let mut above: Option<NullBuffer> = None;
        for index in at {
            // A null struct hides its children, whatever they hold.
            array = encoding::decode(&array)?;
            above = NullBuffer::union(above.as_ref(), array.logical_nulls().as_ref());
            let child =
                array.as_struct_opt().and_then(|s| s.columns().get(*index)).ok_or_else(lost)?;
            array = ArrayRef::clone(child);
        }
        let nulls = NullBuffer::union(above.as_ref(), array.logical_nulls().as_ref());
        let array = encoding::settle(&array)?;
        Ok(Self { array, valid: bits::from_nulls(nulls.as_ref()), nulls, above })
    }

    fn null_count(&self) -> u64 {
        self.nulls.as_ref().map_or(0, |n| n.null_count() as u64)
    }

    /// The rows that lack a value although no struct around it is null; `None` when none does.
    fn missing(&self) -> Option<Vec<u64>> {
        let mut missing = bits::not(self.valid.as_ref()?, self.array.len());
        if let Some(above) = bits::from_nulls(self.above.as_ref()) {
            bits::and(&mut missing, &above);
        }
        Some(missing)
    }

    /// The rows that a check does not test, by what it makes of a null.
    fn skipped(&self, on_null: OnNull) -> u64 {
        match on_null {
            OnNull::Skips => self.null_count(),
            OnNull::Fails | OnNull::Holds => {
                self.above.as_ref().map_or(0, |n| n.null_count() as u64)
            }
        }
    }

    /// The values that rows refer to, when they are judged once for all of their rows.
    fn shared_values(&self) -> Option<&ArrayRef> {
        encoding::values(&self.array)
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

/// Judges one piece: every row check, and the keys for what follows. A clause is judged as soon as
/// the last of its columns is there, so that values are read while they are in cache.
pub(super) fn judge(
    plan: &Plan,
    piece: &Piece,
    seed: &Seed,
    keep: bool,
    part: Option<&Marks>,
) -> Result<Judged> {
    let mut columns = Columns::of(&piece.incoming);
    let mut judging = Judging {
        plan,
        rows: piece.incoming.rows(),
        base_row: piece.base_row,
        seed,
        part,
        views: Vec::with_capacity(plan.leaves.len()),
        tallies: plan.clauses.iter().map(|_| Tally::default()).collect(),
        fails: Vec::new(),
        blocks: Vec::new(),
        states: Vec::new(),
        prints: Vec::new(),
    };
    let mut fused = Vec::new();
    for (at, ready) in plan.ready.iter().enumerate() {
        if let Some(leaf) = at.checked_sub(1).and_then(|leaf| plan.leaves.get(leaf)) {
            judging.views.push(View::of(&mut columns, &leaf.indices)?);
        }
        for clause in ready {
            judging.clause(*clause, &mut fused)?;
        }
        if !fused.is_empty() {
            judging.column(at - 1, &fused, keep)?;
            fused.clear();
        }
    }
    let batch = columns.batch()?;
    let sum = match part.and_then(|marks| marks.rows.as_ref()) {
        Some(rows) => RowSum::of(rows, plan, &batch)?,
        None => RowSum::default(),
    };
    let Judging { tallies, fails, blocks, states, prints, .. } = judging;
    Ok(Judged { batch, tallies, fails, blocks, states, prints, sum })
}

/// A piece while it is judged.
struct Judging<'a> {
    plan: &'a Plan,
    rows: usize,
    base_row: u64,
    seed: &'a Seed,
    part: Option<&'a Marks>,
    views: Vec<View>,
    tallies: Vec<Tally>,
    fails: Fails,
    blocks: Vec<(usize, KeyBlock)>,
    states: Vec<(usize, DatasetState)>,
    prints: Vec<ArrayRef>,
}

impl Judging<'_> {
    fn view(&self, leaf: usize) -> Result<&View> {
        self.views.get(leaf).ok_or_else(|| Error::internal("a clause names no leaf of its plan"))
    }

    /// Judges one clause; row checks of one plain column are left in `fused`, to be judged together.
    fn clause(&mut self, at: usize, fused: &mut Vec<usize>) -> Result<()> {
        let plan = self.plan;
        let Some(clause) = plan.clauses.get(at) else {
            return Err(Error::internal("a plan is ready for a clause that it lacks"));
        };
        match &clause.work {
            Work::Decided { .. } => {}
            Work::NotNull { leaf } => {
                let view = self.view(*leaf)?;
                let (missing, skipped) = (view.missing(), view.skipped(OnNull::Fails));
                self.skip(at, skipped);
                if let Some(fail) = missing {
                    self.note(at, fail);
                }
            }
            Work::Always { leaf, .. } => {
                let nulls = self.view(*leaf)?.null_count();
                self.skip(at, nulls);
            }
            Work::Row { leaves, check, on_null } => match leaves.as_slice() {
                [leaf] if self.view(*leaf)?.shared_values().is_none() => fused.push(at),
                [leaf] => {
                    let view = self.view(*leaf)?;
                    let values = view
                        .shared_values()
                        .ok_or_else(|| Error::internal("an encoded column lost its values"))?;
                    let valid = bits::from_nulls(values.logical_nulls().as_ref());
                    let mut of_values = vec![0; bits::words(values.len())];
                    check.fail(&[ArrayRef::clone(values)], valid.as_deref(), &mut of_values)?;
                    let mut fail = vec![0; bits::words(self.rows)];
                    encoding::gather(&view.array, &of_values, &mut fail);
                    clear_invalid(&mut fail, view.valid.as_deref(), self.rows);
                    let floating = plan.leaves.get(*leaf).is_some_and(|l| l.floating);
                    let nan =
                        if floating { nan_rows(&encoding::decode(&view.array)?, &fail) } else { 0 };
                    if *on_null == OnNull::Fails {
                        bits::or(&mut fail, &view.missing().unwrap_or_default());
                    }
                    let nulls = view.skipped(*on_null);
                    self.skip(at, nulls);
                    if let Some(tally) = self.tallies.get_mut(at) {
                        tally.nan = nan;
                    }
                    self.note(at, fail);
                }
                many => {
                    let (arrays, nulls) = self.decoded(many)?;
                    let valid = bits::from_nulls(nulls.as_ref());
                    let mut fail = vec![0; bits::words(self.rows)];
                    check.fail(&arrays, valid.as_deref(), &mut fail)?;
                    clear_invalid(&mut fail, valid.as_deref(), self.rows);
                    self.skip(at, nulls.map_or(0, |n| n.null_count() as u64));
                    self.note(at, fail);
                }
            },
            Work::Key { leaves, spec, forbid_null, .. } => {
                let mut arrays = Vec::with_capacity(leaves.len());
                let mut nulls: Option<NullBuffer> = None;
                for leaf in leaves {
                    let view = self.view(*leaf)?;
                    arrays.push(view.with_nulls()?);
                    nulls = NullBuffer::union(nulls.as_ref(), view.nulls.as_ref());
                }
                if *forbid_null {
                    if let Some(valid) = bits::from_nulls(nulls.as_ref()) {
                        self.note(at, bits::not(&valid, self.rows));
                    }
                }
                if let Some(marks) = self.part {
                    let exempts = *forbid_null || spec.exempts_nulls();
                    let exempt = nulls.as_ref().filter(|_| exempts);
                    self.prints.push(fingerprint::keys(&marks.keys, &arrays, exempt)?);
                } else {
                    self.blocks
                        .push((at, unique::encode(spec, self.seed, &arrays, self.base_row)?));
                }
            }
            Work::Dataset { leaves, check } => {
                let (arrays, nulls) = self.decoded(leaves)?;
                let valid = bits::from_nulls(nulls.as_ref());
                let seen = Rows { columns: &arrays, valid: valid.as_deref() };
                let mut state = check.start();
                check.update(&mut state, &seen)?;
                self.states.push((at, state));
                self.skip(at, nulls.map_or(0, |n| n.null_count() as u64));
            }
        }
        Ok(())
    }

    /// Plain arrays of these leaves, and the rows where any is null.
    fn decoded(&self, leaves: &[usize]) -> Result<(Vec<ArrayRef>, Option<NullBuffer>)> {
        let mut arrays = Vec::with_capacity(leaves.len());
        let mut nulls = None;
        for leaf in leaves {
            let view = self.view(*leaf)?;
            arrays.push(encoding::decode(&view.array)?);
            nulls = NullBuffer::union(nulls.as_ref(), view.nulls.as_ref());
        }
        Ok((arrays, nulls))
    }

    fn skip(&mut self, clause: usize, nulls: u64) {
        if let Some(tally) = self.tallies.get_mut(clause) {
            tally.skipped_null = nulls;
        }
    }

    fn note(&mut self, clause: usize, fail: Vec<u64>) {
        let found = bits::count(&fail);
        if let Some(tally) = self.tallies.get_mut(clause).filter(|_| found > 0) {
            tally.failed += found;
            first_rows(tally, &fail, self.base_row);
            self.fails.push((clause, fail));
        }
    }

    /// All row checks of one plain column, a morsel at a time.
    fn column(&mut self, leaf: usize, clauses: &[usize], keep: bool) -> Result<()> {
        let plan = self.plan;
        let floating = plan.leaves.get(leaf).is_some_and(|leaf| leaf.floating);
        let view = self
            .views
            .get(leaf)
            .ok_or_else(|| Error::internal("a clause names no leaf of its plan"))?;
        let rows = view.array.len();
        let mut kept: Vec<Option<Vec<u64>>> = vec![None; clauses.len()];
        let mut fail = vec![0u64; bits::words(MORSEL.min(rows))];
        let on_null = |at: usize| match plan.clauses.get(at).map(|clause| &clause.work) {
            Some(Work::Row { on_null, .. }) => *on_null,
            _ => OnNull::Skips,
        };
        let judges_nulls = clauses.iter().any(|at| on_null(*at) == OnNull::Fails);
        let missing = if judges_nulls { view.missing() } else { None }.unwrap_or_default();
        let mut start = 0;
        while start < rows {
            let length = MORSEL.min(rows - start);
            let words = bits::words(length);
            let from = start / 64;
            let whole = start == 0 && length == rows;
            let morsel = [if whole {
                ArrayRef::clone(&view.array)
            } else {
                view.array.slice(start, length)
            }];
            let valid = view.valid.as_ref().and_then(|v| v.get(from..from + words));
            let fail = fail.get_mut(..words).unwrap_or_default();
            for (at, kept) in clauses.iter().zip(&mut kept) {
                let Some(Planned { work: Work::Row { check, .. }, .. }) = plan.clauses.get(*at)
                else {
                    continue;
                };
                fail.fill(0);
                check.fail(&morsel, valid, fail)?;
                clear_invalid(fail, valid, length);
                let nan = if floating { nan_rows(&morsel[0], fail) } else { 0 };
                if on_null(*at) == OnNull::Fails {
                    bits::or(fail, missing.get(from..from + words).unwrap_or_default());
                }
                let found = bits::count(fail);
                let Some(tally) = self.tallies.get_mut(*at).filter(|_| found > 0) else {
                    continue;
                };
                tally.failed += found;
                tally.nan += nan;
                first_rows(tally, fail, self.base_row + start as u64);
                let all = kept.get_or_insert_with(|| vec![0; bits::words(rows)]);
                if let Some(place) = all.get_mut(from..from + words) {
                    place.copy_from_slice(fail);
                }
            }
            start += length;
        }
        let skipped = [view.skipped(OnNull::Skips), view.skipped(OnNull::Fails)];
        for (at, kept) in clauses.iter().zip(kept) {
            self.skip(*at, skipped[usize::from(on_null(*at) != OnNull::Skips)]);
            let rejects = plan.clauses.get(*at).is_some_and(|c| c.rejects);
            if let Some(bits) = kept.filter(|_| keep || rejects) {
                self.fails.push((*at, bits));
            }
        }
        Ok(())
    }
}

fn clear_invalid(fail: &mut [u64], valid: Option<&[u64]>, rows: usize) {
    if let Some(valid) = valid {
        bits::and(fail, valid);
    }
    bits::trim(fail, rows);
}

fn first_rows(tally: &mut Tally, fail: &[u64], base_row: u64) {
    let room = FIRST_ROWS.saturating_sub(tally.first_rows.len());
    tally.first_rows.extend(bits::ones_of(fail).take(room).map(|row| base_row + row as u64));
}

fn nan_rows(array: &ArrayRef, fail: &[u64]) -> u64 {
    use arrow_array::types::{Float16Type, Float32Type, Float64Type};
    let half = array.as_primitive_opt::<Float16Type>().map(PrimitiveArray::values);
    let single = array.as_primitive_opt::<Float32Type>().map(PrimitiveArray::values);
    let double = array.as_primitive_opt::<Float64Type>().map(PrimitiveArray::values);
    bits::ones_of(fail)
        .filter(|row| {
            half.and_then(|v| v.get(*row)).is_some_and(|v| v.is_nan())
                || single.and_then(|v| v.get(*row)).is_some_and(|v| v.is_nan())
                || double.and_then(|v| v.get(*row)).is_some_and(|v| v.is_nan())
        })
        .count() as u64
}
