//! Judging one piece: a column at a time, and a morsel of it at a time.
//!
//! One file because every kind of clause reads the same views, conditions and tallies of the piece.

mod items;

use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;

use super::nan;
use super::view::{Columns, View};
use super::within::{condition, Within};
use super::{Context, Fails, Judged, Piece, Tally, FIRST_ROWS, MORSEL};
use crate::checks::{DatasetState, OnNull, RowCheck, Rows, Survey};
use crate::error::{Error, Result};
use crate::fingerprint::{self, RowSum};
use crate::kernels::{bits, encoding};
use crate::plan::{Condition, Plan, Planned, Work};
use crate::predicate::{Input, Truth};
use crate::unique::{self, KeyBlock, Seed};

/// Judges one piece: every row check, and the keys for what follows. A clause is judged as soon as
/// the last of its columns is there, so that values are read while they are in cache.
pub(super) fn judge(plan: &Plan, piece: &Piece, context: &Context<'_>) -> Result<Judged> {
    let mut columns = Columns::of(&piece.incoming);
    let mut judging = Judging {
        plan,
        rows: piece.incoming.rows(),
        base_row: piece.base_row,
        context,
        views: Vec::with_capacity(plan.leaves.len()),
        truths: vec![None; plan.conditions.len()],
        tallies: plan.clauses.iter().map(|_| Tally::default()).collect(),
        fails: Vec::new(),
        blocks: Vec::new(),
        states: Vec::new(),
        prints: Vec::new(),
        surveys: Vec::new(),
    };
    let mut fused = Vec::new();
    for (at, ready) in plan.ready.iter().enumerate() {
        if let Some(leaf) = at.checked_sub(1).and_then(|leaf| plan.leaves.get(leaf)) {
            judging.views.push(View::of(&mut columns, &leaf.path)?);
        }
        for clause in ready {
            judging.clause(*clause, &mut fused)?;
        }
        fused.sort_by_key(|(leaf, _)| *leaf);
        for clauses in fused.chunk_by(|a, b| a.0 == b.0) {
            judging.column(clauses, context.keep)?;
        }
        fused.clear();
    }
    let batch = columns.batch()?;
    let sum = match context.part.and_then(|marks| marks.rows.as_ref()) {
        Some(rows) => RowSum::of(rows, plan, &batch)?,
        None => RowSum::default(),
    };
    let Judging { tallies, fails, blocks, states, mut prints, surveys, .. } = judging;
    // Clauses are judged as their columns come; fingerprints stand in the order of the clauses.
    prints.sort_by_key(|(clause, _)| *clause);
    let prints = prints.into_iter().map(|(_, print)| print).collect();
    Ok(Judged { batch, tallies, fails, blocks, states, prints, sum, surveys })
}

/// The keys of these clauses alone.
pub(super) fn keys_of(
    plan: &Plan,
    piece: &Piece,
    seed: &Seed,
    clauses: &[usize],
) -> Result<Vec<(usize, KeyBlock)>> {
    let mut columns = Columns::of(&piece.incoming);
    let mut blocks = Vec::with_capacity(clauses.len());
    for at in clauses {
        let Some(Planned { work: Work::Key { leaves, spec, .. }, when, .. }) =
            plan.clauses.get(*at)
        else {
            continue;
        };
        let truth = match when.and_then(|when| plan.conditions.get(when)) {
            None => None,
            Some(condition) => {
                let leaves = condition.leaves.iter().filter_map(|leaf| plan.leaves.get(*leaf));
                let views = leaves.map(|leaf| View::of(&mut columns, &leaf.path));
                Some(judged_by(
                    condition,
                    views.collect::<Result<Vec<_>>>()?.iter(),
                    piece.incoming.rows(),
                )?)
            }
        };
        let within = truth.as_ref().map(|truth| truth.yes.as_slice());
        let leaves = leaves.iter().filter_map(|leaf| plan.leaves.get(*leaf));
        let arrays = leaves.map(|leaf| View::of(&mut columns, &leaf.path)?.with_nulls());
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let keys = unique::encode_within(spec, seed, &arrays, within, piece.base_row)?;
        blocks.push((*at, keys));
    }
    Ok(blocks)
}

/// The outcome of a condition over the views of its leaves.
fn judged_by<'a>(
    condition: &Condition,
    views: impl IntoIterator<Item = &'a View>,
    rows: usize,
) -> Result<Truth> {
    let input = |view: &'a View| Input { array: &view.array, valid: view.valid.as_deref() };
    let inputs: Vec<_> = views.into_iter().map(input).collect();
    condition.predicate.evaluate(&inputs, rows)
}

/// A piece while it is judged.
struct Judging<'a> {
    plan: &'a Plan,
    rows: usize,
    base_row: u64,
    context: &'a Context<'a>,
    views: Vec<View>,
    /// Outcomes of the plan's conditions, as they are needed.
    truths: Vec<Option<Truth>>,
    tallies: Vec<Tally>,
    fails: Fails,
    blocks: Vec<(usize, KeyBlock)>,
    states: Vec<(usize, DatasetState)>,
    prints: Vec<(usize, ArrayRef)>,
    surveys: Vec<(usize, Survey)>,
}

impl Judging<'_> {
    fn view(&self, leaf: usize) -> Result<&View> {
        self.views.get(leaf).ok_or_else(|| Error::internal("a clause names no leaf of its plan"))
    }

    fn within(&self, clause: &Planned) -> Result<Within<'_>> {
        Within::of(clause, &self.truths, self.rows)
    }

    /// Judges a condition, unless another clause needed it before.
    fn truth(&mut self, at: usize) -> Result<()> {
        let lost = || Error::internal("a clause names no condition of its plan");
        if self.truths.get(at).is_some_and(Option::is_some) {
            return Ok(());
        }
        let condition = self.plan.conditions.get(at).ok_or_else(lost)?;
        let views = condition.leaves.iter().map(|leaf| self.view(*leaf));
        let truth = judged_by(condition, views.collect::<Result<Vec<_>>>()?, self.rows)?;
        *self.truths.get_mut(at).ok_or_else(lost)? = Some(truth);
        Ok(())
    }

    /// Judges one clause; row checks of one plain column are left in `fused` with that column, to be
    /// judged together.
    fn clause(&mut self, at: usize, fused: &mut Vec<(usize, usize)>) -> Result<()> {
        let plan = self.plan;
        let Some(clause) = plan.clauses.get(at) else {
            return Err(Error::internal("a plan is ready for a clause that it lacks"));
        };
        for condition in clause.conditions() {
            self.truth(condition)?;
        }
        if let (Some(when), Some(tally)) = (clause.when, self.tallies.get_mut(at)) {
            let when = condition(&self.truths, when)?;
            tally.skipped_when = self.rows as u64 - bits::count(&when.yes);
            tally.faults += when.fault.as_deref().map_or(0, bits::count);
        }
        match &clause.work {
            Work::Decided { .. } => {}
            Work::NotNull { leaf } => {
                let view = self.view(*leaf)?;
                let within = self.within(clause)?;
                let missing = view.missing().map(|slots| view.rows_of(slots));
                let skipped = view.skipped(OnNull::Fails, &within);
                self.skip(at, skipped);
                if let Some(mut fail) = missing {
                    self.within(clause)?.keep(&mut fail);
                    self.note(at, fail);
                }
            }
            Work::Expression { condition: own } => {
                let truth = condition(&self.truths, *own)?;
                let within = self.within(clause)?;
                let nulls = within.missing(Some(&truth.known()));
                let mut fail = truth.no.clone();
                within.keep(&mut fail);
                let mut fault = truth.fault.clone().unwrap_or_default();
                within.keep(&mut fault);
                self.skip(at, nulls);
                if let Some(tally) = self.tallies.get_mut(at) {
                    tally.faults += bits::count(&fault);
                }
                self.note(at, fail);
            }
            Work::Always { leaf, .. } => {
                let nulls = self.view(*leaf)?.skipped(OnNull::Skips, &self.within(clause)?);
                self.skip(at, nulls);
            }
            Work::Row { leaves, check, on_null } if self.inside_lists(leaves)? => {
                self.items(at, clause, leaves, check.as_ref(), *on_null)?;
            }
            Work::Row { leaves, check, on_null } => match leaves.as_slice() {
                [leaf] if self.view(*leaf)?.shared_values().is_none() => fused.push((*leaf, at)),
                [leaf] => {
                    let view = self.view(*leaf)?;
                    let mut fail = by_value(view, check.as_ref())?;
                    let within = self.within(clause)?;
                    within.keep(&mut fail);
                    let floating = plan.leaves.get(*leaf).is_some_and(|l| l.floating);
                    let nan = if floating {
                        nan::rows(&[encoding::decode(&view.array)?], &fail)
                    } else {
                        0
                    };
                    if *on_null == OnNull::Fails {
                        bits::or(&mut fail, &view.missing().unwrap_or_default());
                        within.keep(&mut fail);
                    }
                    let nulls = view.skipped(*on_null, &within);
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
                    let within = self.within(clause)?;
                    within.keep(&mut fail);
                    let nulls = within.missing(valid.as_deref());
                    self.skip(at, nulls);
                    if let Some(tally) = self.tallies.get_mut(at) {
                        tally.nan = nan::rows(&arrays, &fail);
                    }
                    self.note(at, fail);
                }
            },
            Work::Key { leaves, spec, forbid_null, .. } => {
                let views = leaves.iter().map(|leaf| self.view(*leaf));
                let views = views.collect::<Result<Vec<_>>>()?;
                let arrays = views.iter().map(|view| view.with_nulls());
                let arrays = arrays.collect::<Result<Vec<_>>>()?;
                let nulls = NullBuffer::union_many(views.iter().map(|view| view.nulls.as_ref()));
                if *forbid_null {
                    if let Some(valid) = bits::from_nulls(nulls.as_ref()) {
                        let mut fail = bits::not(&valid, self.rows);
                        self.within(clause)?.keep(&mut fail);
                        self.note(at, fail);
                    }
                }
                if let Some(marks) = self.context.part {
                    let exempts = *forbid_null || spec.exempts_nulls();
                    let nulls = nulls.as_ref().filter(|_| exempts);
                    let inside = self.within(clause)?.nulls();
                    let exempt = NullBuffer::union(nulls, inside.as_ref());
                    let prints = fingerprint::keys(&marks.keys, &arrays, exempt.as_ref())?;
                    self.prints.push((at, prints));
                } else {
                    let within = self.within(clause)?.bits();
                    let seed = self.context.means.seed;
                    let keys = unique::encode_within(spec, seed, &arrays, within, self.base_row)?;
                    self.blocks.push((at, keys));
                }
            }
            Work::Foreign { leaves, .. } => {
                if let Some(keys) = self.context.references.get(at) {
                    let columns = leaves.iter().map(|leaf| self.view(*leaf)?.with_nulls());
                    let columns = columns.collect::<Result<Vec<_>>>()?;
                    let within = self.within(clause)?.bits();
                    let mut fail = vec![0; bits::words(self.rows)];
                    let exempt = keys.missing(&self.context.means, &columns, within, &mut fail)?;
                    self.skip(at, exempt);
                    self.note(at, fail);
                }
            }
            Work::Sequence { leaf, check } => {
                let view = self.view(*leaf)?;
                let columns = [encoding::decode(&view.array)?];
                let within = self.within(clause)?;
                let nulls = within.missing(view.valid.as_deref());
                let valid = within.valid(view.valid.clone());
                let (inside, count) = (within.bits(), within.count());
                let seen = Rows { columns: &columns, valid: valid.as_deref(), inside, count };
                let mut survey = check.survey(&seen, self.rows)?;
                survey.inside = within.bits().map(<[u64]>::to_vec);
                self.surveys.push((at, survey));
                self.skip(at, nulls);
            }
            Work::Dataset { leaves, check } => {
                let columns =
                    leaves.iter().map(|leaf| encoding::decode(&self.view(*leaf)?.with_nulls()?));
                let columns = columns.collect::<Result<Vec<_>>>()?;
                let first = leaves.first().map(|leaf| self.view(*leaf)).transpose()?;
                let valid = first.and_then(|view| view.valid.clone());
                let within = self.within(clause)?;
                let nulls = within.missing(valid.as_deref());
                let valid = within.valid(valid);
                let (inside, count) = (within.bits(), within.count());
                let seen = Rows { columns: &columns, valid: valid.as_deref(), inside, count };
                let mut state = check.start(&self.context.means);
                check.update(&mut state, &seen)?;
                self.states.push((at, state));
                if !check.judges_nulls() {
                    self.skip(at, nulls);
                }
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
        note(&mut self.tallies, &mut self.fails, clause, fail, self.base_row);
    }

    /// All row checks of one plain column, a morsel at a time. `clauses` carry the column's leaf.
    fn column(&mut self, clauses: &[(usize, usize)], keep: bool) -> Result<()> {
        let plan = self.plan;
        let Some((leaf, _)) = clauses.first().copied() else { return Ok(()) };
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
        let judges_nulls = clauses.iter().any(|(_, at)| on_null(*at) == OnNull::Fails);
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
            for ((_, at), kept) in clauses.iter().zip(&mut kept) {
                let Some(Planned { work: Work::Row { check, .. }, when, .. }) =
                    plan.clauses.get(*at)
                else {
                    continue;
                };
                fail.fill(0);
                check.fail(&morsel, valid, fail)?;
                clear_invalid(fail, valid, length);
                let inside = match when {
                    Some(when) => condition(&self.truths, *when)?.yes.get(from..from + words),
                    None => None,
                };
                if let Some(inside) = inside {
                    bits::and(fail, inside);
                }
                let nan = if floating { nan::rows(&morsel, fail) } else { 0 };
                if on_null(*at) == OnNull::Fails {
                    bits::or(fail, missing.get(from..from + words).unwrap_or_default());
                    if let Some(inside) = inside {
                        bits::and(fail, inside);
                    }
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
        for ((_, at), kept) in clauses.iter().zip(kept) {
            let Some(clause) = plan.clauses.get(*at) else { continue };
            let within = self.within(clause)?;
            let nulls = self.view(leaf)?.skipped(on_null(*at), &within);
            self.skip(*at, nulls);
            if let Some(bits) = kept.filter(|_| keep || clause.rejects) {
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

/// The failing slots of an encoded column, whose values are judged once each.
fn by_value(view: &View, check: &dyn RowCheck) -> Result<Vec<u64>> {
    let values =
        view.shared_values().ok_or_else(|| Error::internal("an encoded column lost its values"))?;
    let valid = bits::from_nulls(values.logical_nulls().as_ref());
    let mut of_values = vec![0; bits::words(values.len())];
    check.fail(&[ArrayRef::clone(values)], valid.as_deref(), &mut of_values)?;
    let mut fail = vec![0; bits::words(view.array.len())];
    encoding::gather(&view.array, &of_values, &mut fail);
    clear_invalid(&mut fail, view.valid.as_deref(), view.array.len());
    Ok(fail)
}

/// Counts failing rows of a piece and keeps them.
pub(super) fn note(
    tallies: &mut [Tally],
    fails: &mut Fails,
    clause: usize,
    fail: Vec<u64>,
    base_row: u64,
) {
    let found = bits::count(&fail);
    if let Some(tally) = tallies.get_mut(clause).filter(|_| found > 0) {
        tally.failed += found;
        first_rows(tally, &fail, base_row);
        fails.push((clause, fail));
    }
}

fn first_rows(tally: &mut Tally, fail: &[u64], base_row: u64) {
    let room = FIRST_ROWS.saturating_sub(tally.first_rows.len());
    tally.first_rows.extend(bits::ones_of(fail).take(room).map(|row| base_row + row as u64));
}
