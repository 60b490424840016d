//! Tight loops behind safe functions.
//!
//! With `import`, the only place with `unsafe`: here it is calling code that is compiled for
//! processor features which were detected just before, and memory on large pages. Each has a safe
//! twin, and a test that the two agree.

pub(crate) mod bits;
pub(crate) mod compare;
pub mod cpu;
pub(crate) mod dfa;
pub(crate) mod dispatch;
pub(crate) mod encoding;
mod hashed;
pub(crate) mod hex;
pub(crate) mod marks;
pub(crate) mod mask;
pub(crate) mod members;
pub(crate) mod pairs;
pub(crate) mod prefetch;
pub(crate) mod rows;
pub(crate) mod sha256;
pub(crate) mod slab;
pub(crate) mod spans;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod text;
pub(crate) mod uuid;
pub(crate) mod views;
pub(crate) mod words;
