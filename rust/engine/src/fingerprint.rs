//! Keyed fingerprints of rows: what stands for a key or a row where the values themselves must not go.
//!
//! Equal values have equal fingerprints, however they are encoded; without the key nothing can be
//! learnt from one. A sum of fingerprints tells whether two streams hold the same rows, in any
//! order and however they are cut.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, PrimitiveArray, RecordBatch};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::digest::{hex, Shape};
use crate::error::{Error, Result};
use crate::kernels::encoding;
use crate::plan::Plan;

/// Bytes of a fingerprint of a key. Two different keys share one with a probability of 2^-128: such
/// a pair would be reported as a repetition, and a repetition is never missed.
pub(crate) const BYTES: usize = 16;

/// HMAC-SHA-256 under one key for one purpose.
#[derive(Clone)]
pub(crate) struct Keyed(Hmac<Sha256>);

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed")
    }
}

impl Keyed {
    /// # Errors
    /// Never: HMAC takes keys of any length.
    pub(crate) fn new(key: &[u8], purpose: &str) -> Result<Self> {
        let mut mac = Hmac::new_from_slice(key)
            .map_err(|_| Error::internal("HMAC did not take a key of this length"))?;
        mac.update(&(purpose.len() as u64).to_le_bytes());
        mac.update(purpose.as_bytes());
        Ok(Self(mac))
    }

    fn of(&self, bytes: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}

/// One fingerprint per row of the columns of a key; null where `exempt` is null.
///
/// # Errors
/// Only for a bug.
pub(crate) fn keys(
    keyed: &Keyed,
    columns: &[ArrayRef],
    exempt: Option<&NullBuffer>,
) -> Result<ArrayRef> {
    let rows = columns.first().map_or(0, Array::len);
    let shapes =
        columns.iter().map(one_zero).map(|c| Shape::of(&c?)).collect::<Result<Vec<_>>>()?;
    let mut prints = Vec::with_capacity(rows * BYTES);
    let mut bytes = Vec::new();
    for row in 0..rows {
        if exempt.is_some_and(|nulls| nulls.is_null(row)) {
            prints.extend([0; BYTES]);
            continue;
        }
        bytes.clear();
        for shape in &shapes {
            shape.slot(row, &mut bytes);
        }
        prints.extend(keyed.of(&bytes).into_iter().take(BYTES));
    }
    FixedSizeBinaryArray::try_new(BYTES as i32, Buffer::from_vec(prints), exempt.cloned())
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(|_| Error::internal("fingerprints do not fit their nulls"))
}

/// The same column with one zero and one NaN, as keys have them.
fn one_zero(column: &ArrayRef) -> Result<ArrayRef> {
    fn same<T: ArrowPrimitiveType>(
        column: &ArrayRef,
        canonical: impl Fn(T::Native) -> T::Native,
    ) -> ArrayRef {
        let plain: PrimitiveArray<T> = column.as_primitive::<T>().unary(canonical);
        Arc::new(plain)
    }
    let column = encoding::decode(column)?;
    Ok(match column.data_type() {
        DataType::Float16 => {
            type Half = <Float16Type as ArrowPrimitiveType>::Native;
            same::<Float16Type>(&column, |v| if v.is_nan() { Half::NAN } else { v + Half::ZERO })
        }
        DataType::Float32 => {
            same::<Float32Type>(&column, |v| if v.is_nan() { f32::NAN } else { v + 0.0 })
        }
        DataType::Float64 => {
            same::<Float64Type>(&column, |v| if v.is_nan() { f64::NAN } else { v + 0.0 })
        }
        _ => column,
    })
}

/// The sum of the fingerprints of rows, modulo 2^256.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowSum([u64; 4]);

impl RowSum {
    /// Of the promised columns of one batch.
    ///
    /// # Errors
    /// Only for a bug.
    pub(crate) fn of(keyed: &Keyed, plan: &Plan, batch: &RecordBatch) -> Result<Self> {
        let column = |index: usize| {
            let column = batch.columns().get(index);
            column.ok_or_else(|| Error::internal("a digest lost its column")).and_then(Shape::of)
        };
        let shapes = plan.outputs.iter().map(|o| column(o.index)).collect::<Result<Vec<_>>>()?;
        let mut sum = Self::default();
        let mut bytes = Vec::new();
        for row in 0..batch.num_rows() {
            bytes.clear();
            for shape in &shapes {
                shape.slot(row, &mut bytes);
            }
            sum.merge(&Self::from_bytes(keyed.of(&bytes)));
        }
        Ok(sum)
    }

    fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut sum = Self::default();
        for (word, bytes) in sum.0.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        sum
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let mut carry = false;
        for (word, more) in self.0.iter_mut().zip(other.0) {
            let (sum, one) = word.overflowing_add(more);
            let (sum, two) = sum.overflowing_add(u64::from(carry));
            *word = sum;
            carry = one || two;
        }
    }

    /// `hmac-sha256-rows:` and 64 hexadecimal digits: the digest of so many rows in any order.
    pub(crate) fn digest(&self, keyed: &Keyed, plan: &Plan, rows: u64) -> String {
        let mut bytes = rows.to_le_bytes().to_vec();
        for name in crate::digest::types(plan) {
            bytes.extend((name.len() as u64).to_le_bytes());
            bytes.extend(name.as_bytes());
        }
        self.0.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        format!("hmac-sha256-rows:{}", hex(&keyed.of(&bytes)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray};

    fn of(columns: &[ArrayRef], exempt: Option<&NullBuffer>) -> Vec<Option<Vec<u8>>> {
        let prints = keys(&Keyed::new(b"key", "test").unwrap(), columns, exempt).unwrap();
        prints.as_fixed_size_binary().iter().map(|print| print.map(<[u8]>::to_vec)).collect()
    }

    #[test]
    fn equal_values_agree_in_every_encoding() {
        let plain: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("b")]));
        let values = Arc::new(StringArray::from(vec!["b", "a"]));
        let at = Int32Array::from(vec![Some(1), None, Some(0)]);
        let dictionary: ArrayRef = Arc::new(DictionaryArray::new(at, values));
        let found = of(&[Arc::clone(&plain)], None);
        assert_eq!(found, of(&[dictionary], None));
        assert_eq!(of(&[plain.slice(1, 2)], None), found[1..]);
        assert!(found[0] != found[1] && found[1] != found[2] && found[0] != found[2]);
    }

    #[test]
    fn columns_are_framed() {
        let text = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        let found = of(&[text(["ab", "a"]), text(["c", "bc"])], None);
        assert_ne!(found[0], found[1]);
    }

    #[test]
    fn exempt_rows_have_none() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        let found = of(&[Arc::clone(&column)], column.nulls());
        assert!(found[0].is_some() && found[1].is_none());
    }

    #[test]
    fn zero_and_nan_are_one_each() {
        let other = f64::from_bits(f64::NAN.to_bits() | 1 | 1 << 63);
        let column: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, other, 1.0]));
        let found = of(&[column], None);
        assert_eq!(found[0], found[1]);
        assert_eq!(found[2], found[3]);
        assert!(found[0] != found[2] && found[2] != found[4]);
    }

    #[test]
    fn sums_carry_and_do_not_depend_on_order() {
        let full = RowSum([u64::MAX; 4]);
        let mut sum = RowSum([1, 0, 0, 0]);
        sum.merge(&full);
        assert_eq!(sum, RowSum::default());
        let (a, b) = (RowSum([3, u64::MAX, 7, 1]), RowSum([u64::MAX, 1, 0, 9]));
        let (mut ab, mut ba) = (a, b);
        ab.merge(&b);
        ba.merge(&a);
        assert_eq!(ab, ba);
        assert_eq!(ab, RowSum([2, 1, 8, 10]));
    }
}
