//! Masks: one replacement of a column's values each.
//!
//! Every mask builds fresh buffers: null slots are zero, dictionaries hold masked values only, and
//! nothing of the raw column's buffers is passed on.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use crate::error::Result;

/// One compiled mask. Immutable and shared between threads.
pub trait Mask: Send + Sync + std::fmt::Debug {
    /// The Arrow type of the output, fixed at compile time.
    fn output_type(&self) -> &DataType;

    /// Replaces every value of `column`. The length is kept and null stays null.
    ///
    /// # Errors
    /// Only for a bug; a value never raises.
    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef>;
}
