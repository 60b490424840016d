//! `aggregate`: one number of a column's values satisfies a bound, in the whole dataset or in every
//! group of rows.
//!
//! Nulls are skipped, a NaN fails, and a column or group without a value passes. All numbers are
//! exact: integers and decimals are added without a limit, floats are added as if each were written
//! out in full and rounded once at the end. So the order of the rows does not matter.

mod distinct;
mod float_sum;
mod fold;
mod form;
mod groups;
mod whole;

use arrow_buffer::i256;
use arrow_schema::DataType;

use super::bound::{self, Bound};
use super::share::Unit;
use super::value::Family;
use super::{
    key_count, null_fraction, Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope,
};
use crate::contract::{self, Literal};
use crate::error::{Code, Error, Result};
use crate::unique::{KeyForm, Nulls};
use distinct::GroupedDistinct;
use float_sum::FloatSum;
use fold::{Extreme, Fold, NullShare, Sum};
use form::{Form, Function};
use groups::Grouped;
use whole::Whole;

const LITERAL: &str = "a number, or a literal of the column's type";
const GROUP_BY: &str = "group_by";

pub(super) struct Aggregate;

impl CheckKind for Aggregate {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "aggregate",
            aliases: &[],
            summary:
                "one number of the column's values satisfies a bound; nulls are skipped, NaN fails",
            scope: Scope::Dataset,
            arity: Arity::One,
            applies_to: "min and max: numbers, dates, times, timestamps; sum and mean: numbers; \
                distinct_count: all but lists, structs and maps; null_fraction: every column",
            arguments: &[
                Argument {
                    name: "fn",
                    kind: Function::WORDS,
                    default: "",
                    summary: "the number; sums are exact, of floats the nearest double",
                },
                bound::OP,
                Argument { kind: LITERAL, ..bound::BOUND },
                Argument { kind: LITERAL, ..bound::MIN },
                Argument { kind: LITERAL, ..bound::MAX },
                Argument {
                    name: GROUP_BY,
                    kind: "a list of names",
                    default: "",
                    summary: "columns whose values make the groups; null is a value like others here",
                },
            ],
            example: "{column: amount, rule: aggregate, args: {fn: sum, group_by: [entry], op: eq, bound: 0}}",
        }
    }

    fn more_columns<'a>(&self, check: &'a contract::Check) -> Result<Vec<&'a str>> {
        let wrong = || {
            Error::new(Code::BadArgument, "group_by takes a list of columns, at least one")
                .at("/args/group_by")
                .help("for instance group_by: [entry]")
        };
        let Some(literal) = check.args.get(GROUP_BY) else { return Ok(Vec::new()) };
        let Literal::List(items) = literal else { return Err(wrong()) };
        let name = |item: &'a Literal| match item {
            Literal::Text(name) => Ok(name.as_str()),
            _ => Err(wrong()),
        };
        if items.is_empty() {
            return Err(wrong());
        }
        items.iter().map(name).collect()
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        clause.required("fn")?;
        let word = clause.text("fn")?.unwrap_or_default();
        let function = Function::parse(word).ok_or_else(|| clause.bad("fn", Function::WORDS))?;
        let column = clause.column()?;
        let family = Family::of(&column.data_type);
        match (function, family) {
            (Function::DistinctCount, _) => distinct(clause),
            (Function::NullFraction, _) if clause.columns.len() == 1 => {
                null_fraction::compile(clause, Unit::Fraction)
            }
            (Function::NullFraction, _) => {
                let bound = Bound::counted(clause, Unit::Fraction.most())?;
                finished::<NullShare>(clause, Form::new(function, column), bound)
            }
            (Function::Min, Some(Family::Whole)) => of::<Extreme<i128, false>>(clause, function),
            (Function::Min, Some(Family::Wide)) => of::<Extreme<i256, false>>(clause, function),
            (Function::Min, Some(Family::Float)) => of::<Extreme<f64, false>>(clause, function),
            (Function::Max, Some(Family::Whole)) => of::<Extreme<i128, true>>(clause, function),
            (Function::Max, Some(Family::Wide)) => of::<Extreme<i256, true>>(clause, function),
            (Function::Max, Some(Family::Float)) => of::<Extreme<f64, true>>(clause, function),
            (Function::Sum | Function::Mean, Some(family)) if column.data_type.is_numeric() => {
                match family {
                    Family::Whole => of::<Sum<i128>>(clause, function),
                    Family::Wide => of::<Sum<i256>>(clause, function),
                    Family::Float => of::<FloatSum>(clause, function),
                }
            }
            (Function::Min | Function::Max, None) => {
                Err(clause.not_applicable(column, "numbers, dates, times and timestamps"))
            }
            (Function::Sum | Function::Mean, _) => Err(clause.not_applicable(column, "numbers")),
        }
    }
}

fn of<F: Fold>(clause: &Clause<'_>, function: Function) -> Result<Compiled> {
    let column = clause.column()?;
    let form = Form::new(function, column);
    let bound = Bound::read(clause, form.literal_type())?;
    finished::<F>(clause, form, bound)
}

fn finished<F: Fold>(clause: &Clause<'_>, form: Form, bound: Bound) -> Result<Compiled> {
    let groups: Vec<DataType> =
        clause.columns.iter().skip(1).map(|column| column.data_type.clone()).collect();
    Ok(Compiled::Dataset(if groups.is_empty() {
        Box::new(Whole::<F>::new(form, bound))
    } else {
        let groups = KeyForm::compile(&groups, Nulls::Equal).map_err(|e| e.at("/args/group_by"))?;
        Box::new(Grouped::<F>::new(form, bound, groups))
    }))
}

/// Of the whole dataset it is `distinct_count`.
fn distinct(clause: &Clause<'_>) -> Result<Compiled> {
    let types: Vec<DataType> = clause.columns.iter().map(|c| c.data_type.clone()).collect();
    let groups = types.get(1..).unwrap_or_default();
    if groups.is_empty() {
        return key_count::distinct(clause);
    }
    let of = |types: &[DataType]| KeyForm::compile(types, Nulls::Equal);
    Ok(Compiled::Dataset(Box::new(GroupedDistinct {
        bound: Bound::counted(clause, None)?,
        groups: of(groups).map_err(|e| e.at("/args/group_by"))?,
        pairs: of(&types)?,
    })))
}
