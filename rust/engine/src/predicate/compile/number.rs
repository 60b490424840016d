//! Arithmetic: exact on integers and decimals, in doubles as soon as one operand is a float.
//!
//! The digits of an exact outcome follow from those of its operands. Up to 76 are kept; an outcome
//! that needs more does not exist, which is a fault of its row and never a wrong number.

use arrow_buffer::i256;
use arrow_schema::DataType;

use super::super::ast::{Arithmetic, Literal, Place};
use super::super::ir::{Constant, Node, Value};
use super::Typed;
use crate::contract;
use crate::error::{Code, Error, Result};
use crate::literal::{exact, Native as _, Number};
use crate::promise;

const NARROW: i32 = 38;
const WIDE: i32 = 76;

/// A number's type: digits in all and below the point, or a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Exact { digits: i32, scale: i32 },
    Real,
}

impl Shape {
    /// The shape of a column's values.
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        if matches!(data_type, DataType::Float32 | DataType::Float64) {
            return Some(Self::Real);
        }
        if let Some((digits, scale)) = promise::decimal(data_type) {
            return Some(Self::Exact { digits: digits.into(), scale: scale.into() });
        }
        let digits = match promise::integer(data_type)? {
            (8, _) => 3,
            (16, _) => 5,
            (32, _) => 10,
            (_, true) => 19,
            (_, false) => 20,
        };
        Some(Self::Exact { digits, scale: 0 })
    }

    /// The shape that holds the values of both.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exact { digits: d1, scale: s1 }, Self::Exact { digits: d2, scale: s2 }) => {
                let scale = s1.max(s2);
                Self::Exact { digits: (d1 - s1).max(d2 - s2) + scale, scale }
            }
            _ => Self::Real,
        }
    }

    /// The type that computed values of this shape have.
    pub(super) fn data_type(self, place: Place) -> Result<DataType> {
        let Self::Exact { digits, scale } = self else {
            return Ok(DataType::Float64);
        };
        let fits = i8::try_from(scale).ok().filter(|scale| i32::from(*scale) <= WIDE);
        let Some(scale) = fits.filter(|scale| i32::from(*scale) >= -WIDE) else {
            return Err(place.refuse(format!("over {WIDE} digits stand below the point")));
        };
        Ok(if digits <= NARROW {
            DataType::Decimal128(digits.clamp(1, NARROW) as u8, scale)
        } else {
            DataType::Decimal256(digits.min(WIDE) as u8, scale)
        })
    }
}

/// The shape of a number as written.
pub(super) fn shape_of(literal: &Literal, place: Place) -> Result<Shape> {
    let Literal::Number(text) = literal else {
        return Err(place.refuse(format!("{} is no number", literal.words())));
    };
    let number = Number::parse(text).ok_or_else(|| unreadable(place))?;
    let scale = number.scale();
    let digits = number.at_scale(scale, None).ok_or_else(|| unreadable(place))?;
    let digits = digits.trim_start_matches('-').len();
    i32::try_from(digits)
        .ok()
        .filter(|digits| *digits <= WIDE && scale <= WIDE)
        .map(|digits| Shape::Exact { digits, scale })
        .ok_or_else(|| unreadable(place))
}

fn unreadable(place: Place) -> Error {
    place.locate(
        Error::new(Code::BadLiteral, "a number cannot be calculated with")
            .help(format!("numbers in calculations have up to {WIDE} digits")),
    )
}

/// A literal as a constant of this type.
pub(super) fn constant(literal: &Literal, data_type: &DataType, place: Place) -> Result<Value> {
    let plain = super::fold::plain(literal, data_type, place)?;
    let inexact = || {
        place.locate(
            Error::new(
                Code::BadLiteral,
                format!("a literal has no equal in {}", promise::words(data_type)),
            )
            .help("write a value that the column's type can hold"),
        )
    };
    let constant = if let (contract::Literal::Number(text), DataType::Float64) = (&plain, data_type)
    {
        let number = Number::parse(text).ok_or_else(|| unreadable(place))?;
        Constant::Real(f64::from_digits(&number.to_float_text()).ok_or_else(inexact)?)
    } else {
        let unscaled = exact::<i256>(&plain, data_type).map_err(|error| place.locate(error))?;
        Constant::Exact(unscaled.ok_or_else(inexact)?)
    };
    Ok(Value { data_type: data_type.clone(), node: Node::Constant(constant) })
}

/// The value in another representation of numbers.
pub(super) fn cast(value: Value, data_type: &DataType) -> Value {
    let same_storage = matches!(
        (&value.data_type, data_type),
        (DataType::Decimal128(_, a), DataType::Decimal128(_, b))
        | (DataType::Decimal256(_, a), DataType::Decimal256(_, b)) if a == b
    );
    if same_storage || value.data_type == *data_type {
        return value;
    }
    Value { data_type: data_type.clone(), node: Node::Cast(Box::new(value)) }
}

fn operand(typed: Typed, place: Place) -> Result<(Typed, Shape)> {
    let shape = match &typed {
        Typed::Value(value) => Shape::of(&value.data_type),
        Typed::Literal(literal @ Literal::Number(_)) => Some(shape_of(literal, place)?),
        _ => None,
    };
    match shape {
        Some(shape) => Ok((typed, shape)),
        None => Err(place
            .refuse(format!("{} stands where a number is needed", typed.words()))
            .help("+, - and * calculate with numbers only")),
    }
}

/// The operand in a type: a literal as a constant of it.
fn typed_as(typed: Typed, data_type: &DataType, place: Place) -> Result<Value> {
    match typed {
        Typed::Value(value) => Ok(cast(value, data_type)),
        Typed::Literal(literal) => constant(&literal, data_type, place),
        Typed::Logic(_) | Typed::Null => Err(Error::internal("an operand lost its number")),
    }
}

pub(super) fn arithmetic(
    operation: Arithmetic,
    (left, left_place): (Typed, Place),
    (right, right_place): (Typed, Place),
) -> Result<Value> {
    let (left, first) = operand(left, left_place)?;
    let (right, second) = operand(right, right_place)?;
    let (left_type, right_type, data_type) = match (first, second) {
        (Shape::Exact { digits: d1, scale: s1 }, Shape::Exact { digits: d2, scale: s2 }) => {
            let outcome = match (operation, first.join(second)) {
                (Arithmetic::Multiply, _) => Shape::Exact { digits: d1 + d2, scale: s1 + s2 },
                (_, Shape::Exact { digits, scale }) => Shape::Exact { digits: digits + 1, scale },
                (_, Shape::Real) => Shape::Real,
            };
            let data_type = outcome.data_type(left_place)?;
            if operation == Arithmetic::Multiply {
                let at = |scale: i32| match &data_type {
                    DataType::Decimal128(digits, _) => DataType::Decimal128(*digits, scale as i8),
                    _ => DataType::Decimal256(WIDE as u8, scale as i8),
                };
                (at(s1), at(s2), data_type)
            } else {
                (data_type.clone(), data_type.clone(), data_type)
            }
        }
        _ => (DataType::Float64, DataType::Float64, DataType::Float64),
    };
    let left = Box::new(typed_as(left, &left_type, left_place)?);
    let right = Box::new(typed_as(right, &right_type, right_place)?);
    Ok(Value { data_type, node: Node::Arithmetic(operation, left, right) })
}

/// Unary minus; a literal takes the sign.
pub(super) fn negate(typed: Typed, place: Place) -> Result<Typed> {
    if let Typed::Literal(Literal::Number(text)) = &typed {
        let text = text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_owned);
        return Ok(Typed::Literal(Literal::Number(text)));
    }
    let zero = (Typed::Literal(Literal::Number("0".into())), place);
    arithmetic(Arithmetic::Subtract, zero, (typed, place)).map(Typed::Value)
}
