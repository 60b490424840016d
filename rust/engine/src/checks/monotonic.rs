//! `increasing` and `decreasing`: no value falls behind the farthest one before it. So the rows that
//! are left still rise (or fall), and it does not matter how the stream was cut. Nulls are skipped,
//! a NaN fails and moves nothing.

use std::fmt;
use std::marker::PhantomData;

use arrow_buffer::i256;

use super::dataset::Rows;
use super::value::{Family, Value};
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::Result;
use crate::kernels::bits;

/// Whether values must rise or fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

pub(super) struct Monotonic {
    way: Way,
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
        scope: Scope::Key,
        arity: Arity::One,
        applies_to: "numbers, dates, times, timestamps",
        arguments: &[Argument {
            name: "strict",
            kind: "true or false",
            default: "false",
            summary: "equal values fail too",
        }],
        example,
    }
}

static INCREASING: Definition = definition(
    "increasing",
    "no value is less than the greatest one before it",
    "{column: event_time, rule: increasing}",
);
static DECREASING: Definition = definition(
    "decreasing",
    "no value is greater than the least one before it",
    "{column: rank, rule: decreasing, args: {strict: true}}",
);

impl Monotonic {
    pub(super) const INCREASING: Self = Self { way: Way::Up, definition: &INCREASING };
    pub(super) const DECREASING: Self = Self { way: Way::Down, definition: &DECREASING };
}

impl CheckKind for Monotonic {
    fn definition(&self) -> &'static Definition {
        self.definition
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let column = clause.column()?;
        let strict = clause.flag("strict", false)?;
        let family = Family::of(&column.data_type)
            .ok_or_else(|| clause.not_applicable(column, "numbers, dates, times and timestamps"))?;
        let way = self.way;
        Ok(Compiled::Sequence(match family {
            Family::Whole => Box::new(Sequence::<i128> { way, strict, values: PhantomData }),
            Family::Wide => Box::new(Sequence::<i256> { way, strict, values: PhantomData }),
            Family::Float => Box::new(Sequence::<f64> { way, strict, values: PhantomData }),
        }))
    }
}

/// A value of some family. All values of one column are of the same.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Mark {
    Whole(i128),
    Wide(i256),
    Float(f64),
}

/// What the rows of a piece are among themselves.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Rows that fall behind another row of the piece, and NaN.
    pub(crate) fail: Vec<u64>,
    pub(crate) nan: u64,
    /// The value that is the first to fall behind, whatever came before the piece.
    pub(crate) hindmost: Option<Mark>,
    /// The value that later rows must not fall behind.
    pub(crate) farthest: Option<Mark>,
    /// The rows that the clause judges at all; `None`: all rows.
    pub(crate) inside: Option<Vec<u64>>,
}

/// A check of the order of rows. Pieces are surveyed alone, in parallel; what came before a piece
/// is known afterwards, and only a piece that falls behind it is looked at again.
pub(crate) trait SequenceCheck: Send + Sync + fmt::Debug {
    /// Judges the rows of a piece among themselves.
    ///
    /// # Errors
    /// Only for a bug.
    fn survey(&self, rows: &Rows<'_>, length: usize) -> Result<Survey>;

    /// Sets the bits of the rows that fall behind a value from before the piece.
    ///
    /// # Errors
    /// Only for a bug.
    fn behind(&self, rows: &Rows<'_>, farthest: Mark, fail: &mut [u64]) -> Result<()>;

    /// Whether a value falls behind another.
    fn falls_behind(&self, value: Mark, farthest: Mark) -> bool;

    /// The farther of two.
    fn farther(&self, a: Option<Mark>, b: Option<Mark>) -> Option<Mark>;

    /// What runs, for `explain`.
    fn explain(&self) -> String;
}

struct Sequence<V> {
    way: Way,
    strict: bool,
    values: PhantomData<fn() -> V>,
}

impl<V> fmt::Debug for Sequence<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sequence").field("way", &self.way).field("strict", &self.strict).finish()
    }
}

/// A value that a mark is made of, and the other way round.
trait Marked: Value {
    fn mark(self) -> Mark;
    fn of(mark: Mark) -> Option<Self>;
}

macro_rules! marked {
    ($($value:ty => $variant:ident),+) => {$(impl Marked for $value {
        fn mark(self) -> Mark {
            Mark::$variant(self)
        }

        fn of(mark: Mark) -> Option<Self> {
            match mark {
                Mark::$variant(value) => Some(value),
                _ => None,
            }
        }
    })+};
}
marked!(i128 => Whole, i256 => Wide, f64 => Float);

impl<V> Sequence<V> {
    #[inline]
    fn is_behind<T: PartialOrd>(&self, value: &T, farthest: &T) -> bool {
        let less = match self.way {
            Way::Up => value < farthest,
            Way::Down => value > farthest,
        };
        less || self.strict && value == farthest
    }

    fn is_farther<T: PartialOrd>(&self, value: &T, other: &T) -> bool {
        match self.way {
            Way::Up => value > other,
            Way::Down => value < other,
        }
    }
}

impl<V: Marked> SequenceCheck for Sequence<V> {
    fn survey(&self, rows: &Rows<'_>, length: usize) -> Result<Survey> {
        let mut fail = vec![0; bits::words(length)];
        let (mut nan, mut farthest, mut hindmost) = (0, None, None);
        V::each(rows, |row, value| {
            if value.is_nan() {
                nan += 1;
                bits::set(&mut fail, row);
                return;
            }
            if farthest.is_some_and(|farthest| self.is_behind(&value, &farthest)) {
                bits::set(&mut fail, row);
            } else {
                farthest = Some(value);
            }
            if hindmost.is_none_or(|hindmost| self.is_farther(&hindmost, &value)) {
                hindmost = Some(value);
            }
        })?;
        let (hindmost, farthest) = (hindmost.map(V::mark), farthest.map(V::mark));
        Ok(Survey { fail, nan, hindmost, farthest, inside: None })
    }

    fn behind(&self, rows: &Rows<'_>, farthest: Mark, fail: &mut [u64]) -> Result<()> {
        let Some(farthest) = V::of(farthest) else { return Ok(()) };
        V::each(rows, |row, value| {
            if self.is_behind(&value, &farthest) {
                bits::set(fail, row);
            }
        })
    }

    fn falls_behind(&self, value: Mark, farthest: Mark) -> bool {
        self.is_behind(&value, &farthest)
    }

    fn farther(&self, a: Option<Mark>, b: Option<Mark>) -> Option<Mark> {
        match (a, b) {
            (Some(a), Some(b)) if self.is_farther(&b, &a) => Some(b),
            (None, b) => b,
            (a, _) => a,
        }
    }

    fn explain(&self) -> String {
        format!(
            "every value against the {} one before it{}",
            match self.way {
                Way::Up => "greatest",
                Way::Down => "least",
            },
            if self.strict { "; equal ones fail" } else { "" }
        )
    }
}
