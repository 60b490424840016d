//! `length`: every text has a number of code points (or bytes) within bounds, every list or map a
//! number of items, every struct a number of fields with a value.

mod counts;

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use counts::Counted;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Code, Error, Result};
use crate::kernels::{bits, text};
use crate::promise;

pub(super) struct Length;

impl CheckKind for Length {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "length",
            aliases: &[],
            summary: "every text is so long, in Unicode code points; every list has so many items",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to:
                "strings; binary in bytes; lists and maps by items; structs by fields that are \
                         not null",
            arguments: &[
                Argument { name: "min", kind: "a whole number", default: "0", summary: "at least" },
                Argument { name: "max", kind: "a whole number", default: "", summary: "at most" },
                Argument {
                    name: "exact",
                    kind: "a whole number",
                    default: "",
                    summary: "stands for min and max",
                },
                Argument {
                    name: "length_unit",
                    kind: "code_points or bytes",
                    default: "code_points",
                    summary: "for strings; binary columns always count bytes",
                },
            ],
            example: "{column: comment, rule: length, args: {max: 44}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let column = clause.column()?;
        let counted = Counted::of(&column.data_type);
        if counted.is_some() && clause.arg("length_unit").is_some() {
            let type_ = promise::words(&column.data_type);
            let message = format!("length_unit is for strings; {} is {type_}", column.path);
            return Err(Error::new(Code::BadArgument, message).at("/args/length_unit"));
        }
        let bytes = match clause.text("length_unit")? {
            None | Some("code_points") => false,
            Some("bytes") => true,
            Some(_) => return Err(clause.bad("length_unit", "code_points or bytes")),
        };
        let binary = match column.data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => false,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => true,
            _ if counted.is_some() => false,
            _ => {
                let wanted = "strings, binary, lists, maps and structs";
                return Err(clause.not_applicable(column, wanted));
            }
        };
        let (min, max, exact) =
            (clause.whole("min")?, clause.whole("max")?, clause.whole("exact")?);
        if exact.is_some() && (min.is_some() || max.is_some()) {
            return Err(clause
                .refuse("exact", "stands alone, and there is min or max beside it")
                .help("leave out exact, or the others"));
        }
        if min.is_none() && max.is_none() && exact.is_none() {
            return Err(Error::new(Code::BadArgument, "length needs min, max or exact"));
        }
        let min = exact.or(min).unwrap_or(0);
        let max = exact.or(max).unwrap_or(u64::MAX);
        if min > max {
            return Err(Error::new(Code::BadArgument, "no length lies between min and max")
                .at("/args/min")
                .help("min must not be above max"));
        }
        if min == 0 && max == u64::MAX {
            return Ok(Compiled::Always("nothing is shorter than 0".into()));
        }
        let clamp = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        if let Some(counted) = counted {
            let bounds = counts::Bounds { min: clamp(min), max: clamp(max), counted };
            return Ok(Compiled::Row(Box::new(bounds)));
        }
        Ok(Compiled::Row(Box::new(Bounds {
            min: clamp(min),
            max: clamp(max),
            bytes: bytes || binary,
        })))
    }
}

#[derive(Debug)]
struct Bounds {
    min: usize,
    max: usize,
    bytes: bool,
}

impl RowCheck for Bounds {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("length lost its column"))?;
        let (min, max) = (self.min, self.max);
        let outside = |n: usize| u8::from(n < min) | u8::from(n > max) != 0;
        if self.bytes {
            if text::fill_lengths(column, fail, outside).is_some() {
                return Ok(());
            }
            return text::fill(column, valid, fail, |b| b.len() < min || b.len() > max);
        }
        // A code point takes one to four bytes, so most lengths are decided without the bytes.
        let surely = min.saturating_mul(4);
        let undecided = |n: usize| u8::from(n > max) | u8::from(n < surely) != 0;
        if text::fill_lengths(column, fail, undecided).is_some() && fail.iter().all(|w| *w == 0) {
            return Ok(());
        }
        if text::are_ascii(column) {
            // Every code point is one byte.
            text::fill_lengths(column, fail, outside);
            return Ok(());
        }
        let candidates = match valid {
            None => fail.to_vec(),
            Some(valid) => {
                let mut both = fail.to_vec();
                bits::and(&mut both, valid);
                both
            }
        };
        text::fill(column, Some(&candidates), fail, |b| {
            let points = text::code_points(b);
            points < min || points > max
        })
    }

    fn cost(&self) -> f64 {
        if self.bytes {
            0.6
        } else {
            1.5
        }
    }

    fn explain(&self) -> String {
        let unit = if self.bytes { "bytes" } else { "code points" };
        format!("length in {unit} from the offsets, the bytes only where they decide")
    }
}
