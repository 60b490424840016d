//! Dictionaries that were checked already.
//!
//! A producer that cuts a table into batches gives each the same dictionary, at the same address.
//! The one that was checked is kept, and with it its batch, until a window comes without it. While
//! it is kept it is not released, so its memory cannot hold anything else.

use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_data::ArrayData;

use super::super::node::Node;

/// Smaller dictionaries are checked in less time than it is worth to keep their batch for.
const WORTH: usize = 1024;

/// The dictionaries of the window before this one, and those of this one. Threads share it.
#[derive(Debug, Default)]
pub(in super::super) struct Known(Mutex<Windows>);

#[derive(Debug, Default)]
struct Windows {
    before: Vec<(Node, ArrayData)>,
    now: Vec<(Node, ArrayData)>,
}

impl Known {
    /// The checked form of these values, if they are the very ones that were checked before.
    pub(super) fn find(&self, values: &Node) -> Option<ArrayData> {
        let mut windows = self.lock();
        if let Some((_, data)) = windows.now.iter().find(|(node, _)| is_same(node, values)) {
            return Some(data.clone());
        }
        let at = windows.before.iter().position(|(node, _)| is_same(node, values))?;
        let found = windows.before.swap_remove(at);
        let data = found.1.clone();
        windows.now.push(found);
        Some(data)
    }

    pub(super) fn keep(&self, values: Node, checked: &ArrayData) {
        let mut windows = self.lock();
        // Another thread may have checked them meanwhile.
        if !windows.now.iter().any(|(node, _)| is_same(node, &values)) {
            windows.now.push((values, checked.clone()));
        }
    }

    /// A window is done: what it did not use is let go.
    pub(in super::super) fn next_window(&self) {
        // Buffers of Python's are released outside of the lock.
        let dropped = {
            let mut windows = self.lock();
            let now = std::mem::take(&mut windows.now);
            std::mem::replace(&mut windows.before, now)
        };
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, Windows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
