//! Row checks inside of lists: every item is judged once, however many lists share it, and then
//! every row by its items.

use super::{by_value, clear_invalid, Judging, MORSEL};
use crate::checks::{OnNull, RowCheck};
use crate::error::{Error, Result};
use crate::kernels::{bits, encoding};
use crate::plan::Planned;
use crate::run::nan;
use crate::run::view::View;

impl Judging<'_> {
    /// Whether these leaves stand inside of lists: all of them inside of the same, or none.
    pub(super) fn inside_lists(&self, leaves: &[usize]) -> Result<bool> {
        leaves.first().map_or(Ok(false), |leaf| Ok(self.view(*leaf)?.is_inside_lists()))
    }

    /// Judges a clause over items. A row fails if one of its items does, and is tested if one is.
    pub(super) fn items(
        &mut self,
        at: usize,
        clause: &Planned,
        leaves: &[usize],
        check: &dyn RowCheck,
        on_null: OnNull,
    ) -> Result<()> {
        let views = leaves.iter().map(|leaf| self.view(*leaf)).collect::<Result<Vec<_>>>()?;
        let within = self.within(clause)?;
        let (fail, skipped, nan) = match views.as_slice() {
            [view] => {
                let mut fail = match view.shared_values() {
                    Some(_) => by_value(view, check)?,
                    None => by_morsel(view, check)?,
                };
                let floats = leaves.iter().filter_map(|leaf| self.plan.leaves.get(*leaf));
                let nan = if floats.into_iter().any(|leaf| leaf.floating) {
                    nan::slots(&[encoding::decode(&view.array)?], &fail)
                } else {
                    Vec::new()
                };
                if on_null == OnNull::Fails {
                    bits::or(&mut fail, &view.missing().unwrap_or_default());
                }
                let mut nan = view.rows_of(nan);
                within.keep(&mut nan);
                (view.rows_of(fail), view.skipped(on_null, &within), bits::count(&nan))
            }
            [first, ..] => {
                let (arrays, nulls) = self.decoded(leaves)?;
                let items = first.array.len();
                let valid = bits::from_nulls(nulls.as_ref());
                let mut fail = vec![0; bits::words(items)];
                check.fail(&arrays, valid.as_deref(), &mut fail)?;
                clear_invalid(&mut fail, valid.as_deref(), items);
                let tested = valid.unwrap_or_else(|| bits::ones(items));
                let skipped = within.missing(Some(&first.rows_of(tested)));
                let mut nan = first.rows_of(nan::slots(&arrays, &fail));
                within.keep(&mut nan);
                (first.rows_of(fail), skipped, bits::count(&nan))
            }
            [] => return Err(Error::internal("a clause over items names no leaf")),
        };
        let mut fail = fail;
        within.keep(&mut fail);
        self.skip(at, skipped);
        if let Some(tally) = self.tallies.get_mut(at) {
            tally.nan = nan;
        }
        self.note(at, fail);
        Ok(())
    }
}

/// The failing items of a plain column, a morsel at a time.
fn by_morsel(view: &View, check: &dyn RowCheck) -> Result<Vec<u64>> {
    let items = view.array.len();
    let mut fail = vec![0; bits::words(items)];
    for (index, words) in fail.chunks_mut(MORSEL / 64).enumerate() {
        let start = index * MORSEL;
        let length = MORSEL.min(items - start);
        let morsel = [view.array.slice(start, length)];
        let first = start / 64;
        let valid = view.valid.as_ref().and_then(|valid| valid.get(first..first + words.len()));
        check.fail(&morsel, valid, words)?;
        clear_invalid(words, valid, length);
    }
    Ok(fail)
}
