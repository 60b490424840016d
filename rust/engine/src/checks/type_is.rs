//! `type_is`: the column has one of the promised types; nothing is cast.

use arrow_schema::DataType;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::contract::Literal;
use crate::error::Result;
use crate::promise::Promise;

pub(super) struct TypeIs;

impl CheckKind for TypeIs {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "type_is",
            aliases: &[],
            summary: "the column has the promised type, or one of the listed ones; nothing is cast",
            scope: Scope::Schema,
            arity: Arity::One,
            applies_to: "every column; `type` of a promised column is this check too",
            arguments: &[Argument {
                name: "type",
                kind: "a type, or a list of types",
                default: "",
                summary: "as in the schema: integer, decimal(18,2), timestamp[us, tz=UTC]",
            }],
            example: "{column: amount, rule: type_is, args: {type: [int64, \"decimal(18,2)\"]}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let column = clause.column()?;
        let types = types(clause)?;
        let promises = types.iter().map(|text| Promise::parse(text));
        let promises =
            promises.collect::<Result<Vec<_>>>().map_err(|error| error.at("/args/type"))?;
        let exact = promises.iter().find(|promise| promise.is_exact_moment());
        let holds = promises.iter().any(|promise| promise.fits(&column.data_type));
        let have = exact.unwrap_or(&column.promise).instead(&column.data_type);
        let reason = if holds {
            format!("the data has {have}")
        } else {
            format!("promised as {}, the data has {have}", types.join(" or "))
        };
        Ok(Compiled::Decided { holds, reason })
    }

    fn judges_mistyped(&self, _: &DataType) -> bool {
        true
    }
}

fn types<'a>(clause: &'a Clause<'_>) -> Result<Vec<&'a str>> {
    let wanted = || clause.bad("type", "a type, or a list of types");
    let text = |literal: &'a Literal| match literal {
        Literal::Text(text) => Ok(text.as_str()),
        _ => Err(wanted()),
    };
    match clause.required("type")? {
        Literal::List(items) if !items.is_empty() => items.iter().map(text).collect(),
        literal => Ok(vec![text(literal)?]),
    }
}
