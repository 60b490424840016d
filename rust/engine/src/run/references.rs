//! Reference data of foreign keys: the sets of keys that the rows of a run are looked up in.
//!
//! Whoever starts the run brings the data along, batch by batch, before the first row. Only keys are
//! kept, in full, within the memory budget; a clause without data is not enforced.

use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Fields, Schema};

use super::view::{Columns, View};
use super::Run;
use crate::checks::{Means, Target};
use crate::error::{Code, Error, Result};
use crate::import::Incoming;
use crate::kernels::bits;
use crate::plan::{Plan, Planned, Step, Work};
use crate::promise::{self, plain};
use crate::unique::{self, common, Common, KeyForm, Nulls, Numbers};

/// One column of a reference's key.
#[derive(Debug)]
struct Part {
    path: Vec<Step>,
    common: Common,
}

/// The keys of one reference, as one clause compares them.
#[derive(Debug)]
pub(super) struct KeySet {
    name: String,
    parts: Vec<Part>,
    form: KeyForm,
    keys: Numbers,
    /// Names the reference's schema, for later batches.
    schema: Schema,
}

/// The sets of a run, by clause, and why there is no data for a name.
#[derive(Debug, Default)]
pub(super) struct References {
    sets: Vec<Option<KeySet>>,
    absent: BTreeMap<String, String>,
}

impl References {
    pub(super) fn new(plan: &Plan) -> Self {
        Self { sets: plan.clauses.iter().map(|_| None).collect(), absent: BTreeMap::new() }
    }

    /// The set of a clause, if its reference data was brought along.
    pub(super) fn get(&self, clause: usize) -> Option<&KeySet> {
        self.sets.get(clause).and_then(Option::as_ref)
    }

    /// Notes why there is no data of this name.
    pub(super) fn excuse(&mut self, name: &str, reason: &str) {
        self.absent.insert(name.to_owned(), reason.to_owned());
    }

    /// Why a foreign key is not enforced; `None` if it is, or if the clause is none.
    pub(super) fn missing_for(&self, clause: usize, work: &Work) -> Option<String> {
        let Work::Foreign { target: Target { name, .. }, .. } = work else { return None };
        let known = self.get(clause).is_some();
        (!known).then(|| match self.absent.get(name) {
            Some(reason) => format!("no reference data for {name:?}: {reason}"),
            None => format!("no reference data for {name:?} was given"),
        })
    }

    /// Begins the sets of all clauses that point to this name.
    ///
    /// # Errors
    /// `plan.reference_mismatch` if a key column is missing or of another kind.
    pub(super) fn begin(
        &mut self,
        plan: &Plan,
        means: &Means<'_>,
        name: &str,
        schema: &Schema,
    ) -> Result<()> {
        for (clause, set) in plan.clauses.iter().zip(&mut self.sets) {
            if let Work::Foreign { target, types, .. } = &clause.work {
                if target.name == name {
                    let begun = KeySet::begin(target, types, means, schema);
                    *set = Some(begun.map_err(|e| e.at(clause.head.clause.clone()))?);
                }
            }
        }
        Ok(())
    }

    /// Takes up the keys of a batch of this reference.
    ///
    /// # Errors
    /// `source.schema_changed`, `limit.memory`.
    pub(super) fn take(
        &mut self,
        plan: &Plan,
        means: &Means<'_>,
        name: &str,
        batch: &Incoming,
    ) -> Result<()> {
        for (clause, set) in plan.clauses.iter().zip(&mut self.sets) {
            if let Some(set) = set.as_mut().filter(|set| set.name == name) {
                set.take(clause, means, batch)?;
            }
        }
        Ok(())
    }
}

impl Run {
    /// Begins the reference data of this name, for the foreign keys that point to it. All of it
    /// comes before the first rows; without it those clauses are not enforced.
    ///
    /// # Errors
    /// `plan.reference_mismatch`; `engine.run_finished` once rows were seen.
    pub fn refer(&mut self, name: &str, schema: &Schema) -> Result<()> {
        if self.rows > 0 || self.broken {
            return Err(Error::new(Code::RunFinished, "reference data comes before the rows"));
        }
        if self.part.is_some() {
            return Err(Error::internal("a part of a stream has no reference data"));
        }
        let means = Means { seed: &self.seed, memory_bytes: self.options.memory_bytes };
        self.references.begin(&self.plan, &means, name, schema)
    }

    /// Says why there is no reference data of this name; it becomes the reason of its clauses.
    pub fn excuse(&mut self, name: &str, reason: &str) {
        self.references.excuse(name, reason);
    }

    /// Takes up a batch of the reference data of this name.
    ///
    /// # Errors
    /// `source.schema_changed`, `limit.memory`; after an error the run is over.
    pub fn take_reference(&mut self, name: &str, batch: &Incoming) -> Result<()> {
        let means = Means { seed: &self.seed, memory_bytes: self.options.memory_bytes };
        let taken = self.references.take(&self.plan, &means, name, batch);
        self.broken |= taken.is_err();
        batch.window_done();
        taken
    }
}

impl KeySet {
    fn begin(
        target: &Target,
        types: &[DataType],
        means: &Means<'_>,
        schema: &Schema,
    ) -> Result<Self> {
        let mut parts = Vec::with_capacity(types.len());
        for (path, own) in target.columns.iter().zip(types) {
            let (place, theirs) = find(schema.fields(), path).ok_or_else(|| {
                mismatch(format!("the reference {:?} has no column {path:?}", target.name))
                    .help("name its key columns in args: columns")
            })?;
            let common = common(own, &theirs).ok_or_else(|| {
                let (own, theirs) = (promise::words(own), promise::words(&theirs));
                mismatch(format!(
                    "{path:?} of the reference {:?} is {theirs}, and the column here is {own}",
                    target.name
                ))
                .help("keys are compared within one kind of values")
            })?;
            parts.push(Part { path: place, common });
        }
        let types: Vec<DataType> = parts.iter().map(|p| p.common.data_type.clone()).collect();
        Ok(Self {
            name: target.name.clone(),
            parts,
            form: KeyForm::compile(&types, Nulls::Distinct)?,
            keys: Numbers::new(means.seed, means.memory_bytes),
            schema: schema.clone(),
        })
    }

    fn take(&mut self, clause: &Planned, means: &Means<'_>, batch: &Incoming) -> Result<()> {
        let schema = batch.schema();
        let same =
            schema.fields().len() == self.schema.fields().len()
                && schema.fields().iter().zip(self.schema.fields()).all(|(a, b)| {
                    a.name() == b.name() && a.data_type().equals_datatype(b.data_type())
                });
        if !same {
            return Err(Error::new(
                Code::SchemaChanged,
                format!("a batch of the reference {:?} has other columns or types", self.name),
            )
            .at(clause.head.clause.clone()));
        }
        let mut columns = Columns::of(batch);
        let columns = self
            .parts
            .iter()
            .map(|part| part.common.right.take(&View::of(&mut columns, &part.path)?.with_nulls()?));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let block = unique::encode(&self.form, means.seed, &columns, 0)?;
        self.keys.number(block, |_, _| ()).map_err(|e| e.at(clause.head.clause.clone()))
    }

    /// Sets the bits of the rows whose key is not in the set; how many are exempt by a null. Rows
    /// outside of `within` are not judged.
    ///
    /// # Errors
    /// Only for a bug.
    pub(super) fn missing(
        &self,
        means: &Means<'_>,
        columns: &[ArrayRef],
        within: Option<&[u64]>,
        fail: &mut [u64],
    ) -> Result<u64> {
        let columns = self.parts.iter().zip(columns).map(|(p, column)| p.common.left.take(column));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let block = unique::encode_within(&self.form, means.seed, &columns, within, 0)?;
        let outside = within.map_or(0, |within| block.rows() as u64 - bits::count(within));
        let exempt = block.exempt() - outside;
        self.keys.missing(block, fail)?;
        Ok(exempt)
    }
}

fn mismatch(message: String) -> Error {
    Error::new(Code::ReferenceMismatch, message)
}

/// Where a column stands, and the type of its values. A name with dots goes before a path.
fn find(fields: &Fields, path: &str) -> Option<(Vec<Step>, DataType)> {
    let named = |name: &str| fields.iter().enumerate().find(|(_, field)| field.name() == name);
    if let Some((at, field)) = named(path) {
        return Some((vec![Step::Field(at)], plain(field.data_type()).clone()));
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let (at, field) = named(path.get(..dot)?)?;
        let DataType::Struct(inner) = plain(field.data_type()) else { return None };
        let (mut place, data_type) = find(inner, path.get(dot + 1..)?)?;
        place.insert(0, Step::Field(at));
        Some((place, data_type))
    })
}
