//! What is remembered of one column: bounded, and mergeable in row order.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::column::Column;
use super::distinct::Distinct;
use super::few::{Few, LONGEST};
use super::gather::gather;
use super::hash;
use super::keys::{has_keys, keys, NAN};
use super::sample::Sample;
use super::shape::shape;
use super::trend::Trend;
use crate::kernels::text;

/// What is remembered of one column.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) nulls: u64,
    /// Rows that are not null.
    pub(super) values: u64,
    /// `None` for types whose values are not compared: lists, maps, structs.
    pub(super) distinct: Option<Distinct>,
    /// Everything that would tell about single values; nothing of hidden columns.
    pub(super) shown: Shown,
}

/// What may be told of values, by what they are.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    Nothing,
    Booleans { trues: u64 },
    Ordered(Ordered),
    Texts(Texts),
}

/// Numbers, decimals, dates, times, timestamps.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    pub(super) nan: u64,
    pub(super) ends: Option<(i128, i128)>,
    pub(super) trend: Trend,
    pub(super) sample: Sample<i128>,
    pub(super) few: Few<i128>,
}

/// Strings.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    /// The shortest and the longest, in code points.
    pub(super) lengths: Option<(usize, usize)>,
    /// Shapes of the sampled rows; `None` where a text has none.
    pub(super) sample: Sample<Option<String>>,
    pub(super) few: Few<String>,
}

impl State {
    /// A state before the first row, that samples at most so many rows.
    pub(super) fn new(column: &Column, sampled: usize) -> Self {
        use DataType as D;
        let data_type = &column.data_type;
        let shown = match data_type {
            _ if column.hidden => Shown::Nothing,
            D::Boolean => Shown::Booleans { trues: 0 },
            D::Utf8 | D::LargeUtf8 | D::Utf8View => Shown::Texts(Texts {
                lengths: None,
                sample: Sample::new(sampled),
                few: Few::open(),
            }),
            t if has_keys(t) => Shown::Ordered(Ordered {
                nan: 0,
                ends: None,
                trend: Trend::default(),
                sample: Sample::new(sampled),
                few: if t.is_integer() { Few::open() } else { Few::closed() },
            }),
            _ => Shown::Nothing,
        };
        let counted = has_keys(data_type) || *data_type == D::Boolean || has_bytes(data_type);
        Self { nulls: 0, values: 0, distinct: counted.then(Distinct::new), shown }
    }

    /// What the rows of one piece add to `self`; to be merged into it in row order.
    pub(super) fn of_piece(
        &self,
        array: &ArrayRef,
        nulls: Option<&NullBuffer>,
        priorities: &[u64],
    ) -> Self {
        let rows = (0..array.len()).filter(|row| nulls.is_none_or(|nulls| nulls.is_valid(*row)));
        let piece = Piece { rows, priorities };
        let mut distinct = self.distinct.as_ref().map(|_| Distinct::new());
        let mut count = |hash: u64| {
            if let Some(distinct) = &mut distinct {
                distinct.add(hash);
            }
        };
        let shown = if let Some(keys) = keys(array) {
            piece.ordered(&keys, &self.shown, &mut count)
        } else if let Some(values) = array.as_boolean_opt() {
            piece.booleans(values, &self.shown, &mut count)
        } else if has_bytes(array.data_type()) {
            piece.bytes(array, &self.shown, &mut count)
        } else {
            Shown::Nothing
        };
        let nulls = nulls.map_or(0, NullBuffer::null_count);
        let values = (array.len() - nulls) as u64;
        Self { nulls: nulls as u64, values, distinct, shown }
    }

    /// Takes in what the next rows add.
    pub(super) fn merge(&mut self, later: Self) {
        self.nulls += later.nulls;
        self.values += later.values;
        if let (Some(ours), Some(theirs)) = (&mut self.distinct, later.distinct) {
            ours.merge(theirs);
        }
        match (&mut self.shown, later.shown) {
            (Shown::Booleans { trues }, Shown::Booleans { trues: more }) => *trues += more,
            (Shown::Ordered(ours), Shown::Ordered(theirs)) => ours.merge(theirs),
            (Shown::Texts(ours), Shown::Texts(theirs)) => ours.merge(theirs),
            _ => {}
        }
    }
}

/// The rows of one piece that have a value, and the priorities of all its rows.
struct Piece<'a, R> {
    rows: R,
    priorities: &'a [u64],
}

impl<R: Iterator<Item = usize> + Clone> Piece<'_, R> {
    fn ordered(&self, keys: &[i128], before: &Shown, distinct: &mut impl FnMut(u64)) -> Shown {
        let key = |row: usize| keys.get(row).copied().unwrap_or(NAN);
        let mut found = match before {
            Shown::Ordered(before) => Some(Ordered {
                nan: 0,
                ends: None,
                trend: Trend::default(),
                sample: Sample::of(
                    &before.sample,
                    self.priorities,
                    self.rows.clone().filter(|row| key(*row) != NAN),
                    key,
                ),
                few: Few::like(&before.few),
            }),
            _ => None,
        };
        let same = |a: usize, b: usize| key(a) == key(b);
        gather(
            self.rows.clone(),
            |row| hash::number(key(row)),
            same,
            |row, hash, count| {
                distinct(hash);
                match (&mut found, key(row)) {
                    (None, _) => {}
                    (Some(found), NAN) => found.nan += count,
                    (Some(found), key) => {
                        found.ends = wider(found.ends, Some((key, key)));
                        found.few.add(count, |known| *known == key, || Some(key));
                    }
                }
            },
        );
        let Some(mut found) = found else { return Shown::Nothing };
        if found.nan > 0 {
            found.trend.unordered();
        } else {
            self.rows.clone().for_each(|row| found.trend.add(key(row)));
        }
        Shown::Ordered(found)
    }

    fn booleans(
        &self,
        values: &BooleanArray,
        before: &Shown,
        distinct: &mut impl FnMut(u64),
    ) -> Shown {
        let trues = self.rows.clone().filter(|row| values.value(*row)).count();
        for (value, seen) in [(true, trues), (false, self.rows.clone().count() - trues)] {
            if seen > 0 {
                distinct(hash::number(i128::from(value)));
            }
        }
        match before {
            Shown::Booleans { .. } => Shown::Booleans { trues: trues as u64 },
            _ => Shown::Nothing,
        }
    }

    fn bytes(&self, array: &ArrayRef, before: &Shown, distinct: &mut impl FnMut(u64)) -> Shown {
        let bytes = |row: usize| text::bytes(array, row);
        let text = |row: usize| std::str::from_utf8(bytes(row)).unwrap_or_default();
        let mut found = match before {
            Shown::Texts(before) => Some(Texts {
                lengths: None,
                sample: Sample::of(&before.sample, self.priorities, self.rows.clone(), |row| {
                    shape(text(row))
                }),
                few: Few::like(&before.few),
            }),
            _ => None,
        };
        let same = |a: usize, b: usize| bytes(a) == bytes(b);
        gather(
            self.rows.clone(),
            |row| hash::bytes(bytes(row)),
            same,
            |row, hash, count| {
                distinct(hash);
                if let Some(found) = &mut found {
                    let length = text::code_points(bytes(row));
                    found.lengths = wider(found.lengths, Some((length, length)));
                    let short = || Some(text(row).to_owned()).filter(|text| text.len() <= LONGEST);
                    found.few.add(count, |known| known.as_bytes() == bytes(row), short);
                }
            },
        );
        found.map_or(Shown::Nothing, Shown::Texts)
    }
}

impl Ordered {
    fn merge(&mut self, later: Self) {
        self.nan += later.nan;
        self.ends = wider(self.ends, later.ends);
        self.trend.merge(later.trend);
        self.sample.merge(later.sample);
        self.few.merge(later.few);
    }
}

impl Texts {
    fn merge(&mut self, later: Self) {
        self.lengths = wider(self.lengths, later.lengths);
        self.sample.merge(later.sample);
        self.few.merge(later.few);
    }
}

fn wider<T: Ord>(a: Option<(T, T)>, b: Option<(T, T)>) -> Option<(T, T)> {
    match (a, b) {
        (Some((low, high)), Some((lower, higher))) => Some((low.min(lower), high.max(higher))),
        (a, b) => a.or(b),
    }
}

fn has_bytes(data_type: &DataType) -> bool {
    use DataType as D;
    matches!(
        data_type,
        D::Utf8
            | D::LargeUtf8
            | D::Utf8View
            | D::Binary
            | D::LargeBinary
            | D::BinaryView
            | D::FixedSizeBinary(_)
    )
}
