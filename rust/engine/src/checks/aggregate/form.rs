//! Which number an aggregate is, of what type, and how a report may show it.

use arrow_schema::{DataType, TimeUnit};

use super::super::measure::{float_text, Measure};
use super::super::ColumnRef;
use crate::literal::time::{date_text, time_text, timestamp_text};
use crate::promise;

/// Digits behind the point that a mean has more than its column.
const MEAN_PLACES: u32 = 6;

/// The number that is made of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Min,
    Max,
    Sum,
    Mean,
    DistinctCount,
    NullFraction,
}

impl Function {
    pub(super) const WORDS: &'static str = "min, max, sum, mean, distinct_count or null_fraction";

    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "min" => Self::Min,
            "max" => Self::Max,
            "sum" => Self::Sum,
            "mean" => Self::Mean,
            "distinct_count" => Self::DistinctCount,
            "null_fraction" => Self::NullFraction,
            _ => return None,
        })
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::DistinctCount => "distinct_count",
            Self::NullFraction => "null_fraction",
        }
    }
}

/// A function of a column.
#[derive(Debug)]
pub(super) struct Form {
    function: Function,
    data_type: DataType,
    sensitive: bool,
}

impl Form {
    pub(super) fn new(function: Function, column: &ColumnRef) -> Self {
        let data_type = column.data_type.clone();
        Self { function, data_type, sensitive: column.sensitive }
    }

    /// Of a column that anybody may see.
    #[cfg(test)]
    pub(super) fn plain(function: Function, data_type: &DataType) -> Self {
        Self { function, data_type: data_type.clone(), sensitive: false }
    }

    pub(super) fn function(&self) -> Function {
        self.function
    }

    /// The type whose literals are the bounds: of sums and means of floats, the double.
    pub(super) fn literal_type(&self) -> &DataType {
        if self.data_type.is_floating() && !self.is_extreme() {
            &DataType::Float64
        } else {
            &self.data_type
        }
    }

    fn is_extreme(&self) -> bool {
        matches!(self.function, Function::Min | Function::Max)
    }

    /// Whether its values are personal or masked.
    pub(super) fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// Whether the values are single floats.
    pub(super) fn is_single(&self) -> bool {
        self.data_type == DataType::Float32
    }

    /// Digits behind the point of the column's integers.
    pub(super) fn scale(&self) -> i32 {
        promise::decimal(&self.data_type).map_or(0, |(_, scale)| i32::from(scale))
    }

    /// The number as the report shows it. What is made of personal or masked values is not told.
    pub(super) fn text(&self, number: &Measure) -> String {
        if self.sensitive {
            return "withheld".into();
        }
        let number = match number {
            Measure::Double(value) => return float_text(*value),
            Measure::Single(value) => return value.to_string(),
            Measure::Exact(number) => number,
        };
        let ticks = || i128::try_from(number.floor()).unwrap_or_default();
        let nanos = |unit: TimeUnit| {
            ticks()
                * match unit {
                    TimeUnit::Second => 1_000_000_000,
                    TimeUnit::Millisecond => 1_000_000,
                    TimeUnit::Microsecond => 1_000,
                    TimeUnit::Nanosecond => 1,
                }
        };
        match &self.data_type {
            DataType::Date32 => date_text(ticks() as i64),
            DataType::Date64 => date_text(ticks().div_euclid(86_400_000) as i64),
            DataType::Time32(unit) | DataType::Time64(unit) => time_text(nanos(*unit)),
            DataType::Timestamp(unit, zone) => timestamp_text(nanos(*unit), zone.is_some()),
            _ => {
                let places = u32::try_from(self.scale()).unwrap_or(0);
                let more = if self.function == Function::Mean { MEAN_PLACES } else { 0 };
                number.text(places + more)
            }
        }
    }
}
