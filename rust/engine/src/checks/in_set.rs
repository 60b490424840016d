//! `in_set` and `not_in_set`: membership in a list of literals. NaN is a member of no set.
//!
//! One file because a set of numbers, of booleans and of texts answer one question.

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use std::marker::PhantomData;

use super::regex_match::Search;
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::contract::Literal;
use crate::error::{Code, Error, Result};
use crate::kernels::dispatch::ordered_type;
use crate::kernels::members::Members;
use crate::kernels::words::Words;
use crate::kernels::{bits, rows};
use crate::literal::{exact, Native};
use crate::promise;

pub(super) struct InSet;
pub(super) struct NotInSet;

const ARGUMENTS: &[Argument] = &[
    Argument {
        name: "values",
        kind: "a list of literals of the column's type",
        default: "",
        summary: "compared exactly; neither empty nor null",
    },
    Argument {
        name: "case_insensitive",
        kind: "true or false",
        default: "false",
        summary: "Unicode simple case folding; strings only",
    },
];

pub(super) const APPLIES: &str = "strings, numbers, booleans, dates, times, timestamps";

impl CheckKind for InSet {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "in_set",
            aliases: &["allowed", "accepted_values", "enum"],
            summary: "every value is one of the list",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: APPLIES,
            arguments: ARGUMENTS,
            example: "{column: currency, rule: in_set, args: {values: [EUR, USD]}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        members(clause, list(clause)?, false, "values")
    }
}

impl CheckKind for NotInSet {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "not_in_set",
            aliases: &[],
            summary: "no value is one of the list",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: APPLIES,
            arguments: ARGUMENTS,
            example: "{column: country, rule: not_in_set, args: {values: [XX, ZZ]}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        members(clause, list(clause)?, true, "values")
    }
}

pub(super) fn list<'a>(clause: &'a Clause<'_>) -> Result<&'a [Literal]> {
    match clause.required("values")? {
        Literal::List(values) if !values.is_empty() => Ok(values),
        _ => Err(clause.bad("values", "a list of at least one value")),
    }
}

/// Compiles membership; `negate` fails the members instead of the others.
pub(super) fn members(
    clause: &Clause<'_>,
    values: &[Literal],
    negate: bool,
    argument: &str,
) -> Result<Compiled> {
    let column = clause.column()?;
    if values.contains(&Literal::Null) {
        return Err(Error::new(Code::BadArgument, "null cannot be a member of a set")
            .at(format!("/args/{argument}"))
            .help("null passes every value check; use not_null to refuse it"));
    }
    let fold = clause.check.args.contains_key("case_insensitive")
        && clause.flag("case_insensitive", false)?;
    if fold
        && !matches!(column.data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
    {
        return Err(clause
            .refuse(
                "case_insensitive",
                &format!(
                    "folds letters, and {} is {}",
                    column.path,
                    promise::words(&column.data_type)
                ),
            )
            .help("leave it out for columns that are no strings"));
    }
    match &column.data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = texts(clause, values, argument)?;
            Ok(Compiled::Row(if fold {
                Box::new(Search::folded(&texts, !negate)?)
            } else {
                let texts: Vec<&[u8]> = texts.iter().map(|t| t.as_bytes()).collect();
                Box::new(Texts { words: Words::new(&texts), negate })
            }))
        }
        DataType::Boolean => booleans(clause, values, negate, argument),
        other => ordered_type!(
            other,
            T => primitive::<T>(clause, values, negate, argument),
            else Err(clause.not_applicable(column, APPLIES))
        ),
    }
}

fn texts<'a>(clause: &Clause<'_>, values: &'a [Literal], argument: &str) -> Result<Vec<&'a str>> {
    values
        .iter()
        .map(|value| match value {
            Literal::Text(text) => Ok(text.as_str()),
            other => {
                Err(stranger(clause, other, argument, "a string, needs text")
                    .help("quote the value"))
            }
        })
        .collect()
}

/// The refusal of a member that no value of the column can be.
fn stranger(clause: &Clause<'_>, literal: &Literal, argument: &str, needs: &str) -> Error {
    let column = clause.columns.first().map_or("the column", |c| &c.path);
    Error::new(Code::BadLiteral, format!("{} stands where {column}, {needs}", literal.given()))
        .at(format!("/args/{argument}"))
}

fn booleans(
    clause: &Clause<'_>,
    values: &[Literal],
    negate: bool,
    argument: &str,
) -> Result<Compiled> {
    let (mut yes, mut no) = (false, false);
    for value in values {
        match value {
            Literal::Bool(true) => yes = true,
            Literal::Bool(false) => no = true,
            other => {
                return Err(stranger(clause, other, argument, "a boolean, needs true or false"))
            }
        }
    }
    if !negate && yes && no {
        return Ok(Compiled::Always("true and false are both listed".into()));
    }
    Ok(Compiled::Row(Box::new(Booleans { fail_true: yes == negate, fail_false: no == negate })))
}

#[derive(Debug)]
struct Booleans {
    fail_true: bool,
    fail_false: bool,
}

impl RowCheck for Booleans {
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let array = columns
            .first()
            .and_then(|c| c.as_boolean_opt())
            .ok_or_else(|| Error::internal("a set of booleans met another type"))?;
        for (fail, value) in fail.iter_mut().zip(bits::from_boolean(array.values())) {
            *fail = (value & mask(self.fail_true)) | (!value & mask(self.fail_false));
        }
        bits::trim(fail, array.values().len());
        Ok(())
    }

    fn explain(&self) -> String {
        "bits of the values".into()
    }
}

const fn mask(on: bool) -> u64 {
    if on {
        u64::MAX
    } else {
        0
    }
}

fn primitive<T: ArrowPrimitiveType>(
    clause: &Clause<'_>,
    values: &[Literal],
    negate: bool,
    argument: &str,
) -> Result<Compiled>
where
    T::Native: Native,
{
    let column = clause.column()?;
    let mut members = Vec::with_capacity(values.len());
    for value in values {
        let found = exact::<T::Native>(value, &column.data_type)
            .map_err(|e| e.at(format!("/args/{argument}")))?;
        members.push(found.ok_or_else(|| {
            Error::new(
                Code::BadLiteral,
                format!("a literal has no equal in {}", promise::words(&column.data_type)),
            )
            .at(format!("/args/{argument}"))
            .help("write values that the column's type can hold")
        })?);
    }
    let members = Members::new(members);
    if !negate && members.is_everything() {
        return Ok(Compiled::Always("the list has every value of the type".into()));
    }
    Ok(Compiled::Row(Box::new(Numbers::<T> { members, negate, array: PhantomData })))
}

struct Numbers<T: ArrowPrimitiveType> {
    members: Members<T::Native>,
    negate: bool,
    array: PhantomData<fn() -> T>,
}

impl<T: ArrowPrimitiveType> std::fmt::Debug for Numbers<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Numbers").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

impl<T: ArrowPrimitiveType> RowCheck for Numbers<T>
where
    T::Native: Native,
{
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let array = columns
            .first()
            .and_then(|c| c.as_any().downcast_ref::<PrimitiveArray<T>>())
            .ok_or_else(|| Error::internal("a set met another type than it was compiled for"))?;
        self.members.among(array.values(), !self.negate, fail);
        bits::invert(fail);
        Ok(())
    }

    fn cost(&self) -> f64 {
        self.members.cost()
    }

    fn explain(&self) -> String {
        format!("membership among {} values: {}", self.members.len(), self.members.explain())
    }
}

/// A set of texts.
#[derive(Debug)]
struct Texts {
    words: Words,
    negate: bool,
}

impl RowCheck for Texts {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("a set lost its column"))?;
        rows::fill(column, valid, fail, self.negate, &self.words)
    }

    fn cost(&self) -> f64 {
        3.0
    }

    fn explain(&self) -> String {
        format!("membership among {} texts", self.words.len())
    }
}
