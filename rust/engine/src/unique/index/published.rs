//! The keys of one clause in what is published: looked up, and proved where only fingerprints are
//! kept.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Schema};

use super::entries::{Entries, Prints, Sections};
use super::segment::Segment;
use super::stored::{fits, stored};
use super::{NULL, PRINTS, SECTIONS};
use crate::error::{Code, Error, Result};
use crate::import::Incoming;
use crate::promise::{self, plain};
use crate::unique::block::{encode, KeyBlock};
use crate::unique::form::{KeyForm, Nulls};
use crate::unique::seed::Seed;

/// Where the rank of a key among those of one fingerprint stands in its place.
const RANK: u32 = 48;

/// The keys of one clause in what is published. Shared between runs.
#[derive(Debug)]
pub struct Published {
    clause: usize,
    identity: String,
    types: Vec<DataType>,
    form: KeyForm,
    prints: Prints,
    seed: Seed,
    segments: RwLock<Vec<Arc<Segment>>>,
    proof: RwLock<Proof>,
}

/// What the table says about the fingerprints that a window has met.
#[derive(Debug, Default)]
struct Proof {
    /// The keys that have this fingerprint, sorted.
    known: HashMap<u128, BTreeSet<Box<[u8]>>>,
    /// Fingerprints that are yet to be proved.
    open: BTreeSet<u128>,
}

/// The rows of some pieces, by their keys, sorted.
pub(crate) struct Probe {
    sections: Sections<Vec<(u128, u64)>>,
    nulls: Vec<u64>,
}

/// What became of a look.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Rows whose key is published, with the place of that key in the index.
    pub(crate) hits: Vec<(u64, u64)>,
    /// Segments whose fingerprints must be proved by the table first.
    pub(crate) doubts: BTreeSet<usize>,
    /// Segments that turned out to be damaged.
    pub(crate) damaged: BTreeSet<usize>,
}

impl Published {
    /// The keys of the clause at this place of the plan, over columns of these types as stored.
    ///
    /// # Errors
    /// `plan.not_applicable` for types that are stored as something else.
    pub(crate) fn new(
        clause: usize,
        own: &[DataType],
        nulls: Nulls,
        schema: &Schema,
        identity: &str,
    ) -> Result<Self> {
        let types: Vec<DataType> =
            schema.fields().iter().map(|field| plain(field.data_type()).clone()).collect();
        if types.len() != own.len() {
            return Err(Error::internal("a stored key has other columns than its clause"));
        }
        for (own, stored) in own.iter().zip(&types) {
            if !fits(own, stored) {
                let (own, stored) = (promise::words(own), promise::words(stored));
                let message = format!("a key column is {own}, and is stored as {stored}");
                return Err(Error::new(Code::NotApplicable, message)
                    .help("keys can be compared with what is published in types that are stored"));
            }
        }
        Ok(Self {
            clause,
            identity: identity.to_owned(),
            form: KeyForm::compile(&types, nulls)?,
            types,
            prints: Prints::new(identity),
            seed: Seed::new(0), // fingerprints of the index are keyed by its identity
            segments: RwLock::default(),
            proof: RwLock::default(),
        })
    }

    /// The clause's place in its plan.
    pub fn clause(&self) -> usize {
        self.clause
    }

    /// What the keys are.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The keys of a block, as the index has them.
    ///
    /// # Errors
    /// None for a block that was not spilled.
    pub(crate) fn entries(&self, block: &KeyBlock) -> Result<Entries> {
        Entries::new(block, &self.prints)
    }

    /// The segments that hold all published keys.
    pub fn hold(&self, segments: Vec<Segment>) {
        let mut held = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        *held = segments.into_iter().map(Arc::new).collect();
    }

    /// Puts a sound segment in the place of a damaged one. Both hold the same keys.
    pub fn mend(&self, at: usize, segment: Segment) {
        let mut held = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = held.get_mut(at) {
            *place = Arc::new(segment);
        }
    }

    /// Bytes in memory that the tables of all segments take.
    pub fn bytes(&self) -> u64 {
        self.held().iter().map(|segment| segment.bytes()).sum()
    }

    fn held(&self) -> Vec<Arc<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys of columns that are masked already, as they are stored.
    ///
    /// # Errors
    /// Those of `encode`.
    pub(crate) fn block(&self, columns: &[ArrayRef], base_row: u64) -> Result<KeyBlock> {
        let columns = columns.iter().zip(&self.types).map(|(column, to)| stored(column, to));
        encode(&self.form, &self.seed, &columns.collect::<Result<Vec<_>>>()?, base_row)
    }

    /// The keys of some of the table's rows: batches with the key columns alone.
    ///
    /// # Errors
    /// `source.schema_changed` if they are of other types.
    pub(crate) fn rows(&self, batch: &Incoming) -> Result<KeyBlock> {
        let columns = (0..batch.columns()).map(|at| batch.column(at));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let fit = columns.len() == self.types.len()
            && columns.iter().zip(&self.types).all(|(c, stored)| fits(c.data_type(), stored));
        if !fit {
            return Err(Error::new(Code::SchemaChanged, "the table's keys are of other types"));
        }
        self.block(&columns, 0)
    }

    /// Looks the rows up. If the look is not certain, what it lacks is to be brought and the look
    /// repeated.
    pub(crate) fn look(&self, probe: &Probe, blocks: &[&KeyBlock]) -> Found {
        let segments = self.held();
        let mut found = Found::default();
        let mut place = 0;
        let mut seen: Sections<Vec<bool>> =
            std::array::from_fn(|at| vec![false; probe.sections[at].len()]);
        let mut null_seen = false;
        let mut proof = self.proof.write().unwrap_or_else(PoisonError::into_inner);
        for (number, segment) in segments.iter().enumerate() {
            if segment.null() && !null_seen {
                null_seen = true;
                found.hits.extend(probe.nulls.iter().map(|row| (*row, NULL)));
            }
            for section in 0..SECTIONS {
                let (rows, seen) = (&probe.sections[section], &mut seen[section]);
                let probed = segment.probe(section, rows, |at, position| {
                    let (key, row) = rows[at];
                    if seen[at] {
                        return;
                    }
                    let mut position = place + position;
                    if section == PRINTS {
                        let Some(keys) = proof.known.get(&key) else {
                            proof.open.insert(key);
                            found.doubts.insert(number);
                            return;
                        };
                        let own = wide(blocks, row);
                        let Some(rank) = keys.iter().position(|key| Some(&**key) == own) else {
                            return;
                        };
                        position |= (rank as u64) << RANK;
                    }
                    seen[at] = true;
                    found.hits.push((row, position));
                });
                if probed.is_err() {
                    found.damaged.insert(number);
                }
            }
            place += segment.keys();
        }
        found
    }

    /// Takes rows of the table that may have the fingerprints in doubt.
    ///
    /// # Errors
    /// Those of [`Self::rows`].
    pub fn prove(&self, batch: &Incoming) -> Result<()> {
        let block = self.rows(batch)?;
        batch.window_done();
        let mut proof = self.proof.write().unwrap_or_else(PoisonError::into_inner);
        let Proof { known, open } = &mut *proof;
        for at in 0..block.wide.ends.len() {
            let key = block.wide.key(at);
            let print = self.prints.of(key);
            if open.contains(&print) {
                known.entry(print).or_default().insert(key.into());
            }
        }
        Ok(())
    }

    /// All rows that may have the fingerprints in doubt were taken: what was not among them is not
    /// published, whatever the index says.
    pub fn proved(&self) {
        let mut proof = self.proof.write().unwrap_or_else(PoisonError::into_inner);
        for print in std::mem::take(&mut proof.open) {
            proof.known.entry(print).or_default();
        }
    }

    /// Forgets what was proved, which is worth the keys of one window.
    pub(crate) fn forget(&self) {
        *self.proof.write().unwrap_or_else(PoisonError::into_inner) = Proof::default();
    }
}

/// The bytes of the wide key of a row.
fn wide<'a>(blocks: &[&'a KeyBlock], row: u64) -> Option<&'a [u8]> {
    let at = blocks.partition_point(|block| block.base_row <= row).checked_sub(1)?;
    let block = blocks.get(at)?;
    let row = (row - block.base_row) as usize;
    let place = match &block.wide.prints.rows {
        Some(rows) => rows.binary_search(&(row as u32)).ok()?,
        None => row,
    };
    (place < block.wide.ends.len()).then(|| block.wide.key(place))
}

impl Probe {
    /// The rows of pieces that follow each other, each with the ordinal of its first row.
    pub(crate) fn new<'a>(pieces: impl Iterator<Item = (u64, &'a Entries)>) -> Self {
        let mut probe = Self { sections: Sections::default(), nulls: Vec::new() };
        for (base, entries) in pieces {
            for (rows, new) in probe.sections.iter_mut().zip(&entries.keys) {
                rows.extend(new.iter().map(|(key, row)| (*key, base + u64::from(*row))));
            }
            probe.nulls.extend(entries.nulls.iter().map(|row| base + u64::from(*row)));
        }
        for rows in &mut probe.sections {
            #[allow(clippy::stable_sort_primitive)] // it merges what is sorted piece by piece
            rows.sort();
        }
        probe
    }
}
