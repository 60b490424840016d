//! `finite`: every number is neither NaN nor infinite.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::ArrayRef;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Error, Result};
use crate::kernels::mask;

pub(super) struct Finite;

impl CheckKind for Finite {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "finite",
            aliases: &[],
            summary: "every number is neither NaN nor infinite",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "numbers",
            arguments: &[
                Argument {
                    name: "allow_nan",
                    kind: "true or false",
                    default: "false",
                    summary: "NaN holds",
                },
                Argument {
                    name: "allow_inf",
                    kind: "true or false",
                    default: "false",
                    summary: "both infinities hold",
                },
            ],
            example: "{column: temperature, rule: finite}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let column = clause.column()?;
        let (nan, infinite) = (clause.flag("allow_nan", false)?, clause.flag("allow_inf", false)?);
        if !column.data_type.is_numeric() {
            return Err(clause.not_applicable(column, "numbers"));
        }
        if !column.data_type.is_floating() {
            return Ok(Compiled::Always("the type has finite values only".into()));
        }
        if nan && infinite {
            return Ok(Compiled::Always("NaN and infinity are allowed".into()));
        }
        Ok(Compiled::Row(Box::new(Numbers { nan: !nan, infinite: !infinite })))
    }
}

/// What fails.
#[derive(Debug)]
struct Numbers {
    nan: bool,
    infinite: bool,
}

impl RowCheck for Numbers {
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("finite lost its column"))?;
        let (nan, infinite) = (self.nan, self.infinite);
        if let Some(array) = column.as_primitive_opt::<Float64Type>() {
            mask::fill(array.values(), fail, |v| nan && v.is_nan() || infinite && v.is_infinite());
        } else if let Some(array) = column.as_primitive_opt::<Float32Type>() {
            mask::fill(array.values(), fail, |v| nan && v.is_nan() || infinite && v.is_infinite());
        } else if let Some(array) = column.as_primitive_opt::<Float16Type>() {
            mask::fill(array.values(), fail, |v| nan && v.is_nan() || infinite && v.is_infinite());
        } else {
            return Err(Error::internal("finite met another type than it was compiled for"));
        }
        Ok(())
    }

    fn explain(&self) -> String {
        "exponents of the values".into()
    }
}
