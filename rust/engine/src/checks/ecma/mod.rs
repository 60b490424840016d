//! Patterns in the language of ECMA-262, which ODCS and JSON Schema prescribe.
//!
//! Handing such a pattern to another engine is silently wrong for `\d`, `\w`, `\s`, `\b`, `.`, `$`
//! and set operations inside classes. Here it is parsed by its own grammar into an [`Expression`],
//! and lowered from there with its own meaning. The grammar is that of Unicode mode (`u`), forgiving
//! where no other reading is possible: a lone `]`, `}` or `{` stands for itself, and so does ASCII
//! punctuation behind a backslash.

mod class;
mod escapes;
mod linear;
mod parse;
mod properties;
mod syntax;
#[cfg(test)]
mod tests;

pub(crate) use linear::linear;
pub(crate) use syntax::Expression;
