//! How many items a list or map has, and how many fields of a struct have a value.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::RowCheck;
use crate::error::{Error, Result};
use crate::kernels::bits;
use crate::kernels::spans::Spans;

/// What is counted of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Items,
    Fields,
}

impl Counted {
    /// What is counted of values of this type, if they have parts.
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Struct(_) => Some(Self::Fields),
            lists => crate::promise::items(lists).map(|_| Self::Items),
        }
    }
}

#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) counted: Counted,
}

impl RowCheck for Bounds {
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("length lost its column"))?;
        let outside = |count: usize| count < self.min || count > self.max;
        match self.counted {
            Counted::Items => {
                let (spans, _) = Spans::of(column, None)?;
                mark(fail, spans.iter().map(|(start, end)| outside(end - start)));
            }
            Counted::Fields => {
                let mut counts = vec![0; column.len()];
                for field in column.as_struct().columns() {
                    match bits::from_nulls(field.logical_nulls().as_ref()) {
                        None => counts.iter_mut().for_each(|count| *count += 1),
                        Some(valid) => bits::ones_of(&valid).for_each(|row| {
                            if let Some(count) = counts.get_mut(row) {
                                *count += 1;
                            }
                        }),
                    }
                }
                mark(fail, counts.into_iter().map(outside));
            }
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        match self.counted {
            Counted::Items => 2.0,
            Counted::Fields => 5.0,
        }
    }

    fn explain(&self) -> String {
        match self.counted {
            Counted::Items => "items from the offsets".into(),
            Counted::Fields => "fields that are not null, from the validity bitmaps".into(),
        }
    }
}

fn mark(fail: &mut [u64], outside: impl Iterator<Item = bool>) {
    outside.enumerate().filter(|(_, outside)| *outside).for_each(|(row, _)| bits::set(fail, row));
}
