//! What a profile says of one column.

use std::collections::HashMap;

use serde::Serialize;

use super::column::Column;
use super::distinct::Count;
use super::state::{Ordered, Shown, State, Texts};
use super::words::word;
use crate::promise;

/// Most shapes that are listed.
const SHAPES: usize = 8;
/// Where quantiles are taken.
const QUANTILES: [u8; 5] = [5, 25, 50, 75, 95];

/// What a profile says of one column. Values are text in the spelling of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnProfile {
    /// Its path.
    pub column: String,
    /// Its type, in the words of a contract.
    pub r#type: String,
    /// Masked or personal: only nulls and the number of distinct values are told.
    pub hidden: bool,
    /// Rows without a value.
    pub nulls: u64,
    /// Distinct values; `None` for types whose values are not compared.
    pub distinct: Option<Count>,
    /// Whether each value occurs once; `None` when this pass cannot tell.
    pub unique: Option<bool>,
    /// `increasing` or `decreasing`, also `strictly`, from row to row; `None` for no order.
    pub order: Option<&'static str>,
    /// Of booleans, how many are true.
    pub trues: Option<u64>,
    /// Of floats, how many are NaN; no other number counts them.
    pub nan: Option<u64>,
    /// The smallest value.
    pub min: Option<String>,
    /// The greatest value.
    pub max: Option<String>,
    /// Values below which a share of the sampled ones lies.
    pub quantiles: Vec<Quantile>,
    /// Of strings, the fewest code points.
    pub min_length: Option<usize>,
    /// Of strings, the most code points.
    pub max_length: Option<usize>,
    /// Of strings, the most frequent shapes of the sampled values.
    pub shapes: Vec<Counted>,
    /// Sampled values of other shapes, or too long to have one.
    pub other_shapes: u64,
    /// Values that quantiles and shapes were taken of; all of them when it equals their number.
    pub sampled: u64,
    /// All values of a string or integer column that has at most 32, the most frequent first.
    pub values: Option<Vec<Counted>>,
}

/// One quantile of the sampled values, a value that occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quantile {
    /// Percent of the values that are at most so large.
    pub percent: u8,
    /// The value.
    pub value: String,
}

/// A value or a shape, and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// What occurs.
    pub text: String,
    /// How often.
    pub count: u64,
}

impl ColumnProfile {
    pub(super) fn of(column: &Column, state: &State) -> Self {
        let mut found = Self {
            column: column.path.clone(),
            r#type: promise::words(&column.data_type),
            hidden: column.hidden,
            nulls: state.nulls,
            distinct: state.distinct.as_ref().map(|distinct| distinct.count(state.values)),
            unique: None,
            order: None,
            trues: None,
            nan: None,
            min: None,
            max: None,
            quantiles: Vec::new(),
            min_length: None,
            max_length: None,
            shapes: Vec::new(),
            other_shapes: 0,
            sampled: 0,
            values: None,
        };
        if !column.hidden {
            found.unique = match found.distinct {
                Some(Count { count, exact: true }) => Some(count == state.values),
                _ => None,
            };
        }
        match &state.shown {
            Shown::Nothing => {}
            Shown::Booleans { trues } => found.trues = Some(*trues),
            Shown::Ordered(ordered) => found.ordered(ordered, column),
            Shown::Texts(texts) => found.texts(texts),
        }
        found
    }

    fn ordered(&mut self, ordered: &Ordered, column: &Column) {
        let text = |key: i128| word(key, &column.data_type);
        self.nan = column.data_type.is_floating().then_some(ordered.nan);
        self.order = ordered.trend.word();
        if ordered.trend.is_strict() {
            self.unique = Some(true);
        }
        self.min = ordered.ends.map(|(min, _)| text(min));
        self.max = ordered.ends.map(|(_, max)| text(max));
        self.sampled = ordered.sample.len() as u64;
        let mut sorted: Vec<i128> = ordered.sample.kept().copied().collect();
        sorted.sort_unstable();
        self.quantiles = QUANTILES
            .iter()
            .filter_map(|percent| {
                // The nearest rank: the first value that so many percent are not above.
                let rank = (sorted.len() * usize::from(*percent)).div_ceil(100);
                let key = sorted.get(rank.checked_sub(1)?)?;
                Some(Quantile { percent: *percent, value: text(*key) })
            })
            .collect();
        let ranked = ordered.few.clone().ranked();
        self.values = ranked.map(|all| counted(all.into_iter().map(|(key, n)| (text(key), n))));
    }

    fn texts(&mut self, texts: &Texts) {
        self.min_length = texts.lengths.map(|(min, _)| min);
        self.max_length = texts.lengths.map(|(_, max)| max);
        self.sampled = texts.sample.len() as u64;
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for shape in texts.sample.kept().flatten() {
            *counts.entry(shape).or_default() += 1;
        }
        let mut ranked: Vec<(&str, u64)> = counts.into_iter().collect();
        ranked.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        ranked.truncate(SHAPES);
        self.shapes = counted(ranked.into_iter().map(|(shape, n)| (shape.to_owned(), n)));
        self.other_shapes = self.sampled - self.shapes.iter().map(|shape| shape.count).sum::<u64>();
        self.values = texts.few.clone().ranked().map(|all| counted(all.into_iter()));
    }
}

fn counted(all: impl Iterator<Item = (String, u64)>) -> Vec<Counted> {
    all.map(|(text, count)| Counted { text, count }).collect()
}
