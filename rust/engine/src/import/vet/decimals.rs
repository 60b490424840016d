//! Decimals: no value has more digits than the type's precision.

use arrow_buffer::{i256, ArrowNativeType, NullBuffer};
use arrow_data::decimal::{
    MAX_DECIMAL128_FOR_EACH_PRECISION, MAX_DECIMAL256_FOR_EACH_PRECISION,
    MAX_DECIMAL32_FOR_EACH_PRECISION, MAX_DECIMAL64_FOR_EACH_PRECISION,
};
use arrow_data::ArrayData;
use arrow_schema::DataType;

use super::super::node::{items, Node};
use super::super::place::invalid;
use super::{array, counted, is_null};
use crate::error::{Error, Result};

pub(super) fn vet(node: Node) -> Result<ArrayData> {
    let nulls = counted(&node);
    let within = match node.data_type {
        DataType::Decimal32(p, _) => {
            fit::<i32>(&node, nulls.as_ref(), MAX_DECIMAL32_FOR_EACH_PRECISION.get(usize::from(p)))
        }
        DataType::Decimal64(p, _) => {
            fit::<i64>(&node, nulls.as_ref(), MAX_DECIMAL64_FOR_EACH_PRECISION.get(usize::from(p)))
        }
        DataType::Decimal128(p, _) => fit::<i128>(
            &node,
            nulls.as_ref(),
            MAX_DECIMAL128_FOR_EACH_PRECISION.get(usize::from(p)),
        ),
        DataType::Decimal256(p, _) => fit::<i256>(
            &node,
            nulls.as_ref(),
            MAX_DECIMAL256_FOR_EACH_PRECISION.get(usize::from(p)),
        ),
        _ => Err(Error::internal("not a decimal")),
    }?;
    if !within {
        return Err(invalid("a decimal has more digits than its type's precision"));
    }
    Ok(array(node.data_type, node.len, nulls, 0, node.buffers, vec![]))
}

/// Whether every value that is not null lies in `-most..=most`.
fn fit<T>(node: &Node, nulls: Option<&NullBuffer>, most: Option<&T>) -> Result<bool>
where
    T: ArrowNativeType + std::ops::Neg<Output = T>,
{
    let most = *most.ok_or_else(|| invalid("the decimal's precision is out of range"))?;
    let least = -most;
    let values = items::<T>(node.buffers.first(), node.len)?;
    let over = |value: &T| *value > most || *value < least;
    let mut any = false;
    for value in values {
        any |= *value > most;
        any |= *value < least;
    }
    if !any {
        return Ok(true);
    }
    Ok(!values.iter().enumerate().any(|(slot, value)| over(value) && !is_null(nulls, slot)))
}
