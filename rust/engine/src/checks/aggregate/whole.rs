//! An aggregate of the whole dataset.

use std::fmt;
use std::marker::PhantomData;

use super::super::bound::Bound;
use super::super::dataset::{DatasetCheck, Means, Rows, Totals, Verdict};
use super::super::value::Value;
use super::fold::{Fold, Found};
use super::form::Form;
use crate::error::Result;

pub(super) struct Whole<F> {
    form: Form,
    bound: Bound,
    fold: PhantomData<fn() -> F>,
}

impl<F> Whole<F> {
    pub(super) fn new(form: Form, bound: Bound) -> Self {
        Self { form, bound, fold: PhantomData }
    }
}

impl<F> fmt::Debug for Whole<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whole").field("form", &self.form).field("bound", &self.bound).finish()
    }
}

impl<F: Fold> DatasetCheck for Whole<F> {
    type State = F;

    fn start(&self, _: &Means<'_>) -> F {
        F::default()
    }

    fn update(&self, state: &mut F, rows: &Rows<'_>) -> Result<()> {
        F::Value::each(rows, |_, value| state.add(value))
    }

    fn merge(&self, state: &mut F, later: F) -> Result<()> {
        state.merge(later);
        Ok(())
    }

    fn finish(&self, state: &F, _: &Totals) -> Verdict {
        match state.found(&self.form) {
            Found::Nothing => Verdict::holds("no value"),
            Found::Number(number) => {
                Verdict::of(self.bound.holds(&number), self.form.text(&number))
            }
            Found::NotANumber(0) => {
                Verdict::of(false, "NaN").because("infinities of both signs have no sum")
            }
            Found::NotANumber(nan_rows) => Verdict {
                nan_rows,
                ..Verdict::of(false, "NaN").because("nan: a NaN compares with nothing")
            },
        }
    }

    fn carry(&self, state: &F) -> Option<serde_json::Value> {
        // What is remembered of values that nobody may see does not leave the engine.
        (!self.form.is_sensitive()).then(|| state.carry().into())
    }

    fn carried(&self, value: serde_json::Value) -> Option<F> {
        F::carried(value.as_str()?)
    }

    fn bound(&self) -> String {
        format!("{} {}", self.form.function().word(), self.bound.text())
    }
}
