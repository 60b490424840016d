//! Lists, list views, fixed-size lists, structs and maps: children cut to what is used.

use arrow_array::OffsetSizeTrait;
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field};

use super::super::node::{items, Node};
use super::super::place::{field, invalid, within};
use super::texts::{bounds, out_of_bounds};
use super::{array, counted, vet, How};
use crate::error::{Error, Result};

/// Lists and maps. A list that uses a part of its child gets offsets from 0 on and that part.
pub(super) fn list<O: OffsetSizeTrait>(mut node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let nulls = counted(&node);
    let mut child = only(&mut node)?;
    let offsets = items::<O>(node.buffers.first(), node.len + 1)?;
    let (first, last) = bounds(offsets, child.len)?;
    child.cut(first, last - first)?;
    if first > 0 {
        let base = O::from_usize(first).ok_or_else(out_of_bounds)?;
        let moved: Vec<O> = offsets.iter().map(|offset| *offset - base).collect();
        node.buffers = vec![Buffer::from_vec(moved)];
    }
    let child = values(child, how)?;
    match &node.data_type {
        DataType::Map(entries, _) => pairs(entries, &child)?,
        DataType::List(inner) | DataType::LargeList(inner) => never_null(inner, &child, None)?,
        _ => {}
    }
    Ok(array(node.data_type, node.len, nulls, 0, node.buffers, vec![child]))
}

/// List views, whose parts may overlap and stand in any order.
pub(super) fn list_view<O: OffsetSizeTrait>(
    mut node: Node,
    how: &mut How<'_>,
) -> Result<ArrayData> {
    let nulls = counted(&node);
    let mut child = only(&mut node)?;
    let offsets = items::<O>(node.buffers.first(), node.len)?;
    let sizes = items::<O>(node.buffers.get(1), node.len)?;
    let (mut first, mut last) = (usize::MAX, 0);
    for (offset, size) in offsets.iter().zip(sizes) {
        let negative = || invalid("an offset or a size is negative");
        let start = offset.to_usize().ok_or_else(negative)?;
        let size = size.to_usize().ok_or_else(negative)?;
        let end = start.checked_add(size).filter(|end| *end <= child.len);
        let end = end.ok_or_else(out_of_bounds)?;
        if size > 0 {
            (first, last) = (first.min(start), last.max(end));
        }
    }
    let first = first.min(last);
    if first > 0 || last < child.len {
        let base = O::from_usize(first).ok_or_else(out_of_bounds)?;
        let moved = offsets.iter().zip(sizes).map(|(offset, size)| {
            if *size == O::zero() {
                O::zero()
            } else {
                *offset - base
            }
        });
        let moved = Buffer::from_vec(moved.collect::<Vec<O>>());
        child.cut(first, last - first)?;
        if let Some(offsets) = node.buffers.first_mut() {
            *offsets = moved;
        }
    }
    let child = values(child, how)?;
    if let DataType::ListView(inner) | DataType::LargeListView(inner) = &node.data_type {
        never_null(inner, &child, None)?;
    }
    Ok(array(node.data_type, node.len, nulls, 0, node.buffers, vec![child]))
}

pub(super) fn fixed_size_list(mut node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let nulls = counted(&node);
    let mut child = only(&mut node)?;
    let DataType::FixedSizeList(inner, size) = &node.data_type else {
        return Err(Error::internal("not a fixed-size list"));
    };
    let size = usize::try_from(*size).map_err(|_| out_of_bounds())?;
    let from = node.start.checked_mul(size).ok_or_else(out_of_bounds)?;
    child.cut(from, node.len.checked_mul(size).ok_or_else(out_of_bounds)?)?;
    let child = values(child, how)?;
    never_null(inner, &child, nulls.as_ref().map(|nulls| nulls.expand(size)).as_ref())?;
    Ok(array(node.data_type, node.len, nulls, 0, vec![], vec![child]))
}

pub(super) fn structure(node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let nulls = counted(&node);
    let DataType::Struct(fields) = &node.data_type else {
        return Err(Error::internal("not a struct"));
    };
    let mut children = Vec::with_capacity(fields.len());
    for (mut child, inner) in node.children.into_iter().zip(fields) {
        let checked = child.cut(node.start, node.len).and_then(|()| {
            let data = vet(child, how)?;
            never_null(inner, &data, nulls.as_ref())?;
            Ok(data)
        });
        children.push(checked.map_err(within(|| field(inner.name())))?);
    }
    Ok(array(node.data_type, node.len, nulls, 0, vec![], children))
}

fn only(node: &mut Node) -> Result<Node> {
    node.children.pop().ok_or_else(|| Error::internal("a list without values"))
}

fn values(child: Node, how: &mut How<'_>) -> Result<ArrayData> {
    vet(child, how).map_err(within(|| "values".to_owned()))
}

/// The entries of a map and their keys have no nulls.
fn pairs(entries: &Field, child: &ArrayData) -> Result<()> {
    never_null(entries, child, None)?;
    match child.child_data() {
        [keys, _] if keys.nulls().is_none() => Ok(()),
        _ => Err(invalid("a key of a map is null")),
    }
}

/// A child that is declared without nulls has none but under those of its parent.
fn never_null(inner: &Field, child: &ArrayData, parent: Option<&NullBuffer>) -> Result<()> {
    let held = inner.is_nullable()
        || child.nulls().is_none_or(|nulls| parent.is_some_and(|parent| parent.contains(nulls)));
    if held {
        Ok(())
    } else {
        Err(invalid("a field that is declared without nulls has nulls"))
    }
}
