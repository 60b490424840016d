//! What is remembered of one column: bounded, and mergeable in row order.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::column::Column;
use super::distinct::{Distinct, Recent};
use super::few::{Few, LONGEST};
use super::hash;
use super::keys::{has_keys, keys};
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
        let is_value = |row: usize| nulls.is_none_or(|nulls| nulls.is_valid(row));
        let rows = || (0..array.len()).filter(|row| is_value(*row));
        let null_count = nulls.map_or(0, NullBuffer::null_count);
        let mut distinct = self.distinct.as_ref().map(|_| Distinct::new());
        let mut recent = Recent::new();
        let mut hashed = |hash: u64| {
            if let Some(distinct) = distinct.as_mut().filter(|_| !recent.again(hash)) {
                distinct.add(hash);
            }
        };
        let shown = if let Some(keys) = keys(array) {
            let key = |row: usize| keys.get(row).copied().flatten();
            rows().for_each(|row| hashed(key(row).map_or(u64::MAX, hash::number)));
            match &self.shown {
                Shown::Ordered(before) => Shown::Ordered(before.of_piece(rows(), key, priorities)),
                _ => Shown::Nothing,
            }
        } else if let Some(values) = array.as_boolean_opt() {
            rows().for_each(|row| hashed(hash::number(i128::from(values.value(row)))));
            let trues = || rows().filter(|row| values.value(*row)).count() as u64;
            match &self.shown {
                Shown::Booleans { .. } => Shown::Booleans { trues: trues() },
                _ => Shown::Nothing,
            }
        } else if has_bytes(array.data_type()) {
            rows().for_each(|row| hashed(hash::bytes(text::bytes(array, row))));
            match &self.shown {
                Shown::Texts(before) => {
                    let text =
                        |row| std::str::from_utf8(text::bytes(array, row)).unwrap_or_default();
                    Shown::Texts(before.of_piece(rows(), text, priorities))
                }
                _ => Shown::Nothing,
            }
        } else {
            Shown::Nothing
        };
        let values = (array.len() - null_count) as u64;
        Self { nulls: null_count as u64, values, distinct, shown }
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

impl Ordered {
    fn of_piece(
        &self,
        rows: impl Iterator<Item = usize> + Clone,
        key: impl Fn(usize) -> Option<i128>,
        priorities: &[u64],
    ) -> Self {
        let ordered = rows.clone().filter(|row| key(*row).is_some());
        let kept = |row| key(row).unwrap_or_default();
        let mut piece = Self {
            nan: 0,
            ends: None,
            trend: Trend::default(),
            sample: Sample::of(&self.sample, priorities, ordered, kept),
            few: Few::like(&self.few),
        };
        for row in rows {
            let Some(key) = key(row) else {
                piece.nan += 1;
                piece.trend.unordered();
                continue;
            };
            piece.ends = Some(piece.ends.map_or((key, key), |(a, b)| (a.min(key), b.max(key))));
            piece.trend.add(key);
            piece.few.add(1, |known| *known == key, || Some(key));
        }
        piece
    }

    fn merge(&mut self, later: Self) {
        self.nan += later.nan;
        self.ends = wider(self.ends, later.ends);
        self.trend.merge(later.trend);
        self.sample.merge(later.sample);
        self.few.merge(later.few);
    }
}

impl Texts {
    fn of_piece<'a>(
        &self,
        rows: impl Iterator<Item = usize> + Clone,
        text: impl Fn(usize) -> &'a str,
        priorities: &[u64],
    ) -> Self {
        let mut piece = Self {
            lengths: None,
            sample: Sample::of(&self.sample, priorities, rows.clone(), |row| shape(text(row))),
            few: Few::like(&self.few),
        };
        for row in rows {
            let text = text(row);
            let length = text::code_points(text.as_bytes());
            piece.lengths = wider(piece.lengths, Some((length, length)));
            let short = || (text.len() <= LONGEST).then(|| text.to_owned());
            piece.few.add(1, |known| known == text, short);
        }
        piece
    }

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
