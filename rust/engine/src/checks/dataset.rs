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
use crate::unique::Seed;

/// What a state may need of the run that keeps it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Means<'a> {
    /// Spreads keys over tables; no verdict depends on it.
    pub(crate) seed: &'a Seed,
    /// Most bytes that one state may occupy.
    pub(crate) memory_bytes: Option<usize>,
}

/// Rows of one piece, as a dataset check sees them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// Plain arrays of the compiled types and of one length, with the nulls of their parents.
    pub(crate) columns: &'a [ArrayRef],
    /// The judged rows where the first column is not null; `None`: all rows.
    pub(crate) valid: Option<&'a [u64]>,
    /// The judged rows, null or not; `None`: all rows.
    pub(crate) inside: Option<&'a [u64]>,
    /// How many rows are judged, null or not.
    pub(crate) count: u64,
}

/// What the engine has no way of knowing by itself, and the totals of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) rows: u64,
    pub(crate) now_ns: Option<i128>,
}

/// How a dataset check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Holds,
    Fails,
    /// Not judged, with the reason.
    NotEnforced,
}

/// The outcome of a dataset check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) ending: Ending,
    /// What was seen, unless it must not be told.
    pub(crate) observed: Option<String>,
    /// Why, where what was seen does not say it.
    pub(crate) reason: Option<String>,
    /// Rows whose value is NaN.
    pub(crate) nan_rows: u64,
    /// Groups that do not satisfy the bound, for checks by group.
    pub(crate) failed_groups: Option<u64>,
    /// Rows beyond the first of their key, for checks that count them.
    pub(crate) surplus: Option<u64>,
}

impl Verdict {
    /// Holds or fails, by what was seen.
    pub(crate) fn of(holds: bool, observed: impl Into<String>) -> Self {
        Self {
            ending: if holds { Ending::Holds } else { Ending::Fails },
            observed: Some(observed.into()),
            reason: None,
            nan_rows: 0,
            failed_groups: None,
            surplus: None,
        }
    }

    pub(crate) fn holds(observed: impl Into<String>) -> Self {
        Self::of(true, observed)
    }

    pub(crate) fn not_enforced(reason: impl Into<String>) -> Self {
        Self { ending: Ending::NotEnforced, observed: None, ..Self::of(true, "") }.because(reason)
    }

    #[must_use]
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// A check of the whole dataset. Immutable and shared between threads.
pub(crate) trait DatasetCheck: Send + Sync + fmt::Debug {
    /// What is remembered of the rows seen so far.
    type State: Send + Sync + 'static;

    /// The state that has seen no row.
    fn start(&self, means: &Means<'_>) -> Self::State;

    /// Takes up the rows of one piece.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the state outgrows its memory.
    fn update(&self, state: &mut Self::State, rows: &Rows<'_>) -> Result<()>;

    /// Takes up what later rows left behind. Associative, so that cuts do not matter.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the state outgrows its memory.
    fn merge(&self, state: &mut Self::State, later: Self::State) -> Result<()>;

    /// The verdict over all rows.
    fn finish(&self, state: &Self::State, totals: &Totals) -> Verdict;

    /// The bound, as the report shows it.
    fn bound(&self) -> String;

    /// Whether null rows are judged too; they count as exempt otherwise.
    fn judges_nulls(&self) -> bool {
        false
    }

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

/// A [`DatasetCheck`] whose type of state is hidden: the methods are those of the same name.
pub(crate) trait DynDatasetCheck: Send + Sync + fmt::Debug {
    fn start(&self, means: &Means<'_>) -> DatasetState;
    fn update(&self, state: &mut DatasetState, rows: &Rows<'_>) -> Result<()>;
    fn merge(&self, state: &mut DatasetState, later: DatasetState) -> Result<()>;
    fn finish(&self, state: &DatasetState, totals: &Totals) -> Result<Verdict>;
    fn bound(&self) -> String;
    fn judges_nulls(&self) -> bool;
    fn cost(&self) -> f64;
    fn carry(&self, state: &DatasetState) -> Result<Option<Value>>;
    fn carried(&self, value: Value) -> Result<DatasetState>;
}

impl<C: DatasetCheck> DynDatasetCheck for C {
    fn start(&self, means: &Means<'_>) -> DatasetState {
        DatasetState(Box::new(DatasetCheck::start(self, means)))
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

    fn judges_nulls(&self) -> bool {
        DatasetCheck::judges_nulls(self)
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
