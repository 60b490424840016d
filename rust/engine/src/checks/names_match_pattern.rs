//! `names_match_pattern`: the name of every column of the data matches a pattern.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};

use super::columns_match::{listed, names};
use super::regex_match::{self, ARGUMENTS};
use super::{Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::Result;
use crate::kernels::bits;

pub(super) struct NamesMatchPattern;

impl CheckKind for NamesMatchPattern {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "names_match_pattern",
            aliases: &[],
            summary:
                "the name of every column of the data matches the pattern; names of fields of \
                      structs are not looked at",
            scope: Scope::Schema,
            arity: Arity::None,
            applies_to: "the dataset",
            arguments: ARGUMENTS,
            example: "{rule: names_match_pattern, args: {pattern: '^[a-z][a-z0-9_]*$'}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let search = regex_match::search(clause, true)?;
        let names = names(clause);
        let mut fail = vec![0; names.len().div_ceil(64)];
        let rows: ArrayRef = Arc::new(StringArray::from(names.clone()));
        search.fail(&[rows], None, &mut fail)?;
        let strange: Vec<&str> =
            bits::ones_of(&fail).filter_map(|at| names.get(at).copied()).collect();
        let holds = strange.is_empty();
        let reason = if holds {
            "every name matches".to_owned()
        } else {
            format!("names that do not match: {}", listed(&strange))
        };
        Ok(Compiled::Decided { holds, reason })
    }
}
