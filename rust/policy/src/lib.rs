//! Rego behind guards: regorus with safe defaults, and decisions that fail closed.
//!
//! A [`PolicySet`] is loaded from texts that nobody has to trust: sizes, nesting and numbers are
//! bounded before the parser runs; the syntax trees are walked for functions that do not exist,
//! recursion, and paths that the documented input does not have. Deciding has a time budget and
//! bounded builtins, no clock, network or environment. Whatever goes wrong in it is a denial.
//!
//! regorus is used through its interpreter only, in `engine.rs`; its hidden syntax tree in `ast.rs`
//! and `analysis.rs`. What it says in errors holds values and is dropped; its places are kept.

mod analysis;
mod ast;
mod builtins;
mod collision;
mod decide;
mod engine;
mod entry;
mod explain;
mod finding;
mod graph;
mod growth;
mod guard;
mod json;
mod limits;
mod load;
mod message;
mod rules;
mod safety;
mod scan;
mod schema;
mod set;
mod trial;

pub use decide::{Phase, Request};
pub use finding::{Code, Finding, Severity};
pub use limits::Limits;
pub use set::{Options, PolicySet};
