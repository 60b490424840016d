//! An aggregate of every group of rows: all of them must satisfy the bound. Null is a group.

use std::fmt;
use std::marker::PhantomData;

use super::super::bound::Bound;
use super::super::dataset::{DatasetCheck, Means, Rows, Totals, Verdict};
use super::super::value::Value;
use super::fold::{Fold, Found};
use super::form::Form;
use crate::error::Result;
use crate::unique::{self, KeyForm, Numbers, Seed};

/// The groups seen so far, and what the aggregate remembers of each.
#[derive(Debug)]
pub(super) struct Groups<F> {
    seed: Seed,
    numbers: Numbers,
    folds: Vec<F>,
}

impl<F: Fold> Groups<F> {
    /// Makes room for the groups that are new.
    fn settle(&mut self) -> Result<()> {
        let fresh = self.numbers.len() - self.folds.len();
        self.numbers.reserve(fresh * (size_of::<F>() + F::HEAP))?;
        self.folds.resize_with(self.numbers.len(), F::default);
        Ok(())
    }
}

pub(super) struct Grouped<F> {
    form: Form,
    bound: Bound,
    groups: KeyForm,
    fold: PhantomData<fn() -> F>,
}

impl<F> Grouped<F> {
    pub(super) fn new(form: Form, bound: Bound, groups: KeyForm) -> Self {
        Self { form, bound, groups, fold: PhantomData }
    }
}

impl<F> fmt::Debug for Grouped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { form, bound, groups, .. } = self;
        f.debug_struct("Grouped")
            .field("form", form)
            .field("bound", bound)
            .field("groups", groups)
            .finish()
    }
}

impl<F: Fold> DatasetCheck for Grouped<F> {
    type State = Groups<F>;

    fn start(&self, means: &Means<'_>) -> Groups<F> {
        let numbers = Numbers::new(means.seed, means.memory_bytes);
        Groups { seed: means.seed.clone(), numbers, folds: Vec::new() }
    }

    fn update(&self, state: &mut Groups<F>, rows: &Rows<'_>) -> Result<()> {
        let columns = rows.columns.get(1..).unwrap_or_default();
        let block = unique::encode(&self.groups, &state.seed, columns, 0)?;
        let mut group_of = vec![0; block.rows()];
        let numbers = &mut state.numbers;
        numbers.number(block, |row, number| group_of[row] = number)?;
        state.settle()?;
        let folds = &mut state.folds;
        F::Value::each(rows, |row, value| {
            if let Some(fold) = group_of.get(row).and_then(|group| folds.get_mut(*group)) {
                fold.add(value);
            }
        })
    }

    fn merge(&self, state: &mut Groups<F>, later: Groups<F>) -> Result<()> {
        let mut here = vec![0; later.folds.len()];
        state.numbers.adopt(&later.numbers, |other, own| here[other] = own)?;
        state.settle()?;
        for (fold, group) in later.folds.into_iter().zip(here) {
            if let Some(own) = state.folds.get_mut(group) {
                own.merge(fold);
            }
        }
        Ok(())
    }

    fn finish(&self, state: &Groups<F>, _: &Totals) -> Verdict {
        let mut nan_rows = 0;
        let holds: Vec<bool> = state
            .folds
            .iter()
            .filter_map(|fold| match fold.found(&self.form) {
                Found::Nothing => None,
                Found::Number(number) => Some(self.bound.holds(&number)),
                Found::NotANumber(rows) => {
                    nan_rows += rows;
                    Some(false)
                }
            })
            .collect();
        verdict(holds.into_iter(), nan_rows)
    }

    fn bound(&self) -> String {
        format!("{} {} in every group", self.form.function().word(), self.bound.text())
    }
}

/// The verdict over all groups that have a value, by whether each of them satisfies the bound.
pub(super) fn verdict(holds: impl Iterator<Item = bool>, nan_rows: u64) -> Verdict {
    let (mut groups, mut failed) = (0u64, 0u64);
    for holds in holds {
        groups += 1;
        failed += u64::from(!holds);
    }
    let verdict = Verdict::of(failed == 0, format!("{failed} of {groups} groups beyond"));
    let verdict = Verdict { failed_groups: Some(failed), nan_rows, ..verdict };
    if nan_rows > 0 {
        verdict.because("nan: a NaN compares with nothing")
    } else {
        verdict
    }
}
