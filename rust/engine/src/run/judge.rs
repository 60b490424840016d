//! Judging one piece: a column at a time, and a morsel of it at a time.

use arrow_array::cast::AsArray;
use arrow_array::{make_array, Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::{Judged, Marks, Piece, Tally, FIRST_ROWS, MORSEL};
use crate::checks::Rows;
use crate::error::{Error, Result};
use crate::fingerprint::{self, RowSum};
use crate::kernels::{bits, encoding};
use crate::plan::{Plan, Planned, Work};
use crate::unique::{self, Seed};

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
            let child =
                array.as_struct_opt().and_then(|s| s.columns().get(*index)).ok_or_else(lost)?;
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

/// Judges one piece: every row check, and the keys for what follows.
pub(super) fn judge(
    plan: &Plan,
    piece: &Piece,
    seed: &Seed,
    keep: bool,
    part: Option<&Marks>,
) -> Result<Judged> {
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
        states: Vec::new(),
        prints: Vec::new(),
        sum: RowSum::default(),
    };
    if let Some(rows) = part.and_then(|marks| marks.rows.as_ref()) {
        judged.sum = RowSum::of(rows, plan, &piece.batch)?;
    }
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
                if let Some(marks) = part {
                    let exempts = *forbid_null || spec.exempts_nulls();
                    let exempt = nulls.as_ref().filter(|_| exempts);
                    judged.prints.push(fingerprint::keys(&marks.keys, &arrays, exempt)?);
                } else {
                    judged.blocks.push((at, unique::encode(spec, seed, &arrays, piece.base_row)?));
                }
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
                let seen = Rows { columns: &arrays, valid: valid.as_deref() };
                let mut state = check.start();
                check.update(&mut state, &seen)?;
                judged.states.push((at, state));
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
            let Some(tally) = judged.tallies.get_mut(*at).filter(|_| found > 0) else {
                continue;
            };
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
    let single = array.as_primitive_opt::<Float32Type>().map(PrimitiveArray::values);
    let double = array.as_primitive_opt::<Float64Type>().map(PrimitiveArray::values);
    bits::ones_of(fail)
        .filter(|row| {
            single.and_then(|v| v.get(*row)).is_some_and(|v: &f32| f32::is_nan(*v))
                || double.and_then(|v| v.get(*row)).is_some_and(|v: &f64| f64::is_nan(*v))
        })
        .count() as u64
}
