//! `row_count`: the run sees so many rows.

use serde_json::Value;

use super::dataset::{DatasetCheck, Rows, Totals, Verdict};
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::{Code, Error, Result};

pub(super) struct RowCount;

impl CheckKind for RowCount {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "row_count",
            aliases: &[],
            summary: "the dataset has so many rows",
            scope: Scope::Dataset,
            arity: Arity::None,
            applies_to: "the dataset",
            arguments: &[
                Argument { name: "min", kind: "a whole number", default: "", summary: "at least" },
                Argument { name: "max", kind: "a whole number", default: "", summary: "at most" },
                Argument {
                    name: "op",
                    kind: "lt, le, gt, ge, eq or ne",
                    default: "",
                    summary: "with `value`, instead of min and max",
                },
                Argument {
                    name: "value",
                    kind: "a whole number",
                    default: "",
                    summary: "the bound of `op`",
                },
            ],
            example: "{rule: row_count, args: {min: 1}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let (min, max) = (clause.whole("min")?, clause.whole("max")?);
        let bounds = if let Some(op) = clause.text("op")? {
            if min.is_some() || max.is_some() {
                return Err(clause.bad("op", "no min or max beside it"));
            }
            clause.required("value")?;
            let value = clause.whole("value")?.unwrap_or_default();
            match op {
                "lt" => Bounds { min: 0, max: value.checked_sub(1), except: None },
                "le" => Bounds { min: 0, max: Some(value), except: None },
                "gt" => Bounds { min: value.saturating_add(1), max: Some(u64::MAX), except: None },
                "ge" => Bounds { min: value, max: Some(u64::MAX), except: None },
                "eq" => Bounds { min: value, max: Some(value), except: None },
                "ne" => Bounds { min: 0, max: Some(u64::MAX), except: Some(value) },
                _ => return Err(clause.bad("op", "lt, le, gt, ge, eq or ne")),
            }
        } else {
            if min.is_none() && max.is_none() {
                return Err(Error::new(Code::BadArgument, "row_count needs min, max or op"));
            }
            Bounds { min: min.unwrap_or(0), max: Some(max.unwrap_or(u64::MAX)), except: None }
        };
        if bounds.max.is_none_or(|max| bounds.min > max) {
            return Err(Error::new(Code::BadArgument, "no number of rows satisfies row_count"));
        }
        Ok(Compiled::Dataset(Box::new(bounds)))
    }
}

#[derive(Debug)]
struct Bounds {
    min: u64,
    /// `None`: below zero, refused at compile time.
    max: Option<u64>,
    except: Option<u64>,
}

impl DatasetCheck for Bounds {
    // The run counts its rows.
    type State = ();

    fn update(&self, (): &mut (), _: &Rows<'_>) -> Result<()> {
        Ok(())
    }

    fn merge(&self, (): &mut (), (): ()) -> Result<()> {
        Ok(())
    }

    fn finish(&self, (): &(), totals: &Totals) -> Verdict {
        let observed = totals.rows.to_string();
        let holds = totals.rows >= self.min
            && self.max.is_some_and(|max| totals.rows <= max)
            && self.except != Some(totals.rows);
        if holds {
            Verdict::Holds { observed }
        } else {
            Verdict::Fails { observed, reason: None }
        }
    }

    fn carry(&self, (): &()) -> Option<Value> {
        Some(Value::Null)
    }

    fn carried(&self, _: Value) -> Option<()> {
        Some(())
    }

    fn bound(&self) -> String {
        match (self.min, self.max, self.except) {
            (_, _, Some(except)) => format!("!= {except}"),
            (min, Some(u64::MAX) | None, _) => format!(">= {min}"),
            (0, Some(max), _) => format!("<= {max}"),
            (min, Some(max), _) if min == max => format!("= {min}"),
            (min, Some(max), _) => format!("{min} to {max}"),
        }
    }
}
