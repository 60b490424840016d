//! A plan: a contract compiled once against an Arrow schema, immutable and shared.
//!
//! Compiling resolves every column path to indices, every literal to the column's physical type,
//! every pattern to an automaton, every mask to its output type and sub-key. What cannot be
//! compiled is refused here, before a row is read; what the data's schema lacks (a column, a type)
//! is already decided here and ends in the report.

mod across;
mod columns;
mod compile;
mod conditions;
mod parts;
mod path;

use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef};
use serde::Serialize;

use crate::checks::{
    DatasetState, DynDatasetCheck, KeyCount, Means, OnNull, RowCheck, SequenceCheck, Target,
};
use crate::contract::Contract;
use crate::error::Result;
use crate::masks::{CompiledMask, KeyRing};
use crate::predicate::Predicate;
use crate::profile;
use crate::report::{Head, Status, Threshold};
use crate::unique::KeyForm;
use compile::Compiler;
pub(crate) use path::Step;

/// Columns that meshgate adds carry this prefix.
pub const RESERVED: &str = "_mg_";
/// Ordinal of a quarantined row in the whole stream, from 0.
pub const ROW_COLUMN: &str = "_mg_row";
/// Ids of the checks that a quarantined row failed, in contract order.
pub const CHECKS_COLUMN: &str = "_mg_checks";

/// A contract compiled against a schema.
#[derive(Debug)]
pub struct Plan {
    pub(crate) dataset: String,
    pub(crate) schema: SchemaRef,
    /// Distinct columns that checks read.
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) clauses: Vec<Planned>,
    /// For each leaf the clauses that can be judged once it and those before it are there; first
    /// the clauses that need none.
    pub(crate) ready: Vec<Vec<usize>>,
    /// Distinct expressions, each judged once per piece.
    pub(crate) conditions: Vec<Condition>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) masks: Vec<PlannedMask>,
    /// What a profile would tell of.
    pub(crate) profiled: Vec<profile::Column>,
    accepted: SchemaRef,
    quarantine: SchemaRef,
}

/// One column that checks read.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) path: Vec<Step>,
    pub(crate) floating: bool,
}

impl Leaf {
    /// Whether a row has any number of its values.
    pub(crate) fn is_inside_lists(&self) -> bool {
        !path::lists(&self.path).is_empty()
    }
}

/// One expression of the contract, with the leaves that it reads.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) predicate: Predicate,
    pub(crate) leaves: Vec<usize>,
}

/// One clause, ready to run.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) head: Arc<Head>,
    /// Only the rows for which this condition is true are judged.
    pub(crate) when: Option<usize>,
    pub(crate) rejects: bool,
    pub(crate) threshold: Threshold,
    pub(crate) work: Work,
}

impl Planned {
    /// The conditions that it needs.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = usize> {
        let own = match self.work {
            Work::Expression { condition } => Some(condition),
            _ => None,
        };
        own.into_iter().chain(self.when)
    }
}

/// What a clause does in a run.
#[derive(Debug)]
pub(crate) enum Work {
    /// Decided at compile time.
    Decided {
        status: Status,
        reason: Option<String>,
    },
    NotNull {
        leaf: usize,
    },
    Row {
        leaves: Vec<usize>,
        check: Box<dyn RowCheck>,
        on_null: OnNull,
    },
    /// Fails where the condition is false.
    Expression {
        condition: usize,
    },
    /// Cannot fail; only nulls are counted.
    Always {
        leaf: usize,
        why: String,
    },
    Key {
        leaves: Vec<usize>,
        spec: KeyForm,
        keep_first: bool,
        forbid_null: bool,
        /// Keys are also compared with those of what is published.
        across: bool,
        /// Judges how many keys there are, or how often they repeat, instead of rows.
        count: Option<Box<dyn KeyCount>>,
    },
    /// Keys are looked up in reference data of these types, if the run has any.
    Foreign {
        leaves: Vec<usize>,
        types: Vec<DataType>,
        target: Target,
    },
    Sequence {
        leaf: usize,
        check: Box<dyn SequenceCheck>,
    },
    Dataset {
        leaves: Vec<usize>,
        check: Box<dyn DynDatasetCheck>,
    },
}

impl Work {
    /// The check of the whole dataset, if it is one.
    pub(crate) fn dataset(&self) -> Option<&dyn DynDatasetCheck> {
        match self {
            Self::Dataset { check, .. } => Some(check.as_ref()),
            _ => None,
        }
    }

    /// Its state before the first row.
    pub(crate) fn start(&self, means: &Means<'_>) -> Option<DatasetState> {
        self.dataset().map(|check| check.start(means))
    }

    /// Whether rows that repeat a key fail, and not the dataset.
    pub(crate) fn names_rows(&self) -> bool {
        !matches!(self, Self::Key { count: Some(_), .. })
    }

    /// Whether keys are also compared with those of what is published.
    pub(crate) fn across(&self) -> bool {
        matches!(self, Self::Key { across: true, .. })
    }

    /// The check of the order of rows, if it is one.
    pub(crate) fn sequence(&self) -> Option<&dyn SequenceCheck> {
        match self {
            Self::Sequence { check, .. } => Some(check.as_ref()),
            _ => None,
        }
    }
}

impl Work {
    /// Estimated nanoseconds per row on one core of a machine with AVX-512: from `benches/` where a
    /// bench has that check, a guess elsewhere. The values of a column come out of memory once,
    /// whatever the number of its checks.
    fn cost(&self, conditions: &[Condition]) -> f64 {
        match self {
            Self::Expression { condition } => {
                conditions.get(*condition).map_or(0.0, |c| c.predicate.cost())
            }
            Self::Decided { .. } => 0.0,
            Self::Always { .. } | Self::NotNull { .. } => 0.02,
            Self::Row { check, .. } => check.cost(),
            Self::Key { spec, .. } => spec.cost(),
            Self::Foreign { leaves, .. } => 10.0 + 5.0 * leaves.len() as f64,
            Self::Sequence { .. } => 1.5,
            Self::Dataset { check, .. } => check.cost(),
        }
    }

    /// The leaves that it reads, apart from those of its condition.
    pub(crate) fn leaves(&self) -> &[usize] {
        match self {
            Self::Decided { .. } | Self::Expression { .. } => &[],
            Self::NotNull { leaf } | Self::Always { leaf, .. } | Self::Sequence { leaf, .. } => {
                std::slice::from_ref(leaf)
            }
            Self::Row { leaves, .. }
            | Self::Key { leaves, .. }
            | Self::Foreign { leaves, .. }
            | Self::Dataset { leaves, .. } => leaves,
        }
    }
}

/// One column of the output.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) index: usize,
    pub(crate) part: Part,
}

/// What leaves of a column, or of something inside of it.
#[derive(Debug)]
pub(crate) enum Part {
    /// All of it, as it is.
    Whole,
    /// Its values, replaced.
    Masked(CompiledMask),
    /// These fields of a struct, each by its place in the data.
    Fields(Vec<(usize, Part)>),
    /// The list, with this of its items.
    Items(Box<Part>),
    /// The map, with these of its keys and its values.
    Entries([Box<Part>; 2]),
}

/// What the report says of a mask.
#[derive(Debug)]
pub(crate) struct PlannedMask {
    pub(crate) column: String,
    pub(crate) method: String,
    pub(crate) domain: Option<String>,
    pub(crate) key_id: Option<String>,
}

/// One line of `explain`.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The clause's id.
    pub id: String,
    /// The check.
    pub check: String,
    /// `enforced`, `decided` (by the schema, or because it cannot fail) or `not_enforced`.
    pub state: &'static str,
    /// What runs, or why nothing does.
    pub how: String,
    /// The columns that it reads, as the contract names them.
    pub columns: Vec<String>,
    /// Estimated nanoseconds per row on one core; 0 where nothing runs.
    pub ns_per_row: f64,
    /// JSON pointer of the clause.
    pub clause: String,
}

impl Plan {
    /// Compiles `contract` against the schema of the data.
    ///
    /// # Errors
    /// `plan.*` for what the contract's author or the producer must mend. A column that is missing
    /// or of another type is not an error but a failing check.
    pub fn compile(contract: &Contract, schema: &Schema, keys: &KeyRing) -> Result<Self> {
        Self::compile_declared(contract, schema, schema, keys)
    }

    /// The same where batches come with `schema`, and their producer declares them as `declared`:
    /// the same columns, of which some are said to be never null. That is judged by `not_nullable`,
    /// and believed nowhere.
    ///
    /// # Errors
    /// As for [`Plan::compile`].
    pub fn compile_declared(
        contract: &Contract,
        schema: &Schema,
        declared: &Schema,
        keys: &KeyRing,
    ) -> Result<Self> {
        Compiler::new(contract, schema, declared, keys)?.compile()
    }

    /// Schema of the accepted batches: the promised columns that the data has, masked, in
    /// contract order (then extra columns, if the contract keeps them).
    pub fn accepted_schema(&self) -> &SchemaRef {
        &self.accepted
    }

    /// Schema of the quarantined batches: the accepted columns, all nullable, and two more.
    pub fn quarantine_schema(&self) -> &SchemaRef {
        &self.quarantine
    }

    /// The schema that the plan was compiled against.
    pub fn input_schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The names of the reference data that foreign keys point to, each once, in contract order.
    pub fn references(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for clause in &self.clauses {
            if let Work::Foreign { target, .. } = &clause.work {
                if !names.contains(&target.name.as_str()) {
                    names.push(target.name.as_str());
                }
            }
        }
        names
    }

    /// One line per clause: whether and how it is enforced.
    pub fn explain(&self) -> Vec<Explained> {
        self.clauses
            .iter()
            .map(|clause| {
                let (state, how) = match &clause.work {
                    Work::Decided { status: Status::NotEnforced, reason } => {
                        ("not_enforced", reason.clone().unwrap_or_default())
                    }
                    Work::Decided { reason, .. } => {
                        ("decided", reason.clone().unwrap_or_else(|| "by the schema".into()))
                    }
                    Work::Always { why, .. } => ("decided", format!("cannot fail: {why}")),
                    Work::NotNull { .. } => ("enforced", "validity bitmap".into()),
                    Work::Row { check, .. } => ("enforced", check.explain()),
                    Work::Expression { .. } => {
                        ("enforced", format!("condition over {}", clause.head.columns.join(", ")))
                    }
                    Work::Key { spec, count: Some(count), .. } => {
                        ("enforced", format!("{}; {}", spec.explain(), count.bound()))
                    }
                    Work::Key { spec, keep_first, across, .. } => (
                        "enforced",
                        format!(
                            "{}; the first row of a key is kept{}{}; beyond the memory budget keys \
                             are spilled when only checking, and for outputs data that can be \
                             opened again is read twice",
                            spec.explain(),
                            if *keep_first { "" } else { ", all its rows count as failed" },
                            if *across { ", none if the key is published already" } else { "" }
                        ),
                    ),
                    Work::Foreign { target, .. } => (
                        "enforced",
                        format!(
                            "keys looked up in {} ({}), if the run is given that data",
                            target.name,
                            target.columns.join(", ")
                        ),
                    ),
                    Work::Sequence { check, .. } => ("enforced", check.explain()),
                    Work::Dataset { check, .. } => {
                        ("enforced", format!("whole dataset, {}", check.bound()))
                    }
                };
                let when = clause.when.and_then(|at| self.conditions.get(at)).map(|c| &c.predicate);
                let leaves = clause.work.leaves().iter().filter_map(|at| self.leaves.get(*at));
                let how = if leaves.into_iter().any(Leaf::is_inside_lists) {
                    format!("{how}; a row fails if one of its items does")
                } else {
                    how
                };
                let how = match when {
                    Some(_) => format!("{how}; only rows for which `when` is true"),
                    None => how,
                };
                Explained {
                    id: clause.head.id.clone(),
                    check: clause.head.check.clone(),
                    state,
                    how,
                    columns: clause.head.columns.clone(),
                    ns_per_row: clause.work.cost(&self.conditions)
                        + when.map_or(0.0, Predicate::cost),
                    clause: clause.head.clause.clone(),
                }
            })
            .collect()
    }
}
