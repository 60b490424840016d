//! `foreign_key`: every key occurs in reference data that the caller of the run brings along. A null
//! in any column exempts the row.

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::contract::{self, Literal};
use crate::error::{Code, Error, Result};
use crate::unique::{KeyForm, Nulls};

pub(super) struct ForeignKey;

/// What a foreign key points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The name under which the reference data is brought along.
    pub(crate) name: String,
    /// Its key columns; dotted paths reach into structs.
    pub(crate) columns: Vec<String>,
}

impl CheckKind for ForeignKey {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "foreign_key",
            aliases: &[],
            summary: "every key occurs in the reference; a null in any column exempts the row",
            scope: Scope::Row,
            arity: Arity::Many,
            applies_to: "every column but lists, structs and maps",
            arguments: &[
                Argument {
                    name: "ref",
                    kind: "text",
                    default: "",
                    summary: "a product of the mesh, or the name of data that the caller passes",
                },
                Argument {
                    name: "columns",
                    kind: "a list of names",
                    default: "the same names",
                    summary: "the reference's key columns, in the order of the clause's",
                },
            ],
            example: "{columns: [account_id], rule: foreign_key, args: {ref: finance.accounts, columns: [id]}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let types: Vec<_> = clause.columns.iter().map(|c| c.data_type.clone()).collect();
        // Refuses what cannot be a key, with or without reference data.
        KeyForm::compile(&types, Nulls::Distinct)?;
        target(clause.check)?.map(Compiled::Foreign).ok_or_else(|| {
            Error::new(Code::BadArgument, "foreign_key needs the argument \"ref\"")
                .help("name a product of the mesh, such as finance.accounts")
        })
    }
}

/// What the clause points to; `None` without a `ref`.
fn target(check: &contract::Check) -> Result<Option<Target>> {
    let bad = |name: &str, wanted: &str| {
        Error::new(Code::BadArgument, format!("{name:?} of {} takes {wanted}", check.check))
            .at(format!("/args/{name}"))
    };
    let name = match check.args.get("ref") {
        None => return Ok(None),
        Some(Literal::Text(name)) if !name.is_empty() => name.clone(),
        Some(_) => return Err(bad("ref", "the name of a product")),
    };
    let columns = match check.args.get("columns") {
        None => check.columns.clone(),
        Some(Literal::List(items)) => items
            .iter()
            .map(|item| match item {
                Literal::Text(name) => Some(name.clone()),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| bad("columns", "a list of names"))?,
        Some(_) => return Err(bad("columns", "a list of names")),
    };
    if columns.len() != check.columns.len() {
        return Err(bad("columns", "as many names as the clause has columns"));
    }
    Ok(Some(Target { name, columns }))
}
