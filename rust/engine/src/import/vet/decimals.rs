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
use crate::kernels::bits;
use crate::kernels::compare::Ranged;

/// Values that are compared before their bits are looked at.
const BLOCK: usize = 4096;

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
    T: ArrowNativeType + Ranged + std::ops::Neg<Output = T>,
{
    let most = *most.ok_or_else(|| invalid("the decimal's precision is out of range"))?;
    let least = -most;
    let values = items::<T>(node.buffers.first(), node.len)?;
    let mut over = [0; BLOCK / 64];
    for (index, block) in values.chunks(BLOCK).enumerate() {
        let over = over.get_mut(..bits::words(block.len())).unwrap_or_default();
        T::outside(block, least, most, over);
        // What is under a null may be anything.
        if bits::ones_of(over).any(|slot| !is_null(nulls, index * BLOCK + slot)) {
            return Ok(false);
        }
    }
    Ok(true)
}
