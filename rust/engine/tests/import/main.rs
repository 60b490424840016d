//! What import refuses, repairs and passes on, through the C structs as a foreign producer fills
//! them.
#![allow(unsafe_code, reason = "the C structs are raw pointers")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "how tests fail")]

mod round_trip;
