//! The columns of a piece as checks read them: vetted when they are first needed, encodings peeled
//! off as far as that pays, nulls of parents merged in.

use arrow_array::cast::AsArray;
use arrow_array::{make_array, Array, ArrayRef, RecordBatch};
use arrow_buffer::NullBuffer;

use super::within::Within;
use crate::checks::OnNull;
use crate::error::{Error, Result};
use crate::import::Incoming;
use crate::kernels::{bits, encoding};

/// The columns of a piece; each is vetted just before it is read for the first time.
pub(super) struct Columns<'a> {
    incoming: &'a Incoming,
    vetted: Vec<Option<ArrayRef>>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(incoming: &'a Incoming) -> Self {
        Self { incoming, vetted: vec![None; incoming.columns()] }
    }

    /// Those of a piece that was judged: all of them are vetted.
    pub(super) fn judged(incoming: &'a Incoming, batch: &RecordBatch) -> Self {
        Self { incoming, vetted: batch.columns().iter().cloned().map(Some).collect() }
    }

    fn get(&mut self, index: usize) -> Result<ArrayRef> {
        let place = self
            .vetted
            .get_mut(index)
            .ok_or_else(|| Error::internal("a plan names a column that its schema lacks"))?;
        if let Some(array) = place {
            return Ok(ArrayRef::clone(array));
        }
        Ok(ArrayRef::clone(place.insert(self.incoming.column(index)?)))
    }

    /// All columns, also those that nobody judges: what leaves must be sound.
    pub(super) fn batch(mut self) -> Result<RecordBatch> {
        let all = (0..self.vetted.len()).map(|index| self.get(index)).collect::<Result<_>>()?;
        self.incoming.assemble(all)
    }
}

/// A column of a piece, ready for checks.
pub(super) struct View {
    /// Plain, or a dictionary or runs with fewer values than the piece has rows.
    pub(super) array: ArrayRef,
    pub(super) nulls: Option<NullBuffer>,
    /// Valid rows; `None` when all are.
    pub(super) valid: Option<Vec<u64>>,
    /// The validity of the structs around it.
    above: Option<NullBuffer>,
}

impl View {
    pub(super) fn of(columns: &mut Columns<'_>, indices: &[usize]) -> Result<Self> {
        let mut at = indices.iter();
        let lost = || Error::internal("a plan names a column that its schema does not have");
        let mut array = columns.get(*at.next().ok_or_else(lost)?)?;
        let mut above: Option<NullBuffer> = None;
        for index in at {
            // A null struct hides its children, whatever they hold.
            array = encoding::decode(&array)?;
            above = NullBuffer::union(above.as_ref(), array.logical_nulls().as_ref());
            let child =
                array.as_struct_opt().and_then(|s| s.columns().get(*index)).ok_or_else(lost)?;
            array = ArrayRef::clone(child);
        }
        let nulls = NullBuffer::union(above.as_ref(), array.logical_nulls().as_ref());
        let array = encoding::settle(&array)?;
        Ok(Self { array, valid: bits::from_nulls(nulls.as_ref()), nulls, above })
    }

    pub(super) fn null_count(&self) -> u64 {
        self.nulls.as_ref().map_or(0, |n| n.null_count() as u64)
    }

    /// The rows that lack a value although no struct around it is null; `None` when none does.
    pub(super) fn missing(&self) -> Option<Vec<u64>> {
        let mut missing = bits::not(self.valid.as_ref()?, self.array.len());
        if let Some(above) = bits::from_nulls(self.above.as_ref()) {
            bits::and(&mut missing, &above);
        }
        Some(missing)
    }

    /// The rows inside that a check does not test, by what it makes of a null.
    pub(super) fn skipped(&self, on_null: OnNull, within: &Within<'_>) -> u64 {
        match on_null {
            OnNull::Skips => within.missing(self.valid.as_deref()),
            OnNull::Fails | OnNull::Holds => {
                within.missing(bits::from_nulls(self.above.as_ref()).as_deref())
            }
        }
    }

    /// The values that rows refer to, when they are judged once for all of their rows.
    pub(super) fn shared_values(&self) -> Option<&ArrayRef> {
        encoding::values(&self.array)
    }

    /// The values with the nulls of this view, for keys.
    pub(super) fn with_nulls(&self) -> Result<ArrayRef> {
        let own = self.array.logical_nulls().map_or(0, |n| n.null_count());
        if own as u64 == self.null_count() {
            return Ok(ArrayRef::clone(&self.array));
        }
        let plain = encoding::decode(&self.array)?;
        let data = plain.to_data().into_builder().nulls(self.nulls.clone()).build();
        data.map(make_array).map_err(|_| Error::internal("a struct's nulls do not fit its child"))
    }
}
