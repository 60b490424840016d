//! Checks: one assertion each, in one file each.
//!
//! A file carries the check's name, summary, arguments and example, and is the only place where
//! that check can refuse a contract or a column type. A row check sets one bit per violating row;
//! null is never a violation except where the check judges nulls. To add a check: write its file,
//! add one line to [`KINDS`], and a case file under `tests/conformance/checks/`. One file because
//! the traits, the registry and its two questions are one page to whoever writes a check.

mod affix;
mod aggregate;
mod ascii_only;
mod between;
mod bound;
mod case;
mod castable;
mod column_count;
mod columns_match;
mod compare;
mod dataset;
mod date_format;
pub(crate) mod ecma;
mod finite;
mod foreign_key;
pub mod format;
mod freshness;
mod in_set;
mod key_count;
mod length;
mod measure;
mod missing_values;
mod monotonic;
mod multiple_of;
mod names_match_pattern;
mod names_unique;
mod not_blank;
mod not_null;
mod not_nullable;
mod null_fraction;
mod order;
pub(crate) mod pattern;
mod regex_match;
mod row_count;
mod row_expression;
mod share;
mod type_is;
mod unique;
mod unique_items;
mod value;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Schema};
use serde::Serialize;

use crate::contract::{self, Literal};
use crate::error::{Code, Error, Result};
use crate::promise::{self, Promise};
use crate::unique::Nulls;
pub(crate) use columns_match::listed;
pub(crate) use dataset::{DatasetState, DynDatasetCheck, Ending, Means, Rows, Totals, Verdict};
pub(crate) use foreign_key::Target;
pub(crate) use key_count::KeyCount;
pub(crate) use monotonic::{Mark, SequenceCheck, Survey};

/// When a check can be decided, and whether it names rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Decided when the plan is compiled.
    Schema,
    /// A verdict per row, from that row alone.
    Row,
    /// A verdict per row, from state kept across batches.
    Key,
    /// A value of the whole dataset; names no row.
    Dataset,
}

/// How many columns a check takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arity {
    /// No column: the dataset as such.
    None,
    /// Exactly one column.
    One,
    /// Exactly two columns, left and right.
    Two,
    /// One or more columns.
    Many,
    /// The columns that the check's own expression names; the clause lists none.
    Named,
}

/// One argument of a check.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Argument {
    /// The name in the contract.
    pub name: &'static str,
    /// What it takes, in a word or two.
    pub kind: &'static str,
    /// The value when it is absent; empty when it has none.
    pub default: &'static str,
    /// One line.
    pub summary: &'static str,
}

/// What a check says of itself: the documentation, the JSON Schema of the native form and the
/// hints for misspelt names are made from this.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Definition {
    /// The name, for what must hold.
    pub name: &'static str,
    /// Other spellings that contracts may use.
    pub aliases: &'static [&'static str],
    /// One line: what must hold.
    pub summary: &'static str,
    /// When it is decided.
    pub scope: Scope,
    /// How many columns it takes.
    pub arity: Arity,
    /// The column types it judges, in words.
    pub applies_to: &'static str,
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// A clause in the native form.
    pub example: &'static str,
}

/// A column as a clause refers to it, resolved against contract and schema.
#[derive(Debug, Clone)]
pub(crate) struct ColumnRef {
    /// The path as written in the contract.
    pub(crate) path: String,
    /// The promise.
    pub(crate) promise: Promise,
    /// The type of the values, encodings peeled off.
    pub(crate) data_type: DataType,
    /// The producer declares that it may hold nulls.
    pub(crate) nullable: bool,
    /// Personal or masked, itself or around it: its values are not to be told.
    pub(crate) sensitive: bool,
}

/// One clause on its way into a plan.
#[derive(Debug)]
pub(crate) struct Clause<'a> {
    pub(crate) check: &'a contract::Check,
    pub(crate) columns: Vec<ColumnRef>,
    /// The data's columns.
    pub(crate) schema: &'a Schema,
    /// The contract's columns.
    pub(crate) promised: &'a [contract::Column],
}

impl Clause<'_> {
    pub(crate) fn arg(&self, name: &str) -> Option<&Literal> {
        self.check.args.get(name)
    }

    /// The argument, or the error that names it.
    pub(crate) fn required(&self, name: &str) -> Result<&Literal> {
        self.arg(name).ok_or_else(|| {
            Error::new(
                Code::BadArgument,
                format!("{} needs the argument {name:?}", self.check.check),
            )
        })
    }

    /// The refusal of an argument that should be something else.
    pub(crate) fn bad(&self, name: &str, wanted: &str) -> Error {
        let given = self.arg(name).map_or_else(|| "nothing".to_owned(), Literal::given);
        self.refuse(name, &format!("takes {wanted}, not {given}"))
    }

    /// The refusal of an argument for what it does wrong.
    pub(crate) fn refuse(&self, name: &str, what: &str) -> Error {
        Error::new(Code::BadArgument, format!("{name:?} of {} {what}", self.check.check))
            .at(format!("/args/{name}"))
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        match self.arg(name) {
            None => Ok(default),
            Some(Literal::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.bad(name, "true or false")),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.arg(name) {
            None => Ok(None),
            Some(Literal::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.bad(name, "text")),
        }
    }

    pub(crate) fn whole(&self, name: &str) -> Result<Option<u64>> {
        match self.arg(name) {
            None => Ok(None),
            Some(Literal::Number(text)) => {
                text.parse().map(Some).map_err(|_| self.bad(name, "a whole number from 0"))
            }
            Some(_) => Err(self.bad(name, "a whole number from 0")),
        }
    }

    /// The single column, of text.
    ///
    /// # Errors
    /// `plan.not_applicable` for any other type.
    pub(crate) fn strings(&self) -> Result<&ColumnRef> {
        let column = self.column()?;
        match column.data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(column),
            _ => Err(self.not_applicable(column, "strings")),
        }
    }

    /// The single column. Arity was checked before a check is compiled.
    pub(crate) fn column(&self) -> Result<&ColumnRef> {
        self.columns.first().ok_or_else(|| Error::internal("a check lost its column"))
    }

    /// The refusal for a column type that the check cannot judge.
    pub(crate) fn not_applicable(&self, column: &ColumnRef, wanted: &str) -> Error {
        Error::new(
            Code::NotApplicable,
            format!(
                "{} judges {wanted}; {} is {}",
                self.check.check,
                column.path,
                promise::words(&column.data_type)
            ),
        )
        .help("use another check for this column, or promise another type")
    }
}

/// Sets a bit for every violating row. Immutable and shared between threads.
pub(crate) trait RowCheck: Send + Sync + std::fmt::Debug {
    /// `columns` are plain arrays of the compiled types and of one length; `valid` holds the rows
    /// where all are non-null (`None`: all rows). Bits of other rows may come out either way: the
    /// caller clears them. `fail` is zero on entry.
    ///
    /// # Errors
    /// Only for a bug.
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()>;

    /// What runs, for `explain`.
    fn explain(&self) -> String;

    /// Estimated nanoseconds per row on one core, for `explain`.
    fn cost(&self) -> f64 {
        1.0
    }
}

/// What a row check makes of a null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnNull {
    /// The row is exempt, and counted as such.
    Skips,
    /// The row is tested and fails.
    Fails,
    /// The row is tested and holds.
    Holds,
}

/// A check compiled against its columns.
#[derive(Debug)]
pub(crate) enum Compiled {
    /// Fails where a value is null.
    NotNull,
    /// Fails where the bit is set; null passes.
    Row(Box<dyn RowCheck>),
    /// Fails where the expression is false.
    Expression(String),
    /// As `Row`, but null is judged too.
    Judging { check: Box<dyn RowCheck>, on_null: OnNull },
    /// Can never fail on this column: costs nothing.
    Always(String),
    /// The data's schema decides it, for the reason given.
    Decided { holds: bool, reason: String },
    /// Rows that repeat an earlier key fail.
    Unique { nulls: Nulls, keep_first: bool, across: bool },
    /// `unique`, and a null in any key column fails too.
    PrimaryKey { across: bool },
    /// A number of keys, or of rows that repeat one, is judged at the end of the run.
    KeyCount(Box<dyn KeyCount>),
    /// Rows whose key is not in the reference fail; null passes.
    Foreign(Target),
    /// Rows that fall behind an earlier one fail; null passes.
    Sequence(Box<dyn SequenceCheck>),
    /// Judged at the end of the run.
    Dataset(Box<dyn DynDatasetCheck>),
}

/// One kind of check.
pub(crate) trait CheckKind: Sync {
    fn definition(&self) -> &'static Definition;
    /// The columns that an argument names beside those of the clause, with the argument.
    ///
    /// # Errors
    /// `plan.bad_argument` if it is no list of names.
    fn more_columns<'a>(&self, _: &'a contract::Check) -> Result<Vec<&'a str>> {
        Ok(Vec::new())
    }
    /// Compiles one clause.
    ///
    /// # Errors
    /// `plan.*`: the clause or the column's type is refused.
    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled>;
    /// Whether it has a verdict on a column that has this type in place of the promised one. Most
    /// checks have none: their arguments are about the promised type.
    fn judges_mistyped(&self, _: &DataType) -> bool {
        false
    }
}

/// The registry: one line per check.
static KINDS: &[&dyn CheckKind] = &[
    &type_is::TypeIs,
    &columns_match::ColumnsMatch,
    &column_count::ColumnCount,
    &not_nullable::NotNullable,
    &names_match_pattern::NamesMatchPattern,
    &names_unique::NamesUnique,
    &not_null::NotNull,
    &unique::Unique,
    &unique::PrimaryKey,
    &foreign_key::ForeignKey,
    &monotonic::Monotonic::INCREASING,
    &monotonic::Monotonic::DECREASING,
    &order::Order::EQ,
    &order::Order::NE,
    &order::Order::GT,
    &order::Order::GE,
    &order::Order::LT,
    &order::Order::LE,
    &between::Between,
    &in_set::InSet,
    &in_set::NotInSet,
    &missing_values::MissingValues,
    &not_blank::NotBlank,
    &finite::Finite,
    &multiple_of::MultipleOf,
    &castable::Castable,
    &regex_match::RegexMatch,
    &regex_match::RegexNot,
    &affix::Affix::CONTAINS,
    &affix::Affix::STARTS_WITH,
    &affix::Affix::ENDS_WITH,
    &case::Case,
    &ascii_only::AsciiOnly,
    &length::Length,
    &unique_items::UniqueItems,
    &format::Formatted,
    &date_format::DateFormat,
    &compare::Compare,
    &row_expression::RowExpression,
    &row_count::RowCount,
    &null_fraction::NullFraction,
    &aggregate::Aggregate,
    &key_count::DistinctCount,
    &key_count::DuplicateCount,
    &freshness::Freshness,
    &freshness::Latency,
];

/// What every check says of itself, in the order of the registry; first the one that has no clause.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    std::iter::once(&COLUMN_EXISTS).chain(KINDS.iter().map(|kind| kind.definition()))
}

/// Follows from every promised column; a contract does not write it.
static COLUMN_EXISTS: Definition = Definition {
    name: "column_exists",
    aliases: &[],
    summary: "the promised column is in the data",
    scope: Scope::Schema,
    arity: Arity::One,
    applies_to: "every column",
    arguments: &[],
    example: "schema: [{name: amount, type: decimal}]   # derived from every promised column",
};

/// Names of the catalogue that are no checks here, with what to write instead.
static ELSEWHERE: &[(&str, &str)] = &[
    ("column_exists", "promise the column in the schema: every promised column must be there"),
    ("sql_metric", "no SQL engine judges data here; aggregate and row_expression may say the same"),
];

/// The kind of this name or alias.
///
/// # Errors
/// `plan.unknown_check`, with the nearest name.
pub(crate) fn kind(name: &str) -> Result<&'static dyn CheckKind> {
    let known = |d: &Definition| d.name == name || d.aliases.contains(&name);
    if let Some(kind) = KINDS.iter().find(|kind| known(kind.definition())) {
        return Ok(*kind);
    }
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(known, _)| *known == name) {
        let error = Error::new(Code::UnknownCheck, format!("no rule can be {name:?}"));
        return Err(error.help(*instead));
    }
    let names = KINDS.iter().flat_map(|k| {
        let d = k.definition();
        std::iter::once(d.name).chain(d.aliases.iter().copied())
    });
    Err(Error::new(Code::UnknownCheck, format!("there is no check {name:?}")).help(
        match promise::nearest(name, names.clone()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("one of: {}", names.collect::<Vec<_>>().join(", ")),
        },
    ))
}

/// Compiles a clause whose columns are resolved.
///
/// # Errors
/// `plan.bad_argument` for unknown arguments, and whatever the check refuses.
pub(crate) fn compile(clause: &Clause<'_>) -> Result<Compiled> {
    let kind = kind(&clause.check.check)?;
    let definition = kind.definition();
    for name in clause.check.args.keys() {
        if !definition.arguments.iter().any(|a| a.name == name) {
            let names = definition.arguments.iter().map(|a| a.name);
            let help = match promise::nearest(name, names.clone()) {
                Some(near) => format!("did you mean {near:?}?"),
                None if definition.arguments.is_empty() => "it takes no arguments".to_owned(),
                None => format!("it takes: {}", names.collect::<Vec<_>>().join(", ")),
            };
            return Err(Error::new(
                Code::BadArgument,
                format!("{} has no argument {name:?}", definition.name),
            )
            .at(format!("/args/{name}"))
            .help(help));
        }
    }
    kind.compile(clause).map_err(|error| instructive(error, definition))
}

/// What is wrong with a clause is shown by one that is right, unless the check knows better.
fn instructive(error: Error, definition: &Definition) -> Error {
    match (error.code, &error.help) {
        (Code::BadArgument | Code::BadLiteral, None) => {
            error.help(format!("for instance {}", definition.example))
        }
        _ => error,
    }
}

/// Refuses a clause with the wrong number of columns.
///
/// # Errors
/// `plan.bad_argument`
pub(crate) fn arity(check: &contract::Check) -> Result<()> {
    let definition = kind(&check.check)?.definition();
    let fits = match definition.arity {
        Arity::None | Arity::Named => check.columns.is_empty(),
        Arity::One => check.columns.len() == 1,
        Arity::Two => check.columns.len() == 2,
        Arity::Many => !check.columns.is_empty(),
    };
    if fits {
        return Ok(());
    }
    let wanted = match definition.arity {
        Arity::None => "no column",
        Arity::Named => "the columns that its expression names",
        Arity::One => "exactly one column",
        Arity::Two => "exactly two columns",
        Arity::Many => "at least one column",
    };
    let error = Error::new(
        Code::BadArgument,
        format!("{} takes {wanted}, not {}", definition.name, check.columns.len()),
    );
    Err(instructive(error, definition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_registry_describes_itself() {
        let mut seen = HashSet::new();
        for d in definitions() {
            assert!(seen.insert(d.name), "{} twice", d.name);
            for alias in d.aliases {
                assert!(seen.insert(alias), "{alias} twice");
            }
            assert!(!d.summary.is_empty() && !d.example.is_empty(), "{}", d.name);
        }
    }

    #[test]
    fn a_slip_is_named() {
        let Err(error) = kind("not_nul") else { panic!("found") };
        assert_eq!(error.help.as_deref(), Some("did you mean \"not_null\"?"));
    }
}
