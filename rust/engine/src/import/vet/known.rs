//! Dictionaries that were checked already.
//!
//! A producer that cuts a table into batches gives each the same dictionary, at the same address.
//! The one that was checked is kept, and with it its batch, until a batch comes without it. While
//! it is kept it is not released, so its memory cannot hold anything else.

use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_data::ArrayData;

use super::super::node::Node;

/// Smaller dictionaries are checked in less time than it is worth to keep their batch for.
const WORTH: usize = 1024;

/// The dictionaries of the batch before this one, and those of this one.
#[derive(Debug, Default)]
pub(in super::super) struct Known {
    before: Vec<(Node, ArrayData)>,
    now: Vec<(Node, ArrayData)>,
}

impl Known {
    /// The checked form of these values, if they are the very ones that were checked before.
    pub(super) fn find(&mut self, values: &Node) -> Option<ArrayData> {
        if let Some((_, data)) = self.now.iter().find(|(node, _)| is_same(node, values)) {
            return Some(data.clone());
        }
        let at = self.before.iter().position(|(node, _)| is_same(node, values))?;
        let found = self.before.swap_remove(at);
        let data = found.1.clone();
        self.now.push(found);
        Some(data)
    }

    pub(super) fn keep(&mut self, values: Node, checked: &ArrayData) {
        self.now.push((values, checked.clone()));
    }

    /// A batch is done: what it did not use is let go.
    pub(in super::super) fn next_batch(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }
}

/// Whether it would pay to know these values again.
pub(super) fn is_worth_keeping(values: &Node) -> bool {
    values.len >= WORTH
}

/// Whether two arrays are made of the same memory.
fn is_same(one: &Node, other: &Node) -> bool {
    one.len == other.len
        && one.start == other.start
        && one.data_type == other.data_type
        && match (&one.validity, &other.validity) {
            (Some(one), Some(other)) => BooleanBuffer::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
        && all(&one.buffers, &other.buffers, Buffer::ptr_eq)
        && all(&one.children, &other.children, is_same)
}

fn all<T>(some: &[T], others: &[T], same: fn(&T, &T) -> bool) -> bool {
    some.len() == others.len() && some.iter().zip(others).all(|(one, other)| same(one, other))
}
