//! Checks of the whole dataset: what they see of a piece, what they remember, how they end.
//!
//! Every piece of the stream gives a state of its own, on any thread; the states are merged in row
//! order. Because `merge` is associative and exact, the verdict depends on the rows alone, however
//! they were cut. Each check names the type of its state; [`DynDatasetCheck`] hides it from the run.

use std::any::Any;
use std::fmt;

use arrow_array::ArrayRef;
use serde_json::Value;

use crate::error::{Error, Result};

/// Rows of one piece, as a dataset check sees them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// Plain arrays of the compiled types and of one length.
    pub(crate) columns: &'a [ArrayRef],
    /// The judged rows where no column is null; `None`: all rows.
    pub(crate) valid: Option<&'a [u64]>,
}

/// What the engine has no way of knowing by itself, and the totals of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) rows: u64,
    pub(crate) now_ns: Option<i128>,
}

/// The outcome of a dataset check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds { observed: String },
    Fails { observed: String, reason: Option<String> },
    NotEnforced { reason: String },
}

/// A check of the whole dataset. Immutable and shared between threads.
pub(crate) trait DatasetCheck: Send + Sync + fmt::Debug {
    /// What is remembered of the rows seen so far; the default has seen none.
    type State: Default + Send + Sync + 'static;

    /// Takes up the rows of one piece.
    ///
    /// # Errors
    /// Only for a bug.
    fn update(&self, state: &mut Self::State, rows: &Rows<'_>) -> Result<()>;

    /// Takes up what later rows left behind. Associative, so that cuts do not matter.
    ///
    /// # Errors
    /// Only for a bug.
    fn merge(&self, state: &mut Self::State, later: Self::State) -> Result<()>;

    /// The verdict over all rows.
    fn finish(&self, state: &Self::State, totals: &Totals) -> Verdict;

    /// The bound, as the report shows it.
    fn bound(&self) -> String;

    /// Estimated nanoseconds per row on one core, for `explain`.
    fn cost(&self) -> f64 {
        1.0
    }

    /// The state as a value that can be carried to where the parts of a stream are merged. A check
    /// without one cannot be judged in parts, and is refused there.
    fn carry(&self, _state: &Self::State) -> Option<Value> {
        None
    }

    /// The state that [`Self::carry`] gave.
    fn carried(&self, _value: Value) -> Option<Self::State> {
        None
    }
}

/// The state of some dataset check; only that check can look into it.
pub(crate) struct DatasetState(Box<dyn Any + Send + Sync>);

impl fmt::Debug for DatasetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatasetState(..)")
    }
}

/// A [`DatasetCheck`] whose type of state is hidden.
pub(crate) trait DynDatasetCheck: Send + Sync + fmt::Debug {
    /// The state before the first row.
    fn start(&self) -> DatasetState;

    /// See [`DatasetCheck::update`].
    ///
    /// # Errors
    /// Only for a bug.
    fn update(&self, state: &mut DatasetState, rows: &Rows<'_>) -> Result<()>;

    /// See [`DatasetCheck::merge`].
    ///
    /// # Errors
    /// Only for a bug.
    fn merge(&self, state: &mut DatasetState, later: DatasetState) -> Result<()>;

    /// See [`DatasetCheck::finish`].
    ///
    /// # Errors
    /// Only for a bug.
    fn finish(&self, state: &DatasetState, totals: &Totals) -> Result<Verdict>;

    /// See [`DatasetCheck::bound`].
    fn bound(&self) -> String;

    /// See [`DatasetCheck::cost`].
    fn cost(&self) -> f64;

    /// See [`DatasetCheck::carry`].
    ///
    /// # Errors
    /// Only for a bug.
    fn carry(&self, state: &DatasetState) -> Result<Option<Value>>;

    /// See [`DatasetCheck::carried`].
    ///
    /// # Errors
    /// For a value that is none of this check.
    fn carried(&self, value: Value) -> Result<DatasetState>;
}

impl<C: DatasetCheck> DynDatasetCheck for C {
    fn start(&self) -> DatasetState {
        DatasetState(Box::new(C::State::default()))
    }

    fn update(&self, state: &mut DatasetState, rows: &Rows<'_>) -> Result<()> {
        DatasetCheck::update(self, state.0.downcast_mut().ok_or_else(foreign)?, rows)
    }

    fn merge(&self, state: &mut DatasetState, later: DatasetState) -> Result<()> {
        let later = later.0.downcast().map_err(|_| foreign())?;
        DatasetCheck::merge(self, state.0.downcast_mut().ok_or_else(foreign)?, *later)
    }

    fn finish(&self, state: &DatasetState, totals: &Totals) -> Result<Verdict> {
        Ok(DatasetCheck::finish(self, state.0.downcast_ref().ok_or_else(foreign)?, totals))
    }

    fn bound(&self) -> String {
        DatasetCheck::bound(self)
    }

    fn cost(&self) -> f64 {
        DatasetCheck::cost(self)
    }

    fn carry(&self, state: &DatasetState) -> Result<Option<Value>> {
        Ok(DatasetCheck::carry(self, state.0.downcast_ref().ok_or_else(foreign)?))
    }

    fn carried(&self, value: Value) -> Result<DatasetState> {
        let state = DatasetCheck::carried(self, value).ok_or_else(foreign)?;
        Ok(DatasetState(Box::new(state)))
    }
}

fn foreign() -> Error {
    Error::internal("a dataset check met the state of another check")
}
