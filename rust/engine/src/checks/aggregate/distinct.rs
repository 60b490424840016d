//! How many different values every group has, exactly. Values are told apart as keys are.

use super::super::bound::Bound;
use super::super::dataset::{DatasetCheck, Means, Rows, Totals, Verdict};
use super::super::measure::Ratio;
use super::groups::verdict;
use crate::error::Result;
use crate::kernels::bits;
use crate::unique::{self, KeyForm, Numbers, Seed};

/// Groups, and the pairs of group and value, seen so far.
#[derive(Debug)]
pub(super) struct Seen {
    seed: Seed,
    groups: Numbers,
    pairs: Numbers,
    /// The group of each pair; of pairs with null, which is no value, there is none.
    group_of: Vec<Option<usize>>,
    /// The values of each group.
    counts: Vec<u64>,
}

impl Seen {
    /// Makes room for groups that are new.
    fn settle(&mut self) -> Result<()> {
        let fresh = self.groups.len() - self.counts.len();
        self.groups.reserve(fresh * size_of::<u64>())?;
        self.counts.resize(self.groups.len(), 0);
        Ok(())
    }

    /// Notes a pair; one that is not new changes nothing.
    fn note(&mut self, pair: usize, group: Option<usize>) {
        if pair == self.group_of.len() {
            self.group_of.push(group);
            if let Some(count) = group.and_then(|group| self.counts.get_mut(group)) {
                *count += 1;
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct GroupedDistinct {
    pub(super) bound: Bound,
    pub(super) groups: KeyForm,
    /// The value and then the columns of the groups.
    pub(super) pairs: KeyForm,
}

impl DatasetCheck for GroupedDistinct {
    type State = Seen;

    fn start(&self, means: &Means<'_>) -> Seen {
        // Groups and pairs share the memory of the state.
        let numbers = || Numbers::new(means.seed, means.memory_bytes.map(|bytes| bytes / 2));
        Seen {
            seed: means.seed.clone(),
            groups: numbers(),
            pairs: numbers(),
            group_of: Vec::new(),
            counts: Vec::new(),
        }
    }

    fn update(&self, state: &mut Seen, rows: &Rows<'_>) -> Result<()> {
        let columns = rows.columns.get(1..).unwrap_or_default();
        let block = unique::encode(&self.groups, &state.seed, columns, 0)?;
        let mut group_of = vec![0; block.rows()];
        state.groups.number(block, |row, group| group_of[row] = group)?;
        state.settle()?;
        let block = unique::encode(&self.pairs, &state.seed, rows.columns, 0)?;
        let mut found = Vec::with_capacity(block.rows());
        state.pairs.number(block, |row, pair| found.push((row, pair)))?;
        for (row, pair) in found {
            let valid = rows.valid.is_none_or(|valid| bits::get(valid, row));
            state.note(pair, group_of.get(row).copied().filter(|_| valid));
        }
        let fresh = state.pairs.len().saturating_sub(state.group_of.capacity());
        state.pairs.reserve(fresh * size_of::<Option<usize>>())
    }

    fn merge(&self, state: &mut Seen, later: Seen) -> Result<()> {
        let mut here = vec![0; later.counts.len()];
        state.groups.adopt(&later.groups, |other, own| here[other] = own)?;
        state.settle()?;
        let mut found = Vec::with_capacity(later.group_of.len());
        state.pairs.adopt(&later.pairs, |other, own| found.push((other, own)))?;
        for (other, own) in found {
            let group = later.group_of.get(other).copied().flatten();
            state.note(own, group.and_then(|group| here.get(group).copied()));
        }
        Ok(())
    }

    fn finish(&self, state: &Seen, _: &Totals) -> Verdict {
        let counts = state.counts.iter().filter(|count| **count > 0);
        let holds = counts.map(|count| self.bound.holds(&Ratio::new(*count, 1u32).into()));
        verdict(holds, 0)
    }

    fn bound(&self) -> String {
        format!("distinct_count {} in every group", self.bound.text())
    }
}
