//! The typed form of an expression: what the type checker makes and the evaluation runs.
//!
//! A [`Logic`] has one of three truths per row, a [`Value`] one value of one Arrow type or none.
//! Both are immutable and shared between threads. Columns are positions in the list of columns
//! that the expression names.

use arrow_buffer::i256;
use arrow_schema::DataType;

use super::ast::Arithmetic;
use super::test::Test;
use crate::kernels::pairs::{Ground, Relation};

/// Something that is true, false or unknown.
#[derive(Debug)]
pub(crate) enum Logic {
    Constant(Option<bool>),
    /// A boolean column.
    Column(usize),
    Not(Box<Logic>),
    And(Vec<Logic>),
    Or(Vec<Logic>),
    /// `IS TRUE`, `IS FALSE` or `IS UNKNOWN`
    Is {
        inner: Box<Logic>,
        truth: Option<bool>,
    },
    /// `IS NULL`
    Null(Box<Value>),
    /// A value against constants of its own type.
    Test(Box<Value>, Box<dyn Test>),
    /// Two values against each other.
    Pair {
        relation: Relation,
        ground: Ground,
        left: Box<Value>,
        right: Box<Value>,
    },
    /// Two values that are the same: null is null, NaN is NaN. Never unknown.
    Same {
        ground: Ground,
        left: Box<Value>,
        right: Box<Value>,
    },
    /// Two truths against each other; false comes before true.
    Truths {
        relation: Relation,
        left: Box<Logic>,
        right: Box<Logic>,
    },
    /// Two truths that are the same: unknown is unknown. Never unknown.
    SameTruths {
        left: Box<Logic>,
        right: Box<Logic>,
    },
    Coalesce(Vec<Logic>),
    Case {
        branches: Vec<(Logic, Logic)>,
        otherwise: Box<Logic>,
    },
    /// What depends on one column alone: a dictionary is judged once per value. The position is
    /// that in the predicate's list of such parts.
    PerValue(usize),
}

/// Something that has a value or none.
#[derive(Debug)]
pub(crate) struct Value {
    /// The type of the values; those of computed decimals have digits enough for every outcome
    /// that the operands' own digits allow, up to 76.
    pub(crate) data_type: DataType,
    pub(crate) node: Node,
}

/// Where a value comes from.
#[derive(Debug)]
pub(crate) enum Node {
    Column(usize),
    Constant(Constant),
    /// Both operands are of one storage: 128-bit decimals, 256-bit decimals or doubles.
    Arithmetic(Arithmetic, Box<Value>, Box<Value>),
    /// Code points of a text, bytes of a binary value.
    Length(Box<Value>),
    /// Upper or lower case of a text.
    Fold {
        value: Box<Value>,
        upper: bool,
    },
    /// The same value in another representation of its kind.
    Cast(Box<Value>),
    Coalesce(Vec<Value>),
    Case {
        branches: Vec<(Logic, Value)>,
        otherwise: Box<Value>,
    },
}

/// A constant, for every row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant {
    Null,
    /// An unscaled decimal.
    Exact(i256),
    Real(f64),
    Text(String),
}

/// Estimated nanoseconds per row of one operation on bitmaps.
const BITS: f64 = 0.05;

impl Value {
    /// Estimated nanoseconds per row.
    fn cost(&self) -> f64 {
        let wide = matches!(self.data_type, DataType::Decimal256(..));
        match &self.node {
            Node::Column(_) => 0.0,
            Node::Constant(_) => 0.5,
            Node::Arithmetic(_, left, right) => {
                let own = match self.data_type {
                    DataType::Float64 => 1.0,
                    _ if wide => 25.0,
                    _ => 4.0,
                };
                own + left.cost() + right.cost()
            }
            Node::Length(value) => 3.0 + value.cost(),
            Node::Fold { value, .. } => 40.0 + value.cost(),
            Node::Cast(value) => (if wide { 12.0 } else { 3.0 }) + value.cost(),
            Node::Coalesce(values) => values.iter().map(|value| 3.0 + value.cost()).sum(),
            Node::Case { branches, otherwise } => {
                let branches = branches.iter().map(|(when, then)| 3.0 + when.cost() + then.cost());
                branches.sum::<f64>() + otherwise.cost()
            }
        }
    }

    /// Adds the columns that the value depends on.
    pub(crate) fn columns(&self, into: &mut Vec<usize>) {
        match &self.node {
            Node::Column(column) => into.push(*column),
            Node::Constant(_) => {}
            Node::Arithmetic(_, left, right) => {
                left.columns(into);
                right.columns(into);
            }
            Node::Length(value) | Node::Fold { value, .. } | Node::Cast(value) => {
                value.columns(into);
            }
            Node::Coalesce(values) => {
                for value in values {
                    value.columns(into);
                }
            }
            Node::Case { branches, otherwise } => {
                for (when, then) in branches {
                    when.columns(into);
                    then.columns(into);
                }
                otherwise.columns(into);
            }
        }
    }
}

impl Logic {
    /// Estimated nanoseconds per row, without the parts that depend on one column.
    pub(crate) fn cost(&self) -> f64 {
        match self {
            Self::Constant(_) | Self::Column(_) | Self::PerValue(_) => BITS,
            Self::Not(inner) | Self::Is { inner, .. } => BITS + inner.cost(),
            Self::And(parts) | Self::Or(parts) | Self::Coalesce(parts) => {
                parts.iter().map(|part| BITS + part.cost()).sum()
            }
            Self::Null(value) => BITS + value.cost(),
            Self::Test(value, test) => test.cost() + value.cost(),
            Self::Pair { ground, left, right, .. } | Self::Same { ground, left, right } => {
                ground.cost() + left.cost() + right.cost()
            }
            Self::Truths { left, right, .. } | Self::SameTruths { left, right } => {
                BITS + left.cost() + right.cost()
            }
            Self::Case { branches, otherwise } => {
                let branches = branches.iter().map(|(when, then)| BITS + when.cost() + then.cost());
                branches.sum::<f64>() + otherwise.cost()
            }
        }
    }

    /// Adds the columns that the truth depends on.
    pub(crate) fn columns(&self, into: &mut Vec<usize>) {
        match self {
            Self::Constant(_) | Self::PerValue(_) => {}
            Self::Column(column) => into.push(*column),
            Self::Not(inner) | Self::Is { inner, .. } => inner.columns(into),
            Self::And(parts) | Self::Or(parts) | Self::Coalesce(parts) => {
                for part in parts {
                    part.columns(into);
                }
            }
            Self::Null(value) | Self::Test(value, _) => value.columns(into),
            Self::Pair { left, right, .. } | Self::Same { left, right, .. } => {
                left.columns(into);
                right.columns(into);
            }
            Self::Truths { left, right, .. } | Self::SameTruths { left, right } => {
                left.columns(into);
                right.columns(into);
            }
            Self::Case { branches, otherwise } => {
                for (when, then) in branches {
                    when.columns(into);
                    then.columns(into);
                }
                otherwise.columns(into);
            }
        }
    }
}
