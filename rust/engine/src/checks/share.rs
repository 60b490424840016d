//! A share of the judged rows: their number, a percentage or a fraction.

use super::measure::{Measure, Ratio};
use super::{Argument, Clause};
use crate::error::Result;

pub(super) const UNIT: Argument = Argument {
    name: "unit",
    kind: "rows, percent or fraction",
    default: "",
    summary:
        "what the bound counts: rows, percent of the judged rows, or their fraction from 0 to 1",
};

/// What a bound on some of the judged rows counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Rows,
    Percent,
    Fraction,
}

impl Unit {
    /// Reads `unit`.
    ///
    /// # Errors
    /// `plan.bad_argument` for another word.
    pub(super) fn read(clause: &Clause<'_>, default: Self) -> Result<Self> {
        Ok(match clause.text(UNIT.name)? {
            None => default,
            Some("rows") => Self::Rows,
            Some("percent") => Self::Percent,
            Some("fraction") => Self::Fraction,
            Some(_) => return Err(clause.bad(UNIT.name, UNIT.kind)),
        })
    }

    /// The greatest share, if there is one.
    pub(super) fn most(self) -> Option<u32> {
        match self {
            Self::Rows => None,
            Self::Percent => Some(100),
            Self::Fraction => Some(1),
        }
    }

    fn ratio(self, part: u64, whole: u64) -> Ratio {
        match self {
            Self::Rows => Ratio::new(part, 1u32),
            Self::Percent => Ratio::new(u128::from(part) * 100, whole),
            Self::Fraction => Ratio::new(part, whole),
        }
    }

    /// So many of so many rows.
    pub(super) fn measure(self, part: u64, whole: u64) -> Measure {
        self.ratio(part, whole).into()
    }

    /// The same as the report shows it.
    pub(super) fn text(self, part: u64, whole: u64) -> String {
        let share = self.ratio(part, whole).text(6);
        match self {
            Self::Percent => format!("{share} %"),
            Self::Rows | Self::Fraction => share,
        }
    }

    /// A bound as the report shows it.
    pub(super) fn bound(self, text: &str) -> String {
        match self {
            Self::Percent => format!("{text} %"),
            Self::Rows | Self::Fraction => text.to_owned(),
        }
    }
}
