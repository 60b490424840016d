//! Parts: one stream judged in several places, and put together as if it had been judged in one.
//!
//! Every part is a [`Run`](super::Run) of the same plan over one cut of the stream. It judges all but
//! keys, whose rows may meet only across parts: of those it hands out fingerprints. [`Merge`] takes the
//! parts and the fingerprints in the order of the stream; its report is, byte for byte, that of one
//! run over all rows.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::references::References;
use super::split::check_ids;
use super::{remember, report, Fails, Found, Options, Tally};
use crate::checks::{DatasetState, Means, Totals};
use crate::error::{Code, Error, Result};
use crate::fingerprint::{self, Keyed, RowSum};
use crate::kernels::bits;
use crate::plan::{Plan, Planned, Work, CHECKS_COLUMN, ROW_COLUMN};
use crate::report::Report;
use crate::unique::{encode, KeyForm, Nulls, Resident, Seed};

/// What fingerprints of keys and of rows are for, in the derivation of both.
pub(super) const KEYS: &str = "meshgate/1 keys of a part";
pub(super) const ROWS: &str = "meshgate/1 rows of a part";
/// Whether a row is rejected for something else than its keys, beside the fingerprints.
pub(super) const REJECTED: &str = "_mg_rejected";

/// What one part of a stream contributes to the report of the whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub(super) rows: u64,
    pub(super) rejected: u64,
    pub(super) tallies: Vec<Tally>,
    /// What checks of the whole dataset remember, by clause.
    pub(super) states: Vec<Option<Value>>,
    pub(super) sum: Option<RowSum>,
}

impl Part {
    /// The part as JSON, to be carried to the merge.
    pub fn to_json(&self) -> String {
        // Strings, integers and lists always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The part that [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// `engine.internal` for any other text.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|_| Error::internal("a part of a run cannot be read"))
    }
}

/// The columns that hold fingerprints: one per key of the plan, in the order of its clauses.
pub(super) fn keys_schema(plan: &Plan) -> Schema {
    let keys = plan.clauses.iter().enumerate().filter_map(|(at, clause)| {
        let print = DataType::FixedSizeBinary(fingerprint::BYTES as i32);
        matches!(clause.work, Work::Key { .. })
            .then(|| Field::new(format!("_mg_key_{at}"), print, true))
    });
    let first = Field::new(REJECTED, DataType::Boolean, false);
    Schema::new(std::iter::once(first).chain(keys).collect::<Vec<_>>())
}

/// The parts of one stream, put together.
#[derive(Debug)]
pub struct Merge {
    plan: Arc<Plan>,
    options: Options,
    seed: Seed,
    rows: u64,
    rejected: u64,
    tallies: Vec<Tally>,
    states: Vec<Option<DatasetState>>,
    sum: RowSum,
    keys: Vec<Option<Resident>>,
    keyed_rows: u64,
}

impl Merge {
    /// Nothing merged yet.
    ///
    /// # Errors
    /// `plan.not_in_parts` for a check that needs all rows in one place.
    pub fn new(plan: Arc<Plan>, options: Options) -> Result<Self> {
        let seed = Seed::new(options.seed);
        let means = Means { seed: &seed, memory_bytes: options.memory_bytes };
        let start = |clause: &Planned| clause.work.start(&means);
        let states: Vec<_> = plan.clauses.iter().map(start).collect();
        for (clause, state) in plan.clauses.iter().zip(&states) {
            let carried = match clause.work.dataset().zip(state.as_ref()) {
                Some((check, state)) => check.carry(state)?.is_some(),
                None => clause.work.sequence().is_none() && !clause.work.across(),
            };
            if !carried {
                let message = format!("{} cannot be judged in parts", clause.head.check);
                return Err(Error::new(Code::NotInParts, message)
                    .at(&clause.head.clause)
                    .help("check the frame as one stream, or leave this clause out"));
            }
        }
        let key = |work: &Work| matches!(work, Work::Key { .. });
        let keys = plan
            .clauses
            .iter()
            .map(|clause| key(&clause.work).then(|| Resident::new(&seed, options.memory_bytes)));
        Ok(Self {
            keys: keys.collect(),
            states,
            tallies: plan.clauses.iter().map(|_| Tally::default()).collect(),
            plan,
            options,
            seed,
            rows: 0,
            rejected: 0,
            sum: RowSum::default(),
            keyed_rows: 0,
        })
    }

    /// Takes the next part of the stream.
    ///
    /// # Errors
    /// `engine.internal` for a part of another plan.
    pub fn part(&mut self, part: Part) -> Result<()> {
        let clauses = self.plan.clauses.len();
        if part.tallies.len() != clauses || part.states.len() != clauses {
            return Err(Error::internal("a part belongs to another plan"));
        }
        let mut states = Vec::new();
        for (at, (clause, state)) in self.plan.clauses.iter().zip(part.states).enumerate() {
            if let Some(check) = clause.work.dataset() {
                states.push((at, check.carried(state.unwrap_or_default())?));
            }
        }
        remember(&self.plan, &mut self.states, states)?;
        for (tally, mut more) in self.tallies.iter_mut().zip(part.tallies) {
            more.first_rows.iter_mut().for_each(|row| *row += self.rows);
            tally.merge(more);
        }
        self.rows += part.rows;
        self.rejected += part.rejected;
        match part.sum {
            Some(sum) => self.sum.merge(&sum),
            None if self.options.digest_key.is_none() => {}
            None => return Err(Error::internal("a part has no digest of its rows")),
        }
        Ok(())
    }

    /// Takes the fingerprints of the next rows of the stream: the ordinals of those rejected rows
    /// that repeat an earlier key, with the ids of these checks, or `None` if there are none.
    ///
    /// # Errors
    /// `limit.memory`; `engine.internal` for other columns than those of this plan's parts.
    pub fn keys(&mut self, batch: &RecordBatch) -> Result<Option<RecordBatch>> {
        let expected = keys_schema(&self.plan);
        let same = |(a, b): (&Arc<Field>, &Arc<Field>)| a.data_type() == b.data_type();
        let fields = batch.schema_ref().fields();
        if expected.fields().len() != fields.len()
            || !expected.fields().iter().zip(fields).all(same)
        {
            return Err(Error::internal("fingerprints of keys belong to another plan"));
        }
        let Some((rejected, prints)) = batch.columns().split_first() else {
            return Err(Error::internal("fingerprints of keys have no columns"));
        };
        let rows = batch.num_rows();
        let form = KeyForm::compile(
            &[DataType::FixedSizeBinary(fingerprint::BYTES as i32)],
            Nulls::Distinct,
        )?;
        let mut repeats: Fails = Vec::new();
        let residents =
            self.keys.iter_mut().enumerate().filter_map(|(at, r)| Some((at, r.as_mut()?)));
        for ((clause, resident), print) in residents.zip(prints) {
            let block = encode(&form, &self.seed, &[ArrayRef::clone(print)], self.keyed_rows)?;
            let found = resident.absorb(vec![block], self.options.threads.max(1)).map_err(|e| {
                e.at(self
                    .plan
                    .clauses
                    .get(clause)
                    .map_or_else(String::new, |c| c.head.clause.clone()))
            })?;
            if self.plan.clauses.get(clause).is_some_and(|c| c.work.names_rows()) {
                let found = found.into_iter().filter(|r| r.count > 0);
                repeats.extend(found.map(|r| (clause, r.words)));
            }
        }
        let base = self.keyed_rows;
        self.keyed_rows += rows as u64;
        // A row that is rejected also names the checks that only warn of it.
        let before = bits::from_boolean(rejected.as_boolean().values());
        let mut after = before.clone();
        let mut repeated = vec![0; bits::words(rows)];
        for (clause, words) in &repeats {
            bits::or(&mut repeated, words);
            if self.plan.clauses.get(*clause).is_some_and(|c| c.rejects) {
                bits::or(&mut after, words);
            }
        }
        self.rejected += bits::count(&after) - bits::count(&before);
        bits::and(&mut repeated, &after);
        if bits::count(&repeated) == 0 {
            return Ok(None);
        }
        let ordinals = bits::ones_of(&repeated).map(|row| base + row as u64);
        let ordinals = Arc::new(UInt64Array::from_iter_values(ordinals));
        let ids = check_ids(&self.plan, &repeated, &[], &repeats);
        let schema = Schema::new(vec![
            Field::new(ROW_COLUMN, DataType::UInt64, false),
            Field::new(CHECKS_COLUMN, ids.data_type().clone(), false),
        ]);
        RecordBatch::try_new(Arc::new(schema), vec![ordinals, ids])
            .map(Some)
            .map_err(|_| Error::internal("repeated keys do not fit their columns"))
    }

    /// The report of the whole stream, and the digest of its rows if one was asked for.
    ///
    /// # Errors
    /// `engine.internal` if the fingerprints of some rows are missing: nothing is known of their keys.
    pub fn finish(self) -> Result<(Report, Option<String>)> {
        if self.keys.iter().any(Option::is_some) && self.keyed_rows != self.rows {
            return Err(Error::internal("the keys of some rows did not reach the merge"));
        }
        let totals = Totals { rows: self.rows, now_ns: self.options.now_ns };
        let keys = self.keys.into_iter().enumerate();
        let keys = keys.filter_map(|(at, keys)| keys.map(|keys| Ok((at, Ok(keys.finish()?)))));
        let keys = keys.collect::<Result<_>>()?;
        let across = Vec::new();
        let found = Found { tallies: self.tallies, keys, across, states: self.states };
        let references = References::default();
        let report = report(&self.plan, &totals, self.rejected, &references, found)?;
        let digest = self.options.digest_key.as_deref().map(|key| {
            Ok::<_, Error>(self.sum.digest(&Keyed::new(key, ROWS)?, &self.plan, self.rows))
        });
        Ok((report, digest.transpose()?))
    }
}
