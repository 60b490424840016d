//! Constants, converted exactly into the type of the values that they are compared with.

use std::marker::PhantomData;

use arrow_array::types::ArrowPrimitiveType;
use arrow_schema::DataType;

use super::super::ast::{Literal, Place};
use super::super::ir::{Logic, Value};
use super::super::test::{All, Among, Order, Range, Test, Texts};
use super::is_text;
use crate::contract;
use crate::error::{Code, Error, Result};
use crate::kernels::dispatch::ordered_type;
use crate::kernels::members::Members;
use crate::kernels::pairs::Relation;
use crate::kernels::words::Words;
use crate::literal::{bound, exact, Native, Placed, Rounding};
use crate::promise;

/// `value relation literal`
pub(super) fn relation(
    value: Value,
    relation: Relation,
    literal: &Literal,
    place: Place,
) -> Result<Logic> {
    if relation == Relation::EQ || relation == Relation::NE {
        return membership(value, &[(literal.clone(), place)], relation == Relation::EQ);
    }
    let test: Box<dyn Test> = if is_text(&value.data_type) {
        let bytes = text(literal, place)?.as_bytes().into();
        Box::new(Order { relation, bytes })
    } else {
        ordered_type!(
            &value.data_type,
            T => range::<T>(&value.data_type, relation, literal, place)?,
            else return Err(unordered(&value, place))
        )
    };
    Ok(Logic::Test(Box::new(value), test))
}

/// `value [NOT] IN (literals)`; a literal that no value of the type equals is no member.
pub(super) fn membership(
    value: Value,
    literals: &[(Literal, Place)],
    inside: bool,
) -> Result<Logic> {
    let test: Box<dyn Test> = if is_text(&value.data_type) {
        let texts = literals
            .iter()
            .map(|(literal, place)| text(literal, *place).map(str::as_bytes))
            .collect::<Result<Vec<_>>>()?;
        Box::new(Texts { members: Words::new(&texts), inside })
    } else {
        let place = literals.first().map_or(Place { line: 1, column: 1 }, |(_, place)| *place);
        ordered_type!(
            &value.data_type,
            T => among::<T>(&value.data_type, literals, inside)?,
            else return Err(unordered(&value, place))
        )
    };
    Ok(Logic::Test(Box::new(value), test))
}

fn unordered(value: &Value, place: Place) -> Error {
    place
        .refuse(format!("{} cannot be compared", promise::words(&value.data_type)))
        .help("such a column can be tested with IS NULL and IS NOT NULL only")
}

fn text(literal: &Literal, place: Place) -> Result<&str> {
    match literal {
        Literal::Text(text) => Ok(text),
        other => Err(mismatch(other, "string", place)),
    }
}

fn mismatch(literal: &Literal, values: &str, place: Place) -> Error {
    place.locate(
        Error::new(
            Code::BadLiteral,
            format!("{} is compared with values of type {values}", literal.words()),
        )
        .help("text stands in single quotes, numbers stand bare, dates are DATE '2026-01-31'"),
    )
}

/// The literal as contracts have it, if it is of the kind that the type takes.
pub(super) fn plain(
    literal: &Literal,
    data_type: &DataType,
    place: Place,
) -> Result<contract::Literal> {
    use DataType as D;
    let text = match (literal, data_type) {
        (Literal::Number(number), t) if t.is_numeric() => {
            return Ok(contract::Literal::Number(number.clone()))
        }
        (Literal::Text(text) | Literal::Date(text), D::Date32 | D::Date64)
        | (Literal::Text(text) | Literal::Time(text), D::Time32(_) | D::Time64(_))
        | (Literal::Text(text) | Literal::Timestamp(text), D::Timestamp(..)) => text,
        _ => return Err(mismatch(literal, &promise::words(data_type), place)),
    };
    Ok(contract::Literal::Text(text.clone()))
}

fn range<T: ArrowPrimitiveType>(
    data_type: &DataType,
    relation: Relation,
    literal: &Literal,
    place: Place,
) -> Result<Box<dyn Test>>
where
    T::Native: Native,
{
    let literal = plain(literal, data_type, place)?;
    let at = |rounding| {
        bound::<T::Native>(&literal, data_type, rounding).map_err(|error| place.locate(error))
    };
    let (floor, ceil) = (at(Rounding::Floor)?, at(Rounding::Ceil)?);
    let (min, max) = (<T::Native as Native>::MIN, <T::Native as Native>::MAX);
    // A bound between two values of the type excludes neither of them.
    let open = !relation.equal && floor == ceil;
    let (low, high) = if relation.less {
        let high = match floor {
            Placed::At(value) if open => value.down(),
            Placed::At(value) => Some(value),
            Placed::Below => below::<T::Native>(),
            Placed::Above => above::<T::Native>(),
        };
        (Some(min), high)
    } else {
        let low = match ceil {
            Placed::At(value) if open => value.up(),
            Placed::At(value) => Some(value),
            Placed::Below => below::<T::Native>().map_or(Some(min), Native::up),
            Placed::Above => above::<T::Native>().and_then(Native::up),
        };
        (low, Some(max))
    };
    Ok(match (low, high) {
        (Some(low), Some(high)) => Box::new(Range::<T> { low, high, array: PhantomData }),
        _ => Box::new(All(false)),
    })
}

/// The greatest value below a literal that lies below all finite values: minus infinity, or none.
fn below<T: Native>() -> Option<T> {
    T::FLOAT.then_some(T::MIN)
}

/// The greatest value below a literal that lies above all finite values.
fn above<T: Native>() -> Option<T> {
    if T::FLOAT {
        T::MAX.down()
    } else {
        Some(T::MAX)
    }
}

fn among<T: ArrowPrimitiveType>(
    data_type: &DataType,
    literals: &[(Literal, Place)],
    inside: bool,
) -> Result<Box<dyn Test>>
where
    T::Native: Native,
{
    let mut members = Vec::with_capacity(literals.len());
    for (literal, place) in literals {
        let literal = plain(literal, data_type, *place)?;
        let member =
            exact::<T::Native>(&literal, data_type).map_err(|error| place.locate(error))?;
        members.extend(member);
    }
    Ok(Box::new(Among::<T> { members: Members::new(members), inside, array: PhantomData }))
}
