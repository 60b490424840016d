//! A batch whose shape was found possible, and whose values nobody has checked yet.
//!
//! It is cut without a look at any value. Whoever judges a piece of it checks a column just before
//! reading it: on the thread that judges, and while the values are in its cache.

use std::sync::Arc;

use arrow_array::{make_array, Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;

use super::node::Node;
use super::place::{column, invalid, within};
use super::vet::{vet, How, Known, Nulls};
use crate::error::{Error, Result};

/// Rows on their way in; cheap to clone and to cut.
#[derive(Debug, Clone)]
pub struct Incoming {
    schema: SchemaRef,
    columns: Arc<[Node]>,
    start: usize,
    rows: usize,
    whole: Whole,
    /// Which batch of its stream it is, from 1; 0 for one that came alone.
    ordinal: u64,
    nulls: Nulls,
    known: Arc<Known>,
}

/// The batch that an [`Incoming`] was cut from.
#[derive(Debug, Clone, Copy)]
struct Whole {
    rows: usize,
    bytes: u64,
}

impl Incoming {
    /// The columns of a struct that was taken from a producer.
    pub(super) fn new(
        top: Node,
        schema: &SchemaRef,
        known: &Arc<Known>,
        ordinal: u64,
    ) -> Result<Self> {
        let (first, rows) = (top.start, top.len);
        let bytes = top.children.iter().map(Node::bytes).sum();
        let hidden = top.validity.filter(|bits| bits.count_set_bits() != rows);
        let total = schema.fields().len();
        let mut columns = Vec::with_capacity(total);
        for (index, (mut child, field)) in top.children.into_iter().zip(schema.fields()).enumerate()
        {
            child
                .cut(first, rows)
                .and_then(|()| hidden.as_ref().map_or(Ok(()), |bits| child.hide(bits)))
                .map_err(within(|| column(index, total, field.name())))?;
            columns.push(child);
        }
        Ok(Self {
            schema: SchemaRef::clone(schema),
            columns: columns.into(),
            start: 0,
            rows,
            whole: Whole { rows, bytes },
            ordinal,
            nulls: Nulls::Repair,
            known: Arc::clone(known),
        })
    }

    /// A batch that was built in Rust; it is checked as thoroughly as an imported one.
    ///
    /// # Errors
    /// [`crate::error::Code::InvalidArrow`] if its shape is impossible.
    pub fn of(batch: &RecordBatch) -> Result<Self> {
        let columns = batch.columns().iter().map(|array| Node::of(&array.to_data()));
        let columns: Vec<Node> = columns.collect::<Result<_>>()?;
        Ok(Self {
            schema: batch.schema(),
            start: 0,
            rows: batch.num_rows(),
            whole: Whole { rows: batch.num_rows(), bytes: columns.iter().map(Node::bytes).sum() },
            columns: columns.into(),
            ordinal: 0,
            nulls: Nulls::Strict,
            known: Arc::default(),
        })
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Its share, by rows, of the bytes in the buffers of the batch that it was cut from.
    pub fn bytes(&self) -> u64 {
        let share = u128::from(self.whole.bytes) * self.rows as u128;
        share.checked_div(self.whole.rows as u128).map_or(0, |bytes| bytes as u64)
    }

    /// The schema of the stream.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The same columns, `rows` rows from row `start` on; as many as there are.
    #[must_use]
    pub fn slice(&self, start: usize, rows: usize) -> Self {
        let start = start.min(self.rows);
        let rows = rows.min(self.rows - start);
        Self { start: self.start + start, rows, ..self.clone() }
    }

    /// One column, every value of which was checked.
    ///
    /// # Errors
    /// [`crate::error::Code::InvalidArrow`] if it breaks the format.
    pub fn column(&self, index: usize) -> Result<ArrayRef> {
        let (node, field) = self
            .columns
            .get(index)
            .zip(self.schema.fields().get(index))
            .ok_or_else(|| Error::internal("a batch has no such column"))?;
        let mut node = node.clone();
        let mut how = How { nulls: self.nulls, known: &self.known };
        let array =
            node.cut(self.start, self.rows).and_then(|()| vet(node, &mut how)).and_then(|data| {
                if self.nulls == Nulls::Repair && !field.is_nullable() && data.null_count() > 0 {
                    return Err(invalid("a column that is declared without nulls has nulls"));
                }
                Ok(make_array(data))
            });
        array.map_err(within(|| column(index, self.columns.len(), field.name()))).map_err(|error| {
            match self.ordinal {
                0 => error,
                ordinal => within(|| format!("batch {ordinal}"))(error),
            }
        })
    }

    /// All columns, checked.
    ///
    /// # Errors
    /// As for [`Self::column`].
    pub fn batch(&self) -> Result<RecordBatch> {
        self.assemble(
            (0..self.columns.len()).map(|index| self.column(index)).collect::<Result<_>>()?,
        )
    }

    /// The batch of columns that [`Self::column`] gave.
    ///
    /// # Errors
    /// [`crate::error::Code::Internal`] for others.
    pub fn assemble(&self, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)
            .map_err(|_| Error::internal("vetted columns do not form a batch"))
    }

    /// A window of batches is done: dictionaries that it did not use are let go.
    pub fn window_done(&self) {
        self.known.next_window();
    }
}
