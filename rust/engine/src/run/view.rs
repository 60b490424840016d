//! The columns of a piece as checks read them: vetted when they are first needed, encodings peeled
//! off as far as that pays, nulls of parents merged in.

use arrow_array::cast::AsArray;
use arrow_array::{make_array, Array, ArrayRef, RecordBatch, StructArray};
use arrow_buffer::NullBuffer;

use super::within::Within;
use crate::checks::OnNull;
use crate::error::{Error, Result};
use crate::import::Incoming;
use crate::kernels::spans::Spans;
use crate::kernels::{bits, encoding};
use crate::plan::Step;

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

/// A column of a piece, or what stands inside one, ready for checks. Inside of lists its slots are
/// the items of all rows, each once, in the order in which they are stored.
pub(super) struct View {
    /// Plain, or a dictionary or runs with fewer values than the piece has rows.
    pub(super) array: ArrayRef,
    pub(super) nulls: Option<NullBuffer>,
    /// Valid slots; `None` when all are.
    pub(super) valid: Option<Vec<u64>>,
    /// The validity of the structs around it, up to the innermost list.
    above: Option<NullBuffer>,
    /// The lists around it, outermost first: where the items of each stand among those of the next.
    lists: Vec<Spans>,
}

impl View {
    pub(super) fn of(columns: &mut Columns<'_>, path: &[Step]) -> Result<Self> {
        let lost = || Error::internal("a plan names a column that its schema does not have");
        let Some((Step::Field(column), inside)) = path.split_first() else {
            return Err(lost());
        };
        let mut array = columns.get(*column)?;
        let mut above: Option<NullBuffer> = None;
        let mut lists = Vec::new();
        for step in inside {
            // A null struct hides its children, and a null list its items, whatever they hold.
            array = encoding::decode(&array)?;
            above = NullBuffer::union(above.as_ref(), array.logical_nulls().as_ref());
            array = match step {
                Step::Field(field) => {
                    let fields = array.as_struct_opt().map(StructArray::columns);
                    ArrayRef::clone(fields.and_then(|f| f.get(*field)).ok_or_else(lost)?)
                }
                Step::Items => {
                    let (spans, items) = Spans::of(&array, above.take().as_ref())?;
                    lists.push(spans);
                    items
                }
            };
        }
        let nulls = NullBuffer::union(above.as_ref(), array.logical_nulls().as_ref());
        let array = encoding::settle(&array)?;
        Ok(Self { array, valid: bits::from_nulls(nulls.as_ref()), nulls, above, lists })
    }

    pub(super) fn null_count(&self) -> u64 {
        self.nulls.as_ref().map_or(0, |n| n.null_count() as u64)
    }

    /// Whether its slots are items of lists, of which a row has any number.
    pub(super) fn is_inside_lists(&self) -> bool {
        !self.lists.is_empty()
    }

    /// The rows with a slot whose bit is set.
    pub(super) fn rows_of(&self, slots: Vec<u64>) -> Vec<u64> {
        self.lists.iter().rev().fold(slots, |items, lists| lists.any(&items))
    }

    /// The slots that lack a value although no struct around it is null; `None` when none does.
    pub(super) fn missing(&self) -> Option<Vec<u64>> {
        let mut missing = bits::not(self.valid.as_ref()?, self.array.len());
        if let Some(above) = bits::from_nulls(self.above.as_ref()) {
            bits::and(&mut missing, &above);
        }
        Some(missing)
    }

    /// The rows inside that a check does not test, by what it makes of a null. A row is tested if
    /// one of its slots is: a list without items is not.
    pub(super) fn skipped(&self, on_null: OnNull, within: &Within<'_>) -> u64 {
        let above = match on_null {
            OnNull::Skips => None,
            OnNull::Fails | OnNull::Holds => Some(bits::from_nulls(self.above.as_ref())),
        };
        let tested = above.as_ref().unwrap_or(&self.valid);
        if !self.is_inside_lists() {
            return within.missing(tested.as_deref());
        }
        let tested = tested.clone().unwrap_or_else(|| bits::ones(self.array.len()));
        within.missing(Some(&self.rows_of(tested)))
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
