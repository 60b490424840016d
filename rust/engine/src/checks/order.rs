//! `eq ne gt ge lt le`: every value compares so with one literal. NaN fails each of them.

use arrow_array::ArrayRef;

use super::between::{self, Limits};
use super::{in_set, Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::Result;
use crate::kernels::bits;

/// One comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

pub(super) struct Order {
    op: Op,
    definition: &'static Definition,
}

const fn definition(
    name: &'static str,
    summary: &'static str,
    example: &'static str,
) -> Definition {
    Definition {
        name,
        aliases: &[],
        summary,
        scope: Scope::Row,
        arity: Arity::One,
        applies_to: "numbers, dates, times, timestamps, strings; eq and ne also booleans",
        arguments: &[Argument {
            name: "value",
            kind: "a literal of the column's type",
            default: "",
            summary: "compared exactly, without a detour through a float",
        }],
        example,
    }
}

static EQ: Definition = definition(
    "eq",
    "every value equals the literal",
    "{column: currency, rule: eq, args: {value: EUR}}",
);
static NE: Definition = definition(
    "ne",
    "no value equals the literal",
    "{column: status, rule: ne, args: {value: deleted}}",
);
static GT: Definition =
    definition("gt", "every value is greater", "{column: price, rule: gt, args: {value: 0}}");
static GE: Definition = definition(
    "ge",
    "every value is greater or equal",
    "{column: price, rule: ge, args: {value: 0.01}}",
);
static LT: Definition = definition(
    "lt",
    "every value is less",
    "{column: day, rule: lt, args: {value: \"2030-01-01\"}}",
);
static LE: Definition =
    definition("le", "every value is less or equal", "{column: share, rule: le, args: {value: 1}}");

impl Order {
    pub(super) const EQ: Self = Self { op: Op::Eq, definition: &EQ };
    pub(super) const NE: Self = Self { op: Op::Ne, definition: &NE };
    pub(super) const GT: Self = Self { op: Op::Gt, definition: &GT };
    pub(super) const GE: Self = Self { op: Op::Ge, definition: &GE };
    pub(super) const LT: Self = Self { op: Op::Lt, definition: &LT };
    pub(super) const LE: Self = Self { op: Op::Le, definition: &LE };
}

impl CheckKind for Order {
    fn definition(&self) -> &'static Definition {
        self.definition
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let value = clause.required("value")?;
        let limits = match self.op {
            Op::Eq => return in_set::members(clause, std::slice::from_ref(value), false, "value"),
            Op::Ne => return in_set::members(clause, std::slice::from_ref(value), true, "value"),
            Op::Gt => Limits { low: Some((value, "value")), low_open: true, ..Limits::default() },
            Op::Ge => Limits { low: Some((value, "value")), ..Limits::default() },
            Op::Lt => Limits { high: Some((value, "value")), high_open: true, ..Limits::default() },
            Op::Le => Limits { high: Some((value, "value")), ..Limits::default() },
        };
        between::compile(clause, &limits)
    }
}

/// Fails everywhere: a literal that no value of the type can satisfy.
#[derive(Debug)]
pub(super) struct Never;

impl RowCheck for Never {
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let rows = columns.first().map_or(0, arrow_array::Array::len);
        fail.copy_from_slice(&bits::ones(rows));
        Ok(())
    }

    fn explain(&self) -> String {
        "no value of the type can satisfy it".into()
    }
}
