//! Every value that the columnar format constrains, checked; what null slots hide, made harmless.
//!
//! <https://arrow.apache.org/docs/format/Columnar.html>. Values under a null may be anything. Where
//! they would break a reader that looks at them all the same (a text that is not UTF-8, a view
//! into nowhere, a dictionary key out of range) they are replaced by an empty text or key 0.

mod decimals;
mod encoded;
mod known;
mod nested;
mod texts;
mod views;

use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;

use super::node::Node;
use crate::error::Result;

pub(super) use known::Known;

/// What becomes of unusable values under a null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// They are replaced.
    Repair,
    /// They are refused.
    Strict,
}

/// What a check may do, and what it may build on.
#[derive(Debug)]
pub(super) struct How<'a> {
    pub(super) nulls: Nulls,
    pub(super) known: &'a Known,
}

/// Checks an array with all it contains.
///
/// # Errors
/// [`crate::error::Code::InvalidArrow`].
pub(super) fn vet(node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    use DataType as T;
    if node.len == 0 {
        return Ok(ArrayData::new_empty(&node.data_type));
    }
    match &node.data_type {
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => {
            decimals::vet(node)
        }
        T::Utf8 | T::Binary => texts::vet::<i32>(node, how),
        T::LargeUtf8 | T::LargeBinary => texts::vet::<i64>(node, how),
        T::Utf8View | T::BinaryView => views::vet(node, how),
        T::List(_) | T::Map(..) => nested::list::<i32>(node, how),
        T::LargeList(_) => nested::list::<i64>(node, how),
        T::ListView(_) => nested::list_view::<i32>(node, how),
        T::LargeListView(_) => nested::list_view::<i64>(node, how),
        T::FixedSizeList(..) => nested::fixed_size_list(node, how),
        T::Struct(_) => nested::structure(node, how),
        T::Dictionary(..) => encoded::dictionary(node, how),
        T::RunEndEncoded(..) => encoded::run_ends(node, how),
        T::Union(..) => encoded::union(node, how),
        // Any value is one: numbers, times, booleans, fixed-size binary, null.
        _ => {
            let (buffers, validity) = (node.buffers, node.validity.map(NullBuffer::new));
            let start = if node.data_type == T::Boolean { node.start } else { 0 };
            Ok(array(node.data_type, node.len, validity, start, buffers, vec![]))
        }
    }
}

/// The nulls of a node, counted; `None` if there are none.
fn counted(node: &Node) -> Option<NullBuffer> {
    let nulls = NullBuffer::new(node.validity.clone()?);
    (nulls.null_count() > 0).then_some(nulls)
}

/// Whether the slot is null.
fn is_null(nulls: Option<&NullBuffer>, slot: usize) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(slot))
}

/// An array of checked parts.
fn array(
    data_type: DataType,
    len: usize,
    nulls: Option<NullBuffer>,
    offset: usize,
    buffers: Vec<Buffer>,
    children: Vec<ArrayData>,
) -> ArrayData {
    let builder = ArrayData::builder(data_type)
        .len(len)
        .offset(offset)
        .nulls(nulls.filter(|nulls| nulls.null_count() > 0))
        .buffers(buffers)
        .child_data(children);
    // SAFETY: called at the end of the functions of this module, each of which has checked what
    // `ArrayData::validate_full` would check of this type; tests compare the two.
    unsafe { builder.build_unchecked() }
}
