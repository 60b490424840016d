//! The untyped form of an expression, between a front end and the type checker.
//!
//! Whatever a front end reads, it hands over this: names and literals as written, operators whose
//! meaning does not depend on the language they came from. The chains of AND and OR are flat; all
//! other nesting is bounded by [`MAX_DEPTH`], which front ends hold.

use crate::error::{Code, Error};
use crate::kernels::pairs::Relation;

/// How deep expressions nest, apart from chains of AND and OR.
pub(crate) const MAX_DEPTH: usize = 64;

/// Where something stands in the text of the expression, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    /// The refusal of what stands here.
    pub(crate) fn refuse(self, message: impl std::fmt::Display) -> Error {
        self.locate(Error::new(Code::BadExpression, message.to_string()))
    }

    /// The error with this place in its message.
    pub(crate) fn locate(self, mut error: Error) -> Error {
        let Self { line, column } = self;
        error.message =
            format!("{} (line {line}, column {column} of the expression)", error.message);
        error
    }
}

/// One expression with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expr {
    pub(crate) place: Place,
    pub(crate) term: Term,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    /// A column by its dotted path; `quoted` when a part was written in double quotes.
    Column {
        path: String,
        quoted: bool,
    },
    Literal(Literal),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare(Relation, Box<Expr>, Box<Expr>),
    /// `left IS [NOT] DISTINCT FROM right`
    Distinct {
        left: Box<Expr>,
        right: Box<Expr>,
        negated: bool,
    },
    Between {
        value: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        negated: bool,
    },
    In {
        value: Box<Expr>,
        members: Vec<Expr>,
        negated: bool,
    },
    Like {
        value: Box<Expr>,
        pattern: String,
        escape: Option<char>,
        negated: bool,
    },
    IsNull {
        value: Box<Expr>,
        negated: bool,
    },
    /// `value IS [NOT] TRUE | FALSE | UNKNOWN` (`None`)
    Is {
        value: Box<Expr>,
        truth: Option<bool>,
        negated: bool,
    },
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    /// Code points of a text, bytes of a binary value.
    Length(Box<Expr>),
    Fold {
        value: Box<Expr>,
        upper: bool,
    },
    Coalesce(Vec<Expr>),
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
}

/// A literal, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    /// Digits, sign and exponent.
    Number(String),
    Text(String),
    Date(String),
    Time(String),
    Timestamp(String),
}

/// An operation on two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
}

impl Expr {
    /// The columns by their paths, each once, in the order in which they are named.
    pub(crate) fn columns(&self) -> Vec<NamedColumn<'_>> {
        let mut found = Vec::new();
        self.visit(&mut found);
        found
    }

    fn visit<'a>(&'a self, found: &mut Vec<NamedColumn<'a>>) {
        let mut all = |parts: &[&'a Self]| {
            for part in parts {
                part.visit(found);
            }
        };
        match &self.term {
            Term::Column { path, quoted } => {
                if !found.iter().any(|column| column.path == path) {
                    found.push(NamedColumn { path, quoted: *quoted, place: self.place });
                }
            }
            Term::Literal(_) => {}
            Term::Compare(_, left, right)
            | Term::Distinct { left, right, .. }
            | Term::Arithmetic(_, left, right) => all(&[left, right]),
            Term::Between { value, low, high, .. } => all(&[value, low, high]),
            Term::Not(value)
            | Term::Negate(value)
            | Term::Length(value)
            | Term::Like { value, .. }
            | Term::IsNull { value, .. }
            | Term::Is { value, .. }
            | Term::Fold { value, .. } => all(&[value]),
            Term::And(parts) | Term::Or(parts) | Term::Coalesce(parts) => {
                for part in parts {
                    part.visit(found);
                }
            }
            Term::In { value, members, .. } => {
                value.visit(found);
                for member in members {
                    member.visit(found);
                }
            }
            Term::Case { branches, otherwise } => {
                for (when, then) in branches {
                    when.visit(found);
                    then.visit(found);
                }
                if let Some(value) = otherwise {
                    value.visit(found);
                }
            }
        }
    }
}

/// A column as an expression names it first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedColumn<'a> {
    pub(crate) path: &'a str,
    pub(crate) quoted: bool,
    pub(crate) place: Place,
}

impl Term {
    pub(crate) fn at(self, place: Place) -> Expr {
        Expr { place, term: self }
    }
}
