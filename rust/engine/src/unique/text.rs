//! Keys of varying width: text, bytes, and rows of columns that do not fit into two words.
//!
//! Short ones are packed with their length, UUIDs as their bits, the rest as bytes. Which of these
//! a key is follows from its value, so equal keys always meet.

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal256Type;
use arrow_array::{Array, ArrayRef, BinaryViewArray, FixedSizeBinaryArray};
use arrow_buffer::{i256, NullBuffer};
use arrow_schema::DataType;

use super::block::KeyBlock;
use super::column::Column;
use super::fixed::{words, Words};
use super::form::{KeyForm, Kind};
use super::seed::Seed;
use crate::error::{Code, Error, Result};
use crate::kernels::uuid;

/// Values of varying or large width.
enum Values<'a> {
    Small(&'a [i32], &'a [u8]),
    Large(&'a [i64], &'a [u8]),
    View(BinaryViewArray),
    Fixed(&'a FixedSizeBinaryArray),
    Decimal(&'a [i256]),
}

impl<'a> Values<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self> {
        let values = match array.data_type() {
            DataType::Utf8 => array
                .as_string_opt::<i32>()
                .map(|text| Self::Small(text.value_offsets(), text.value_data())),
            DataType::LargeUtf8 => array
                .as_string_opt::<i64>()
                .map(|text| Self::Large(text.value_offsets(), text.value_data())),
            DataType::Binary => array
                .as_binary_opt::<i32>()
                .map(|bytes| Self::Small(bytes.value_offsets(), bytes.value_data())),
            DataType::LargeBinary => array
                .as_binary_opt::<i64>()
                .map(|bytes| Self::Large(bytes.value_offsets(), bytes.value_data())),
            DataType::Utf8View => {
                array.as_string_view_opt().map(|text| Self::View(text.clone().to_binary_view()))
            }
            DataType::BinaryView => array.as_binary_view_opt().cloned().map(Self::View),
            DataType::FixedSizeBinary(_) => array.as_fixed_size_binary_opt().map(Self::Fixed),
            DataType::Decimal256(..) => array
                .as_primitive_opt::<Decimal256Type>()
                .map(|decimals| Self::Decimal(decimals.values())),
            _ => None,
        };
        values.ok_or_else(|| Error::internal("a wide key column has an unexpected type"))
    }

    /// Hands the bytes of one value on.
    #[inline]
    fn with<R>(&self, at: usize, take: impl FnOnce(&[u8]) -> R) -> Result<R> {
        match self {
            Self::Small(offsets, bytes) => match offsets.get(at..).unwrap_or_default() {
                [start, end, ..] => bytes.get(*start as usize..*end as usize),
                _ => None,
            }
            .map(take),
            Self::Large(offsets, bytes) => match offsets.get(at..).unwrap_or_default() {
                [start, end, ..] => bytes.get(*start as usize..*end as usize),
                _ => None,
            }
            .map(take),
            Self::View(views) => {
                let view = views.views().get(at).copied().unwrap_or_default();
                let length = view as u32 as usize;
                if length <= 12 {
                    view.to_le_bytes().get(4..4 + length).map(take)
                } else {
                    let (buffer, start) = ((view >> 64) as u32 as usize, (view >> 96) as usize);
                    let bytes = views.data_buffers().get(buffer);
                    bytes.and_then(|bytes| bytes.get(start..start + length)).map(take)
                }
            }
            Self::Fixed(values) => (at < values.len()).then(|| take(values.value(at))),
            Self::Decimal(values) => values.get(at).map(|value| take(&value.to_be_bytes())),
        }
        .ok_or_else(|| Error::new(Code::InvalidArrow, "a value lies outside its buffer"))
    }
}

/// Which part of a block UUIDs are.
const UUID: usize = 2;

/// Sorts keys into the parts of a block.
struct Sorter<'a> {
    seed: &'a Seed,
    uuids: bool,
    block: &'a mut KeyBlock,
    rows: [Vec<u32>; 4],
}

impl Sorter<'_> {
    #[inline]
    fn push(&mut self, row: usize, key: &[u8]) {
        let part = if key.len() <= 7 {
            let mut padded = [0; 8];
            padded[..key.len()].copy_from_slice(key);
            padded[7] = key.len() as u8;
            self.block.one.keys.push(u64::from_be_bytes(padded));
            0
        } else if key.len() <= 15 {
            let mut padded = [0; 16];
            padded[..key.len()].copy_from_slice(key);
            padded[15] = key.len() as u8;
            let word = u128::from_be_bytes(padded);
            self.block.two.keys.push([(word >> 64) as u64, word as u64]);
            1
        } else if let Some(words) = self.uuid(key) {
            self.block.uuid.keys.push(words);
            UUID
        } else {
            self.block.wide.push(self.seed.fingerprint(key), key);
            3
        };
        self.rows[part].push(row as u32);
    }

    #[inline]
    fn uuid(&self, key: &[u8]) -> Option<[u64; 2]> {
        if self.uuids {
            uuid::canonical(key.try_into().ok()?)
        } else {
            None
        }
    }

    /// Takes up the rows that hold UUIDs; which others there are.
    fn sort_uuids(&mut self, array: &ArrayRef) -> Result<Vec<u32>> {
        let uuid::Sorted { keys, others } = uuid::sorted(array)?;
        // Which rows they have is only kept if there are others.
        if !others.is_empty() && !keys.is_empty() {
            let mut others = others.iter().copied().peekable();
            let rows = 0..self.block.rows as u32;
            self.rows[UUID].extend(rows.filter(|row| others.next_if_eq(row).is_none()));
        }
        self.block.uuid.keys = keys;
        Ok(others)
    }

    /// Rows are only worth keeping where they are not 0, 1, 2, ...
    fn finish(self) {
        let [one, two, uuid, wide] = self.rows;
        let all = self.block.rows;
        let keep = |rows: Vec<u32>, keys: usize| (keys != all).then_some(rows);
        self.block.one.rows = keep(one, self.block.one.keys.len());
        self.block.two.rows = keep(two, self.block.two.keys.len());
        self.block.uuid.rows = keep(uuid, self.block.uuid.keys.len());
        self.block.wide.prints.rows = keep(wide, self.block.wide.prints.keys.len());
    }
}

/// Every row that has a key.
fn each(
    rows: usize,
    valid: Option<&NullBuffer>,
    mut visit: impl FnMut(usize) -> Result<()>,
) -> Result<()> {
    match valid {
        Some(valid) => valid.valid_indices().try_for_each(visit),
        None => (0..rows).try_for_each(&mut visit),
    }
}

/// Keys of one column of text or bytes.
pub(crate) fn single(
    seed: &Seed,
    columns: &[Column],
    valid: Option<&NullBuffer>,
    block: &mut KeyBlock,
) -> Result<()> {
    let [column] = columns else {
        return Err(Error::internal("not a single column"));
    };
    let values = Values::of(&column.values)?;
    let rows = block.rows;
    let mut sorter = Sorter { seed, uuids: true, block, rows: Default::default() };
    match &column.index {
        None => {
            if valid.is_none() && !matches!(values, Values::Decimal(_)) {
                let others = sorter.sort_uuids(&column.values)?;
                others.into_iter().try_for_each(|row| {
                    let row = row as usize;
                    values.with(row, |key| sorter.push(row, key))
                })?;
            } else {
                each(rows, valid, |row| values.with(row, |key| sorter.push(row, key)))?;
            }
        }
        Some(index) => {
            let value = |row: usize| index[row] as usize;
            each(rows, valid, |row| values.with(value(row), |key| sorter.push(row, key)))?;
        }
    }
    sorter.finish();
    Ok(())
}

/// A column as one member of a row of bytes.
enum Member<'a> {
    /// The low bytes of each word.
    Words(Words, usize),
    /// Length and bytes; the length is left out where the type fixes it.
    Bytes(Values<'a>, Option<&'a [u32]>, bool),
}

impl Member<'_> {
    fn append(&self, row: usize, key: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Words(Words::One(words), bytes) => {
                key.extend_from_slice(&words[row].to_be_bytes()[8 - bytes..]);
            }
            Self::Words(Words::Two(words), bytes) => {
                key.extend_from_slice(&words[row].to_be_bytes()[16 - bytes..]);
            }
            Self::Bytes(values, index, framed) => {
                let at = index.map_or(row, |index| index[row] as usize);
                values.with(at, |bytes| {
                    if *framed {
                        match u8::try_from(bytes.len()) {
                            Ok(length) if length < u8::MAX => key.push(length),
                            _ => {
                                key.push(u8::MAX);
                                key.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
                            }
                        }
                    }
                    key.extend_from_slice(bytes);
                })?;
            }
        }
        Ok(())
    }
}

/// Keys of several columns, one of which has no fixed width, or which are too wide to be packed:
/// the null mask if nulls count, then each column, preceded by its length where it varies.
pub(crate) fn composite(
    spec: &KeyForm,
    seed: &Seed,
    columns: &[Column],
    valid: Option<&NullBuffer>,
    block: &mut KeyBlock,
) -> Result<()> {
    let rows = block.rows;
    let member = |(kind, column): (&Kind, _)| member(*kind, column, rows);
    let members = spec.kinds.iter().zip(columns).map(member).collect::<Result<Vec<_>>>()?;
    let mut sorter = Sorter { seed, uuids: false, block, rows: Default::default() };
    let mut key = Vec::new();
    each(rows, valid, |row| {
        key.clear();
        if spec.masks_nulls() {
            key.resize(columns.len().div_ceil(8), 0);
        }
        for (at, (member, column)) in members.iter().zip(columns).enumerate() {
            if column.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                key[at / 8] |= 1 << (at % 8);
            } else {
                member.append(row, &mut key)?;
            }
        }
        sorter.push(row, &key);
        Ok(())
    })?;
    sorter.finish();
    Ok(())
}

fn member(kind: Kind, column: &Column, rows: usize) -> Result<Member<'_>> {
    let index = column.index.as_deref();
    match kind {
        Kind::Bytes => Ok(Member::Bytes(Values::of(&column.values)?, index, true)),
        Kind::Decimal256 | Kind::Fixed(17..) => {
            Ok(Member::Bytes(Values::of(&column.values)?, index, false))
        }
        _ => {
            let bytes = kind.bits().unwrap_or(0).div_ceil(8);
            Ok(Member::Words(words(kind, column, rows)?, bytes))
        }
    }
}
