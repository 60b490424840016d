//! The values of an expression for a block of rows.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type};
use arrow_array::{new_null_array, Array, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;

use super::super::ir::{Constant, Node, Value};
use super::super::truth::{either, select_faults};
use super::{lost, numbers, strings, Block};
use crate::error::Result;
use crate::kernels::dispatch::ordered_type;
use crate::kernels::{bits, mask};
use crate::literal::Native;

/// Values of the rows in `valid` (`None`: all); what stands in other rows is arbitrary. No row is
/// both valid and a fault.
pub(super) struct Values {
    pub(super) array: ArrayRef,
    pub(super) valid: Option<Vec<u64>>,
    pub(super) fault: Option<Vec<u64>>,
}

pub(super) fn evaluate(block: &Block<'_>, value: &Value) -> Result<Values> {
    let rows = block.rows;
    match &value.node {
        Node::Column(column) => Ok(Values {
            array: block.plain(*column)?,
            valid: block.valid(*column).map(<[u64]>::to_vec),
            fault: None,
        }),
        Node::Constant(constant) => repeat(constant, &value.data_type, rows),
        Node::Arithmetic(operation, left, right) => {
            let (left, right) = (evaluate(block, left)?, evaluate(block, right)?);
            numbers::arithmetic(*operation, &left, &right, &value.data_type, rows)
        }
        Node::Length(inner) => strings::lengths(evaluate(block, inner)?),
        Node::Fold { value: inner, upper } => strings::fold(evaluate(block, inner)?, *upper),
        Node::Cast(inner) => {
            let inner = evaluate(block, inner)?;
            match value.data_type {
                DataType::LargeUtf8 | DataType::LargeBinary => {
                    strings::cast(inner, &value.data_type)
                }
                _ => numbers::cast(inner, &value.data_type),
            }
        }
        Node::Coalesce(parts) => {
            let mut found = repeat(&Constant::Null, &value.data_type, rows)?;
            for part in parts.iter().rev() {
                let part = evaluate(block, part)?;
                let valid = part.valid.clone().unwrap_or_else(|| bits::ones(rows));
                let fault = part.fault.clone();
                found = select(part, &valid, found, &value.data_type)?.fail(fault.as_deref());
            }
            Ok(found)
        }
        Node::Case { branches, otherwise } => {
            let mut chosen = evaluate(block, otherwise)?;
            for (when, then) in branches.iter().rev() {
                let when = block.logic(when)?;
                let then = evaluate(block, then)?;
                chosen =
                    select(then, &when.yes, chosen, &value.data_type)?.fail(when.fault.as_deref());
            }
            Ok(chosen)
        }
    }
}

impl Values {
    /// Makes these rows faults.
    pub(super) fn fail(mut self, fault: Option<&[u64]>) -> Self {
        if let Some(fault) = fault {
            let rows = self.array.len();
            bits::and_not(self.valid.get_or_insert_with(|| bits::ones(rows)), fault);
            self.fault = either(self.fault, Some(fault));
        }
        self
    }
}

/// The rows that have a value (`None`: all), and those that are faults.
pub(super) type Presence = (Option<Vec<u64>>, Option<Vec<u64>>);

/// The rows where both have a value, and those that are a fault because one is and the other is
/// not null.
pub(super) fn both(left: &Values, right: &Values, rows: usize) -> Presence {
    let valid = match (&left.valid, &right.valid) {
        (Some(left), Some(right)) => {
            let mut both = left.clone();
            bits::and(&mut both, right);
            Some(both)
        }
        (one, other) => one.as_ref().or(other.as_ref()).cloned(),
    };
    let mut fault = either(left.fault.clone(), right.fault.as_deref());
    if let Some(fault) = &mut fault {
        for side in [left, right] {
            let present = side.valid.clone().unwrap_or_else(|| bits::ones(rows));
            bits::and(fault, &either(Some(present), side.fault.as_deref()).unwrap_or_default());
        }
    }
    (valid, fault)
}

/// The rows that are NaN, of a column of floats.
pub(super) fn nan(array: &ArrayRef) -> Option<Vec<u64>> {
    let mut out = vec![0; bits::words(array.len())];
    if let Some(array) = array.as_primitive_opt::<Float64Type>() {
        mask::fill(array.values(), &mut out, f64::is_nan);
    } else {
        mask::fill(array.as_primitive_opt::<Float32Type>()?.values(), &mut out, f32::is_nan);
    }
    Some(out)
}

/// A constant for every row.
fn repeat(constant: &Constant, data_type: &DataType, rows: usize) -> Result<Values> {
    fn all<T: ArrowPrimitiveType>(value: T::Native, data_type: &DataType, rows: usize) -> ArrayRef {
        let values = PrimitiveArray::<T>::from_value(value, rows);
        Arc::new(values.with_data_type(data_type.clone()))
    }
    let array: ArrayRef = match constant {
        Constant::Null => new_null_array(data_type, rows),
        Constant::Real(value) => all::<Float64Type>(*value, data_type, rows),
        Constant::Text(text) => strings::repeat(text, rows),
        Constant::Exact(value) => ordered_type!(
            data_type,
            T => {
                // The type checker has made sure that the type holds it.
                let value = Native::from_digits(&value.to_string()).ok_or_else(lost)?;
                all::<T>(value, data_type, rows)
            },
            else return Err(lost())
        ),
    };
    let valid = (*constant == Constant::Null).then(|| vec![0; bits::words(rows)]);
    Ok(Values { array, valid, fault: None })
}

/// The values of `left` on the rows of `chosen`, those of `right` elsewhere.
fn select(left: Values, chosen: &[u64], right: Values, data_type: &DataType) -> Result<Values> {
    fn primitive<T: ArrowPrimitiveType>(
        left: &ArrayRef,
        chosen: &[u64],
        right: &ArrayRef,
        data_type: &DataType,
    ) -> Result<ArrayRef> {
        let of = |array: &ArrayRef| array.as_primitive_opt::<T>().cloned().ok_or_else(lost);
        let (left, right) = (of(left)?, of(right)?);
        let pairs = left.values().iter().zip(right.values()).enumerate();
        let values: Vec<T::Native> =
            pairs.map(|(row, (l, r))| if bits::get(chosen, row) { *l } else { *r }).collect();
        let array = PrimitiveArray::<T>::new(values.into(), None);
        Ok(Arc::new(array.with_data_type(data_type.clone())))
    }
    let array = match data_type {
        DataType::LargeUtf8 | DataType::LargeBinary => {
            strings::select(&left, chosen, &right, data_type)?
        }
        _ => ordered_type!(
            data_type,
            T => primitive::<T>(&left.array, chosen, &right.array, data_type)?,
            else return Err(lost())
        ),
    };
    let rows = array.len();
    let valid = match (left.valid, right.valid) {
        (None, None) => None,
        (left, right) => {
            let mut valid = left.unwrap_or_else(|| bits::ones(rows));
            bits::select(&mut valid, chosen, &right.unwrap_or_else(|| bits::ones(rows)));
            Some(valid)
        }
    };
    let fault = select_faults(left.fault, chosen, right.fault.as_deref());
    Ok(Values { array, valid, fault })
}
