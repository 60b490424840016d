//! How many bytes the keys of a run may take, counted across threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Code, Error, Result};

/// Bytes taken of bytes granted.
#[derive(Debug)]
pub(crate) struct Budget {
    granted: usize,
    taken: AtomicUsize,
}

impl Budget {
    /// No limit if there is none.
    pub(crate) fn new(granted: Option<usize>) -> Self {
        Self { granted: granted.unwrap_or(usize::MAX), taken: AtomicUsize::new(0) }
    }

    /// Bytes in use.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Takes so many bytes more.
    ///
    /// # Errors
    /// [`Code::Memory`] if that is over the budget.
    pub(crate) fn take(&self, bytes: usize) -> Result<()> {
        let before = self.taken.fetch_add(bytes, Ordering::Relaxed);
        if before.checked_add(bytes).is_none_or(|now| now > self.granted) {
            self.taken.fetch_sub(bytes, Ordering::Relaxed);
            return Err(full());
        }
        Ok(())
    }
}

/// There is no memory for the keys, by the budget or by the system.
pub(crate) fn full() -> Error {
    Error::new(Code::Memory, "the keys of a check do not fit into the memory budget").help(
        "raise limits.memory_bytes; data that can be opened again, such as a table or a path, is \
         read twice instead",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

    #[test]
    fn over_the_budget_is_an_error_and_takes_nothing() {
        let budget = Budget::new(Some(100));
        budget.take(60).unwrap();
        assert_eq!(budget.take(41).unwrap_err().code, Code::Memory);
        budget.take(40).unwrap();
        assert_eq!(budget.taken(), 100);
        assert!(Budget::new(None).take(usize::MAX).is_ok());
    }
}
