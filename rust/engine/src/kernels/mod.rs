//! Tight loops behind safe functions.

pub(crate) mod bits;
pub(crate) mod compare;
pub(crate) mod encoding;
pub(crate) mod text;
