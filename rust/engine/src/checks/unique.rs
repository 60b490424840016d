//! `unique` and `primary_key`: no key occurs twice in the whole run, however batches are cut.

use arrow_schema::DataType;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::contract::Literal;
use crate::error::Result;
use crate::unique::Nulls;

pub(super) struct Unique;
pub(super) struct PrimaryKey;

impl CheckKind for Unique {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "unique",
            aliases: &[],
            summary: "no key occurs twice in the whole run; the first occurrence is kept",
            scope: Scope::Key,
            arity: Arity::Many,
            applies_to: "every column but lists, structs and maps",
            arguments: &[
                Argument {
                    name: "nulls_distinct",
                    kind: "true or false",
                    default: "true",
                    summary: "SQL UNIQUE: a null in any key column exempts the row; false: null equals null",
                },
                Argument {
                    name: "keep",
                    kind: "first or none",
                    default: "first",
                    summary: "failed rows are those beyond the first, or all members of a duplicated key",
                },
                SCOPE,
            ],
            example: "{columns: [order_id, line], rule: unique}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        refuse_nested(clause)?;
        let keep_first = match clause.text("keep")? {
            None | Some("first") => true,
            Some("none") => false,
            Some(_) => return Err(clause.bad("keep", "\"first\" or \"none\"")),
        };
        let nulls =
            if clause.flag("nulls_distinct", true)? { Nulls::Distinct } else { Nulls::Equal };
        Ok(Compiled::Unique { nulls, keep_first, across: across(clause)? })
    }
}

impl CheckKind for PrimaryKey {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "primary_key",
            aliases: &[],
            summary: "unique, and no key column is null",
            scope: Scope::Key,
            arity: Arity::Many,
            applies_to: "every column but lists, structs and maps",
            arguments: &[SCOPE],
            example: "{column: transaction_id, rule: primary_key}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        refuse_nested(clause)?;
        Ok(Compiled::PrimaryKey { across: across(clause)? })
    }
}

/// Where a key may occur once.
const SCOPE: Argument = Argument {
    name: "scope",
    kind: "publication or dataset",
    default: "publication",
    summary: "no key occurs twice in this data, or in it and all that the product has published",
};

/// Whether keys are also compared with those of what is published.
fn across(clause: &Clause<'_>) -> Result<bool> {
    match clause.text("scope")? {
        None | Some("publication") => Ok(false),
        Some("dataset") => Ok(true),
        Some(_) => Err(clause.bad("scope", "\"publication\" or \"dataset\"")),
    }
}

fn refuse_nested(clause: &Clause<'_>) -> Result<()> {
    for column in &clause.columns {
        if column.data_type.is_nested() || column.data_type == DataType::Null {
            return Err(clause.not_applicable(column, "columns of plain values"));
        }
    }
    // `keep` and `nulls_distinct` given as null would silently mean the default.
    for (name, literal) in &clause.check.args {
        if *literal == Literal::Null {
            return Err(clause.bad(name, "a value"));
        }
    }
    Ok(())
}
