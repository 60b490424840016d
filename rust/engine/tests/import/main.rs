//! What import refuses, repairs and passes on, through the C structs as a foreign producer fills
//! them.
//!
//! Only on Linux: lengths that lead too far are found by asking its kernel, and the memory that
//! the tests hand over ends at pages that cannot be read.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "the C structs are raw pointers")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "how tests fail")]

mod arrays;
mod hostile;
mod memory;
mod mutants;
mod nulls;
mod raw;
mod round_trip;
mod schemas;
mod streams;
