//! The keys of what is published, in files beside the table: uniqueness across publications without
//! reading the table again.
//!
//! A [`Segment`] is one immutable file with the distinct keys of some data files of the table, sorted,
//! 8 or 16 bytes each. It names the data files that it covers; whether it counts is decided by whoever
//! knows which data files the table has. [`Published`] looks keys up in the segments of one clause.
//!
//! Keys are those of the rows as they are stored: masked, in the types of the table. So an index holds
//! nothing that the table beside it does not hold.

mod build;
mod entries;
mod file;
mod gather;
mod merge;
mod published;
mod segment;
mod stored;

pub(crate) use entries::Entries;
pub(crate) use gather::Gather;
pub(crate) use published::Probe;

pub use build::Build;
pub use published::Published;
pub use segment::{disjoint, merge, Segment};

#[cfg(test)]
mod tests;

/// Keys of one word; of two; UUIDs; fingerprints of all others.
pub(crate) const SECTIONS: usize = 4;
/// The section of fingerprints.
pub(crate) const PRINTS: usize = 3;
/// Bytes of a key on disk, by section.
pub(crate) const WIDTHS: [usize; SECTIONS] = [8, 16, 16, 16];
/// The place of the one null key, where null equals null.
pub(crate) const NULL: u64 = u64::MAX >> 1;
