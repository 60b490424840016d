//! Arrays whose buffers can be read but whose values nobody has checked yet.

use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer};
use arrow_data::{layout, ArrayData, BufferSpec};
use arrow_schema::{DataType, UnionMode};

use super::place::invalid;
use crate::error::{Error, Result};

/// One array, its values unchecked. It can be cut without a look at any value, so that a batch
/// that is a small piece of a large array costs what the piece costs.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) data_type: DataType,
    pub(super) len: usize,
    /// One bit for each slot, not counted yet.
    pub(super) validity: Option<BooleanBuffer>,
    /// What the first slot refers to: the first bit of booleans; the logical offset into run ends;
    /// the first slot of the children of structs, sparse unions and (in lists) fixed-size lists.
    /// Otherwise 0.
    pub(super) start: usize,
    /// Without the bitmap; the first item belongs to the first slot.
    pub(super) buffers: Vec<Buffer>,
    /// Whole, as the producer gave them.
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The parts of an array that was built in Rust.
    pub(super) fn of(data: &ArrayData) -> Result<Self> {
        let mut node = Self {
            data_type: data.data_type().clone(),
            len: data.offset().checked_add(data.len()).ok_or_else(overrun)?,
            validity: None,
            start: 0,
            buffers: data.buffers().to_vec(),
            children: data.child_data().iter().map(Self::of).collect::<Result<_>>()?,
        };
        node.cut(data.offset(), data.len())?;
        node.validity = data.nulls().map(|nulls| nulls.inner().clone());
        Ok(node)
    }

    /// Keeps `len` slots from slot `from` on.
    pub(super) fn cut(&mut self, from: usize, len: usize) -> Result<()> {
        if from.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(invalid("an array is shorter than its parent needs"));
        }
        if from == 0 && len == self.len {
            return Ok(());
        }
        self.validity = self.validity.take().map(|bits| bits.slice(from, len));
        self.len = len;
        if len == 0 {
            return Ok(());
        }
        let offsets = matches!(
            self.data_type,
            DataType::Utf8 | DataType::Binary | DataType::LargeUtf8 | DataType::LargeBinary
        ) || matches!(
            self.data_type,
            DataType::List(_) | DataType::LargeList(_) | DataType::Map(..)
        );
        for (buffer, spec) in self.buffers.iter_mut().zip(layout(&self.data_type).buffers) {
            if let BufferSpec::FixedWidth { byte_width, .. } = spec {
                let items = len + usize::from(offsets);
                *buffer =
                    piece(buffer, from.checked_mul(byte_width), items.checked_mul(byte_width))?;
            }
        }
        if !offsets && has_start(&self.data_type) {
            self.start += from;
        }
        Ok(())
    }

    /// Bytes of its buffers and those of its children.
    pub(super) fn bytes(&self) -> u64 {
        let own: usize = self.buffers.iter().map(Buffer::len).sum();
        let bitmap = self.validity.as_ref().map_or(0, |bits| bits.len().div_ceil(8));
        (own + bitmap) as u64 + self.children.iter().map(Self::bytes).sum::<u64>()
    }

    /// Makes the slots null whose bit in `bits` is not set.
    pub(super) fn hide(&mut self, bits: &BooleanBuffer) -> Result<()> {
        match self.data_type {
            DataType::Null => {}
            DataType::Union(..) | DataType::RunEndEncoded(..) => {
                return Err(invalid(
                    "whole rows are null, which this column's type cannot express",
                ));
            }
            _ => {
                self.validity = Some(match &self.validity {
                    Some(own) if own.len() == bits.len() => own & bits,
                    Some(_) => return Err(overrun()),
                    None => bits.clone(),
                });
            }
        }
        Ok(())
    }
}

fn has_start(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Boolean
            | DataType::RunEndEncoded(..)
            | DataType::Struct(_)
            | DataType::FixedSizeList(..)
            | DataType::Union(_, UnionMode::Sparse)
    )
}

/// Bytes of a buffer, or an error if it has not as many.
pub(super) fn piece(buffer: &Buffer, from: Option<usize>, bytes: Option<usize>) -> Result<Buffer> {
    match (from, bytes) {
        (Some(from), Some(bytes)) if from.checked_add(bytes).is_some_and(|e| e <= buffer.len()) => {
            Ok(buffer.slice_with_length(from, bytes))
        }
        _ => Err(overrun()),
    }
}

/// The first `count` items of a buffer.
pub(super) fn items<T: ArrowNativeType>(buffer: Option<&Buffer>, count: usize) -> Result<&[T]> {
    if count == 0 {
        return Ok(&[]);
    }
    let bytes = buffer.ok_or_else(overrun)?.as_slice();
    // SAFETY: `ArrowNativeType` is sealed to types for which every bit pattern is a value.
    let (before, items, _) = unsafe { bytes.align_to::<T>() };
    if before.is_empty() {
        items.get(..count).ok_or_else(overrun)
    } else {
        Err(overrun())
    }
}

fn overrun() -> Error {
    invalid("a buffer is shorter than its array needs")
}
