//! `freshness` and `latency`: how old the newest and the oldest timestamp of a column are at the
//! time that the run is told. A limit is met at equality. Naive timestamps count as UTC.

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::types::{
    Date32Type, Date64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::ArrayRef;
use arrow_schema::{DataType, TimeUnit};
use serde_json::Value;

use super::dataset::{DatasetCheck, Means, Rows, Totals, Verdict};
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::{Error, Result};
use crate::kernels::bits;
use crate::literal::time::duration;

pub(super) struct Freshness;
pub(super) struct Latency;

const ARGUMENTS: &[Argument] = &[Argument {
    name: "max_age",
    kind: "a duration such as 15m, 24h or 7d",
    default: "",
    summary: "the age that is still allowed; s, m (minutes), h, d, w",
}];

impl CheckKind for Freshness {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "freshness",
            aliases: &[],
            summary: "the newest timestamp of the column is not older than this",
            scope: Scope::Dataset,
            arity: Arity::One,
            applies_to: "dates and timestamps",
            arguments: ARGUMENTS,
            example: "{column: updated_at, rule: freshness, args: {max_age: 24h}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        compile(clause, true)
    }
}

impl CheckKind for Latency {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "latency",
            aliases: &[],
            summary: "no timestamp of the column is older than this",
            scope: Scope::Dataset,
            arity: Arity::One,
            applies_to: "dates and timestamps",
            arguments: ARGUMENTS,
            example: "{column: booked_at, rule: latency, args: {max_age: 15m}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        compile(clause, false)
    }
}

fn compile(clause: &Clause<'_>, newest: bool) -> Result<Compiled> {
    let column = clause.column()?;
    if !matches!(column.data_type, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64) {
        return Err(clause.not_applicable(column, "dates and timestamps"));
    }
    clause.required("max_age")?;
    let text = clause.text("max_age")?.unwrap_or_default();
    let max_age_ns =
        duration(text).ok_or_else(|| clause.bad("max_age", "a duration such as 15m, 24h or 7d"))?;
    Ok(Compiled::Dataset(Box::new(Age {
        newest,
        max_age_ns,
        written: text.to_owned(),
        data_type: column.data_type.clone(),
    })))
}

#[derive(Debug)]
struct Age {
    newest: bool,
    max_age_ns: i128,
    written: String,
    data_type: DataType,
}

impl Age {
    fn nanos_per_tick(&self) -> i128 {
        match self.data_type {
            DataType::Date32 => 86_400_000_000_000,
            DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
            DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
            DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
            _ => 1,
        }
    }

    /// The tick that decides, among several.
    fn further(&self, ticks: impl Iterator<Item = i64>) -> Option<i64> {
        if self.newest {
            ticks.max()
        } else {
            ticks.min()
        }
    }

    fn end<T: ArrowPrimitiveType>(&self, column: &ArrayRef, valid: Option<&[u64]>) -> Option<i64>
    where
        T::Native: Into<i64> + Copy,
    {
        let values = column.as_primitive_opt::<T>()?.values();
        match valid {
            None => self.further(values.iter().map(|v| (*v).into())),
            Some(valid) => self.further(
                bits::ones_of(valid).filter_map(|row| values.get(row)).map(|v| (*v).into()),
            ),
        }
    }
}

impl DatasetCheck for Age {
    /// The newest or the oldest tick.
    type State = Option<i64>;

    fn start(&self, _: &Means<'_>) -> Option<i64> {
        None
    }

    fn update(&self, state: &mut Option<i64>, rows: &Rows<'_>) -> Result<()> {
        let valid = rows.valid;
        let column =
            rows.columns.first().ok_or_else(|| Error::internal("an age lost its column"))?;
        let end = match &self.data_type {
            DataType::Date32 => self.end::<Date32Type>(column, valid),
            DataType::Date64 => self.end::<Date64Type>(column, valid),
            DataType::Timestamp(unit, _) => match unit {
                TimeUnit::Second => self.end::<TimestampSecondType>(column, valid),
                TimeUnit::Millisecond => self.end::<TimestampMillisecondType>(column, valid),
                TimeUnit::Microsecond => self.end::<TimestampMicrosecondType>(column, valid),
                TimeUnit::Nanosecond => self.end::<TimestampNanosecondType>(column, valid),
            },
            _ => None,
        };
        self.merge(state, end)
    }

    fn merge(&self, state: &mut Option<i64>, later: Option<i64>) -> Result<()> {
        *state = self.further(state.iter().copied().chain(later));
        Ok(())
    }

    fn finish(&self, state: &Option<i64>, totals: &Totals) -> Verdict {
        let Some(now) = totals.now_ns else {
            return Verdict::not_enforced("the run was not told the time");
        };
        let Some(ticks) = *state else {
            let verdict = Verdict::of(!self.newest, "no timestamp");
            return if self.newest {
                verdict.because("the column has no value to be fresh")
            } else {
                verdict
            };
        };
        let age = now - i128::from(ticks) * self.nanos_per_tick();
        Verdict::of(age <= self.max_age_ns, format!("{} s", age.div_euclid(1_000_000_000)))
    }

    fn bound(&self) -> String {
        format!("<= {}", self.written)
    }

    fn carry(&self, state: &Option<i64>) -> Option<Value> {
        Some(Value::from(*state))
    }

    fn carried(&self, value: Value) -> Option<Option<i64>> {
        serde_json::from_value(value).ok()
    }
}
