//! Dictionaries, run ends and unions: every slot leads to a value that exists.

use arrow_array::types::{
    ArrowDictionaryKeyType, Int16Type, Int32Type, Int64Type, Int8Type, UInt16Type, UInt32Type,
    UInt64Type, UInt8Type,
};
use arrow_array::ArrowPrimitiveType;
use arrow_buffer::{ArrowNativeType, Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, UnionMode};

use super::super::node::{items, Node};
use super::super::place::{field, invalid, within};
use super::known::is_worth_keeping;
use super::{array, counted, is_null, vet, How, Nulls};
use crate::error::{Error, Result};

pub(super) fn dictionary(mut node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let nulls = counted(&node);
    let DataType::Dictionary(keys, _) = &node.data_type else {
        return Err(Error::internal("not a dictionary"));
    };
    let values = node.children.pop().ok_or_else(|| Error::internal("no dictionary"))?;
    let count = values.len;
    let repaired = match keys.as_ref() {
        DataType::Int8 => vet_keys::<Int8Type>(&node, nulls.as_ref(), count, how),
        DataType::Int16 => vet_keys::<Int16Type>(&node, nulls.as_ref(), count, how),
        DataType::Int32 => vet_keys::<Int32Type>(&node, nulls.as_ref(), count, how),
        DataType::Int64 => vet_keys::<Int64Type>(&node, nulls.as_ref(), count, how),
        DataType::UInt8 => vet_keys::<UInt8Type>(&node, nulls.as_ref(), count, how),
        DataType::UInt16 => vet_keys::<UInt16Type>(&node, nulls.as_ref(), count, how),
        DataType::UInt32 => vet_keys::<UInt32Type>(&node, nulls.as_ref(), count, how),
        DataType::UInt64 => vet_keys::<UInt64Type>(&node, nulls.as_ref(), count, how),
        _ => Err(invalid("the keys of a dictionary are not integers")),
    }?;
    if let Some(keys) = repaired {
        node.buffers = vec![keys];
    }
    let values = dictionary_values(values, how).map_err(within(|| "dictionary".to_owned()))?;
    Ok(array(node.data_type, node.len, nulls, 0, node.buffers, vec![values]))
}

fn dictionary_values(values: Node, how: &mut How<'_>) -> Result<ArrayData> {
    if !is_worth_keeping(&values) {
        return vet(values, how);
    }
    if let Some(known) = how.known.find(&values) {
        return Ok(known);
    }
    let checked = vet(values.clone(), how)?;
    how.known.keep(values, &checked);
    Ok(checked)
}

/// Every key that is not null is below `count`. Returns keys with 0 under nulls if others were not.
fn vet_keys<K: ArrowDictionaryKeyType>(
    node: &Node,
    nulls: Option<&NullBuffer>,
    count: usize,
    how: &mut How<'_>,
) -> Result<Option<Buffer>> {
    let keys = items::<K::Native>(node.buffers.first(), node.len)?;
    // `to_usize` is `None` for negative keys.
    let inside = |key: &K::Native| key.to_usize().is_some_and(|key| key < count);
    let (least, most) =
        keys.iter().fold((K::default_value(), K::default_value()), |(l, m), key| {
            (if *key < l { *key } else { l }, if *key > m { *key } else { m })
        });
    if inside(&least) && inside(&most) {
        return Ok(None);
    }
    let valid = |slot: usize| !is_null(nulls, slot);
    if keys.iter().enumerate().any(|(slot, key)| valid(slot) && !inside(key)) {
        return Err(invalid("a dictionary key is out of range"));
    }
    if how.nulls == Nulls::Strict {
        // A null key may be anything; only import makes it harmless.
        return Ok(None);
    }
    let zero = K::default_value();
    let key = |(slot, key): (usize, &K::Native)| if valid(slot) { *key } else { zero };
    Ok(Some(Buffer::from_vec(keys.iter().enumerate().map(key).collect::<Vec<_>>())))
}

/// Keeps the runs that the array's slots lie in, with ends counted from its first slot.
pub(super) fn run_ends(mut node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let (Some(values), Some(ends)) = (node.children.pop(), node.children.pop()) else {
        return Err(Error::internal("run ends without children"));
    };
    match ends.data_type {
        DataType::Int16 => runs::<Int16Type>(node, &ends, values, how),
        DataType::Int32 => runs::<Int32Type>(node, &ends, values, how),
        DataType::Int64 => runs::<Int64Type>(node, &ends, values, how),
        _ => Err(invalid("run ends are not 16, 32 or 64 bit integers")),
    }
}

fn runs<E: ArrowPrimitiveType>(
    node: Node,
    ends: &Node,
    mut values: Node,
    how: &mut How<'_>,
) -> Result<ArrayData> {
    if counted(ends).is_some() {
        return Err(invalid("a run end is null"));
    }
    let short = || invalid("the run ends do not reach the array's length");
    let all = items::<E::Native>(ends.buffers.first(), ends.len)?;
    let limit = node.start.checked_add(node.len).ok_or_else(short)?;
    let until = |end: &E::Native| end.to_i64().unwrap_or(0);
    let (start, limit) = (signed(node.start)?, signed(limit)?);
    // Binary searches: on unsorted ends they find some run, and the check below fails.
    let first = all.partition_point(|end| until(end) <= start);
    let last = all.partition_point(|end| until(end) < limit);
    let used = all.get(first..=last).ok_or_else(short)?;
    // What lies before the first run used is not looked at but for the one just before it.
    let mut previous = match first.checked_sub(1).and_then(|run| all.get(run)).map(until) {
        Some(before) if before <= 0 || before > start => return Err(backwards()),
        Some(before) => before,
        None => 0,
    };
    let mut moved = Vec::with_capacity(used.len());
    for end in used.iter().map(until) {
        if end <= previous.max(start) {
            return Err(backwards());
        }
        previous = end;
        moved.push(end.min(limit) - start);
    }
    if previous < limit {
        return Err(short());
    }
    values.cut(first, used.len())?;
    let native = |end: &i64| usize::try_from(*end).ok().and_then(E::Native::from_usize);
    let moved: Option<Vec<E::Native>> = moved.iter().map(native).collect();
    let buffers = vec![Buffer::from_vec(moved.ok_or_else(short)?)];
    let ends = array(ends.data_type.clone(), used.len(), None, 0, buffers, vec![]);
    let values = vet(values, how).map_err(within(|| "values".to_owned()))?;
    Ok(array(node.data_type, node.len, None, 0, vec![], vec![ends, values]))
}

fn backwards() -> Error {
    invalid("run ends do not increase")
}

fn signed(number: usize) -> Result<i64> {
    i64::try_from(number).map_err(|_| invalid("a length or an offset overflows"))
}

/// Every type id is one of the union's, and every offset of a dense union lies in its child.
pub(super) fn union(mut node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let DataType::Union(fields, mode) = &node.data_type else {
        return Err(Error::internal("not a union"));
    };
    let mut lens: [Option<usize>; 128] = [None; 128];
    for ((id, _), child) in fields.iter().zip(&node.children) {
        if let Some(len) = usize::try_from(id).ok().and_then(|id| lens.get_mut(id)) {
            *len = Some(child.len);
        }
    }
    let len_of = |id: &i8| usize::try_from(*id).ok().and_then(|id| lens.get(id).copied().flatten());
    let ids = items::<i8>(node.buffers.first(), node.len)?;
    if ids.iter().any(|id| len_of(id).is_none()) {
        return Err(invalid("a type id is not one of the union's"));
    }
    if *mode == UnionMode::Dense {
        let offsets = items::<i32>(node.buffers.get(1), node.len)?;
        let inside = |(id, offset): (&i8, &i32)| {
            usize::try_from(*offset).is_ok_and(|at| len_of(id).is_some_and(|len| at < len))
        };
        if !ids.iter().zip(offsets).all(inside) {
            return Err(invalid("a union's offset is out of bounds"));
        }
    }
    let mut children = Vec::with_capacity(fields.len());
    for (mut child, (_, inner)) in std::mem::take(&mut node.children).into_iter().zip(fields.iter())
    {
        let cut = match mode {
            UnionMode::Sparse => child.cut(node.start, node.len),
            UnionMode::Dense => Ok(()),
        };
        let checked = cut.and_then(|()| vet(child, how));
        children.push(checked.map_err(within(|| field(inner.name())))?);
    }
    Ok(array(node.data_type, node.len, None, 0, node.buffers, children))
}
