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

impl Value {
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
            Node::Coalesce(values) => values.iter().for_each(|value| value.columns(into)),
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
    /// Adds the columns that the truth depends on.
    pub(crate) fn columns(&self, into: &mut Vec<usize>) {
        match self {
            Self::Constant(_) | Self::PerValue(_) => {}
            Self::Column(column) => into.push(*column),
            Self::Not(inner) | Self::Is { inner, .. } => inner.columns(into),
            Self::And(parts) | Self::Or(parts) | Self::Coalesce(parts) => {
                parts.iter().for_each(|part| part.columns(into));
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
