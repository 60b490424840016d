//! `names_unique`: no two columns of the data have one name.

use std::collections::HashSet;

use super::columns_match::{listed, names};
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::Result;

pub(super) struct NamesUnique;

impl CheckKind for NamesUnique {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "names_unique",
            aliases: &[],
            summary:
                "no two columns of the data have one name; a promised column that comes twice \
                      is an error without this check",
            scope: Scope::Schema,
            arity: Arity::None,
            applies_to: "the dataset",
            arguments: &[Argument {
                name: "case_insensitive",
                kind: "true or false",
                default: "false",
                summary: "names that differ in case only are one name, as for many SQL engines",
            }],
            example: "{rule: names_unique, args: {case_insensitive: true}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let fold = clause.flag("case_insensitive", false)?;
        let repeated = repeated(&names(clause), fold);
        let holds = repeated.is_empty();
        let reason = if holds {
            "every column has a name of its own".to_owned()
        } else {
            format!("names that come again: {}", listed(&repeated))
        };
        Ok(Compiled::Decided { holds, reason })
    }
}

/// The names that repeat an earlier one.
fn repeated<'a>(names: &[&'a str], fold: bool) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let again = |name: &&&str| {
        let key = if fold { name.to_lowercase() } else { (**name).to_string() };
        !seen.insert(key)
    };
    names.iter().filter(again).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_a_difference_unless_told() {
        assert!(repeated(&["a", "A", ""], false).is_empty());
        assert_eq!(repeated(&["a", "A", "é", "É"], true), ["A", "É"]);
        assert_eq!(repeated(&["a", "b", "a", "a"], false), ["a", "a"]);
    }
}
