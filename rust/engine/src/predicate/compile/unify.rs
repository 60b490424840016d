//! The common type of what COALESCE and CASE choose from.

use arrow_schema::DataType;

use super::super::ast::{Literal, Place};
use super::super::ir::{Constant, Logic, Node, Value};
use super::number::{self, Shape};
use super::{is_binary, is_text, Typed};
use crate::error::{Error, Result};
use crate::promise;

enum Choice {
    Logics(Vec<Logic>),
    Values(DataType, Vec<Value>),
}

pub(super) fn coalesce(mut parts: Vec<(Typed, Place)>, place: Place) -> Result<Typed> {
    parts.retain(|(part, _)| !matches!(part, Typed::Null));
    Ok(match choice(parts, "COALESCE", place)? {
        Choice::Logics(logics) => Typed::Logic(Logic::Coalesce(logics)),
        Choice::Values(data_type, values) => {
            Typed::Value(Value { data_type, node: Node::Coalesce(values) })
        }
    })
}

/// `results` are those of the conditions, and one more for the rows that satisfy none.
pub(super) fn case(
    conditions: Vec<Logic>,
    results: Vec<(Typed, Place)>,
    place: Place,
) -> Result<Typed> {
    let lost = || Error::internal("a CASE lost its last result");
    Ok(match choice(results, "CASE", place)? {
        Choice::Logics(mut logics) => {
            let otherwise = Box::new(logics.pop().ok_or_else(lost)?);
            let branches = conditions.into_iter().zip(logics).collect();
            Typed::Logic(Logic::Case { branches, otherwise })
        }
        Choice::Values(data_type, mut values) => {
            let otherwise = Box::new(values.pop().ok_or_else(lost)?);
            let branches = conditions.into_iter().zip(values).collect();
            Typed::Value(Value { data_type, node: Node::Case { branches, otherwise } })
        }
    })
}

fn choice(parts: Vec<(Typed, Place)>, name: &str, place: Place) -> Result<Choice> {
    if parts.iter().any(|(part, _)| matches!(part, Typed::Logic(_))) {
        return logics(parts, name).map(Choice::Logics);
    }
    let Some(data_type) = common(&parts, name, place)? else {
        return Err(place
            .refuse(format!("{name} has results without a type"))
            .help("name a column among them, or choose from numbers, texts or dates"));
    };
    let values = parts
        .into_iter()
        .map(|(part, place)| value(part, &data_type, place))
        .collect::<Result<_>>()?;
    Ok(Choice::Values(data_type, values))
}

fn logics(parts: Vec<(Typed, Place)>, name: &str) -> Result<Vec<Logic>> {
    parts
        .into_iter()
        .map(|(part, place)| match part {
            Typed::Logic(logic) => Ok(logic),
            Typed::Null => Ok(Logic::Constant(None)),
            other => Err(mixed("a condition", &other.words(), name, place)),
        })
        .collect()
}

/// The type of the columns among the parts, wide enough for the literals; without a column, that of
/// the literals, if they have one.
fn common(parts: &[(Typed, Place)], name: &str, place: Place) -> Result<Option<DataType>> {
    let mut found: Option<DataType> = None;
    let mut shape: Option<Shape> = None;
    for (part, place) in parts {
        let Typed::Value(value) = part else { continue };
        let next = match &value.data_type {
            t if is_text(t) => DataType::LargeUtf8,
            t if is_binary(t) => DataType::LargeBinary,
            DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some("UTC".into())),
            other => other.clone(),
        };
        if let Some(number) = Shape::of(&next) {
            shape = Some(shape.map_or(number, |shape| shape.join(number)));
        } else if !(next.is_temporal() || is_text(&next) || is_binary(&next)) {
            let word = promise::words(&next);
            return Err(place.refuse(format!("{name} cannot choose from values of type {word}")));
        }
        match &found {
            Some(before) if *before != next => {
                if Shape::of(before).is_none() || Shape::of(&next).is_none() {
                    let (one, other) = (promise::words(before), promise::words(&next));
                    return Err(mixed(&one, &other, name, *place));
                }
            }
            _ => found = Some(next),
        }
    }
    if found.is_some() && shape.is_none() {
        return Ok(found);
    }
    for (part, place) in parts {
        match (part, shape) {
            (Typed::Literal(Literal::Text(_)), None) => return Ok(Some(DataType::LargeUtf8)),
            (Typed::Literal(Literal::Date(_)), None) => return Ok(Some(DataType::Date32)),
            (_, Some(Shape::Real)) => {}
            (Typed::Literal(literal @ Literal::Number(_)), before) => {
                let number = number::shape_of(literal, *place)?;
                shape = Some(before.map_or(number, |before| before.join(number)));
            }
            _ => {}
        }
    }
    let Some(shape) = shape else { return Ok(None) };
    if let Shape::Exact { digits, .. } = shape {
        if digits > 76 {
            return Err(place.refuse(format!("{name} chooses from numbers of over 76 digits")));
        }
    }
    shape.data_type(place).map(Some)
}

fn value(part: Typed, data_type: &DataType, place: Place) -> Result<Value> {
    let constant =
        |constant| Value { data_type: data_type.clone(), node: Node::Constant(constant) };
    match part {
        Typed::Value(value) => {
            if Shape::of(data_type).is_some() || is_text(data_type) || is_binary(data_type) {
                Ok(number::cast(value, data_type))
            } else {
                Ok(value)
            }
        }
        Typed::Null => Ok(constant(Constant::Null)),
        Typed::Literal(Literal::Text(text)) if *data_type == DataType::LargeUtf8 => {
            Ok(constant(Constant::Text(text)))
        }
        Typed::Literal(literal) => number::constant(&literal, data_type, place),
        Typed::Logic(_) => Err(Error::internal("a condition among values")),
    }
}

fn mixed(one: &str, other: &str, name: &str, place: Place) -> Error {
    place
        .refuse(format!("{name} chooses from {one} and {other}"))
        .help("all of its results need one kind; timestamps also one unit")
}
