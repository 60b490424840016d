//! The keys of one piece of a column set, ready to be compared: phase one of uniqueness.

use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;

use super::column::Column;
use super::fixed::{pack, pair, rising, shrink, words, Words};
use super::form::{Class, KeyForm, Nulls};
use super::seed::Seed;
use super::span::Span;
use super::text;
use crate::error::{Code, Error, Result};
use crate::kernels::bits;

/// Keys of one width with the rows they belong to, in row order.
#[derive(Debug, Clone)]
pub(crate) struct Part<K> {
    /// Canonical keys, ordered as the values are.
    pub(crate) keys: Vec<K>,
    /// Their rows within the block; key `i` is row `i` if there is none.
    pub(crate) rows: Option<Vec<u32>>,
}

impl<K> Part<K> {
    /// The row of a key.
    pub(crate) fn row(&self, position: usize) -> usize {
        self.rows.as_ref().map_or(position, |rows| rows[position] as usize)
    }

    /// The keys with their rows.
    fn rows(&self) -> impl Iterator<Item = (u32, &K)> {
        let row = |at: usize| self.rows.as_ref().map_or(at as u32, |rows| rows[at]);
        self.keys.iter().enumerate().map(move |(at, key)| (row(at), key))
    }
}

impl<K> Default for Part<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), rows: None }
    }
}

/// Wide keys: a fingerprint each, and the canonical bytes one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    pub(crate) prints: Part<[u64; 2]>,
    /// End of each key in `bytes`; it starts where the one before ends.
    pub(crate) ends: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Texts {
    /// Appends a key; which row it belongs to is up to the caller.
    #[inline]
    pub(crate) fn push(&mut self, print: [u64; 2], key: &[u8]) {
        self.prints.keys.push(print);
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn key(&self, position: usize) -> &[u8] {
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[position]]
    }
}

/// The encoded keys of one piece. The parts never hold equal keys of each other: which part a key
/// belongs to follows from its value.
#[derive(Debug, Clone)]
pub struct KeyBlock {
    pub(crate) base_row: u64,
    pub(crate) rows: usize,
    /// Rows without a verdict: outside of those that are judged, or because of a null.
    pub(crate) exempt: u64,
    /// The null rows of a single column in which null equals null.
    pub(crate) nulls: Option<NullBuffer>,
    /// Keys in one word that increase strictly; their rows are those of `one`, which has no keys then.
    pub(crate) span: Option<Span>,
    /// Keys in one word.
    pub(crate) one: Part<u64>,
    /// Keys in two words.
    pub(crate) two: Part<[u64; 2]>,
    /// UUIDs in canonical spelling, as their 128 bits.
    pub(crate) uuid: Part<[u64; 2]>,
    /// All other keys.
    pub(crate) wide: Texts,
}

impl KeyBlock {
    /// Rows of the piece, with or without a key.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows without a key because of a null.
    pub(crate) fn exempt(&self) -> u64 {
        self.exempt
    }

    /// The ordinals of its rows in the whole stream.
    pub(crate) fn range(&self) -> std::ops::Range<u64> {
        self.base_row..self.base_row + self.rows as u64
    }

    /// Rows that have a key.
    pub(crate) fn keys(&self) -> usize {
        let texts = self.wide.prints.keys.len();
        let span = self.span.as_ref().map_or(0, |span| span.count);
        span + self.one.keys.len() + self.two.keys.len() + self.uuid.keys.len() + texts
    }

    /// Tells these keys in these rows from others: the sum over all blocks of a stream does not
    /// depend on how it was cut.
    ///
    /// # Errors
    /// None for a block that was not spilled.
    pub(crate) fn checksum(&self, seed: &Seed) -> Result<u64> {
        let mixed = |row: u32, word: u64| {
            let ordinal = self.base_row.wrapping_add(u64::from(row));
            seed.mix(seed.mix(word) ^ ordinal.rotate_left(32))
        };
        let pair = |[a, b]: &[u64; 2]| a ^ b.rotate_left(23);
        let mut sum = self.wide_checksum(seed);
        if let Some(span) = &self.span {
            let keys = Part { keys: span.keys(None)?, rows: self.one.rows.clone() };
            sum = keys.rows().fold(sum, |sum, (row, key)| sum.wrapping_add(mixed(row, *key)));
        }
        let one = self.one.rows().map(|(row, key)| mixed(row, *key));
        let two = self.two.rows().chain(self.uuid.rows());
        let two = two.map(|(row, key)| mixed(row, pair(key)));
        Ok(one.chain(two).fold(sum, u64::wrapping_add))
    }

    /// The same of the wide keys alone.
    pub(crate) fn wide_checksum(&self, seed: &Seed) -> u64 {
        let mixed = |(row, print): (u32, &[u64; 2])| {
            let ordinal = self.base_row.wrapping_add(u64::from(row));
            seed.mix(print[0] ^ ordinal.rotate_left(32))
        };
        self.wide.prints.rows().map(mixed).fold(0, u64::wrapping_add)
    }

    /// Bytes held until the block is taken up.
    pub fn memory_bytes(&self) -> usize {
        fn part<K>(part: &Part<K>) -> usize {
            let rows = part.rows.as_ref().map_or(0, Vec::len);
            part.keys.len() * size_of::<K>() + rows * size_of::<u32>()
        }
        let texts = self.wide.ends.len() * size_of::<usize>() + self.wide.bytes.len();
        let span = self.span.as_ref().map_or(0, Span::bytes);
        let packed = part(&self.one) + part(&self.two) + part(&self.uuid);
        span + packed + part(&self.wide.prints) + texts
    }

    /// The same with all keys of one word written out.
    ///
    /// # Errors
    /// Only for a bug: a span that was spilled.
    pub(crate) fn unfolded(mut self) -> Result<Self> {
        if let Some(span) = self.span.take() {
            self.one.keys = span.keys(None)?;
        }
        Ok(self)
    }

    /// A block of wide keys alone.
    pub(crate) fn of_texts(base_row: u64, rows: usize, wide: Texts) -> Self {
        Self { wide, ..Self::empty(base_row, rows) }
    }

    /// A block without keys.
    pub(crate) fn empty(base_row: u64, rows: usize) -> Self {
        Self {
            base_row,
            rows,
            exempt: 0,
            nulls: None,
            span: None,
            one: Part::default(),
            two: Part::default(),
            uuid: Part::default(),
            wide: Texts::default(),
        }
    }
}

/// Encodes the keys of one piece; `base_row` is the ordinal of its first row in the whole stream.
/// Equal values give equal keys, whatever their encoding, and bytes under nulls are never read.
///
/// # Errors
/// [`Code::SchemaChanged`] if the columns are not those the key was compiled for,
/// [`Code::InvalidArrow`] for arrays that point outside themselves, [`Code::TooLarge`] above
/// 4,294,967,295 rows in one piece.
pub fn encode(
    spec: &KeyForm,
    seed: &Seed,
    columns: &[ArrayRef],
    base_row: u64,
) -> Result<KeyBlock> {
    encode_within(spec, seed, columns, None, base_row)
}

/// Encodes the keys of the rows in `within` (`None`: all). The others have no key and are exempt.
///
/// # Errors
/// Those of [`encode`].
pub fn encode_within(
    spec: &KeyForm,
    seed: &Seed,
    columns: &[ArrayRef],
    within: Option<&[u64]>,
    base_row: u64,
) -> Result<KeyBlock> {
    let rows = columns.first().map_or(0, |column| column.len());
    if columns.len() != spec.kinds.len() || columns.iter().any(|column| column.len() != rows) {
        return Err(Error::new(Code::SchemaChanged, "the key columns do not fit the compiled key"));
    }
    if u32::try_from(rows).is_err()
        || base_row.checked_add(rows as u64).is_none_or(|n| n >> 63 != 0)
    {
        return Err(Error::new(Code::TooLarge, "a piece has more rows than can be counted"));
    }
    let columns: Vec<Column> = spec
        .kinds
        .iter()
        .zip(columns)
        .map(|(kind, column)| Column::resolve(*kind, column))
        .collect::<Result<_>>()?;
    let mut block = KeyBlock::empty(base_row, rows);
    let any_null = NullBuffer::union_many(columns.iter().map(|column| column.nulls.as_ref()));
    let within = within.map(|bits| NullBuffer::new(bits::to_boolean(bits, rows)));
    let present = if spec.masks_nulls() { None } else { any_null };
    // The rows that have a key.
    let valid = NullBuffer::union(present.as_ref(), within.as_ref());
    let missing =
        |rows: &Option<NullBuffer>| rows.as_ref().map_or(0, NullBuffer::null_count) as u64;
    match (spec.nulls, present) {
        (Nulls::Equal, Some(present)) => {
            let nulls = match &within {
                Some(within) => NullBuffer::new(present.inner() | &!within.inner()),
                None => present,
            };
            block.nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
            block.exempt = missing(&within);
        }
        _ => block.exempt = missing(&valid),
    }
    if valid.as_ref().is_some_and(|nulls| nulls.null_count() == rows) {
        return Ok(block);
    }
    match (spec.class, spec.kinds.as_slice()) {
        (Class::Wide, [_]) => text::single(seed, &columns, valid.as_ref(), &mut block)?,
        (Class::Wide, _) => text::composite(spec, seed, &columns, valid.as_ref(), &mut block)?,
        (Class::K8, [kind]) if valid.is_none() => {
            if let [column] = columns.as_slice() {
                block.span = rising(*kind, column)?;
            }
            if block.span.is_none() {
                packed(spec, &columns, None, &mut block)?;
            }
        }
        _ => packed(spec, &columns, valid.as_ref(), &mut block)?,
    }
    if let Some(span) = Span::of(&block.one.keys, spec.low_bits(), |key| key) {
        block.one.keys = Vec::new();
        block.span = Some(span);
    }
    Ok(block)
}

fn packed(
    spec: &KeyForm,
    columns: &[Column],
    valid: Option<&NullBuffer>,
    block: &mut KeyBlock,
) -> Result<()> {
    let rows = block.rows;
    let natural: Vec<usize> = spec.kinds.iter().map(|kind| kind.bits().unwrap_or(0)).collect();
    let widths = if spec.narrow.is_empty() { &natural } else { &spec.narrow };
    if let ([a, b], [one, other], [above, below], false) =
        (spec.kinds.as_slice(), columns, widths.as_slice(), spec.masks_nulls())
    {
        if let Some(keys) = pair([*a, *b], [one, other], [*above, *below])? {
            block.one = select(keys, valid);
            return Ok(());
        }
    }
    let values = spec
        .kinds
        .iter()
        .zip(columns)
        .map(|(kind, column)| Ok((words(*kind, column, rows)?, column.nulls.clone())))
        .collect::<Result<Vec<_>>>()?;
    if let (Class::K8, [(Words::One(_), _)]) = (spec.class, values.as_slice()) {
        if let Some((Words::One(keys), _)) = values.into_iter().next() {
            block.one = select(keys, valid);
        }
        return Ok(());
    }
    if spec.class == Class::K8 {
        block.one = select(pack(spec, &natural, &values, rows), valid);
        return Ok(());
    }
    let double = |key: u128| [(key >> 64) as u64, key as u64];
    let two = |rows: usize| pack::<u128>(spec, &natural, &values, rows).into_iter().map(double);
    if spec.narrow.is_empty() {
        block.two = select(two(rows).collect(), valid);
        return Ok(());
    }
    let mut misfit = vec![false; rows];
    let small: Vec<_> = spec
        .kinds
        .iter()
        .zip(&values)
        .zip(&spec.narrow)
        .map(|((kind, (words, nulls)), width)| {
            // What stands under a null has no value that could be too large.
            let mut column = vec![false; rows];
            let words = shrink(*kind, words, *width, &mut column);
            match nulls {
                Some(nulls) => misfit
                    .iter_mut()
                    .zip(column)
                    .zip(nulls.iter())
                    .for_each(|((misfit, here), valid)| *misfit |= here && valid),
                None => misfit.iter_mut().zip(column).for_each(|(misfit, here)| *misfit |= here),
            }
            (words, nulls.clone())
        })
        .collect();
    // Words that do not fit would spill over their neighbours; those rows are dropped below.
    let keys = pack::<u64>(spec, &spec.narrow, &small, rows);
    if !misfit.contains(&true) {
        block.one = select(keys, valid);
        return Ok(());
    }
    let chosen = |large: bool| {
        let bits = misfit.iter().map(|misfit| *misfit == large);
        let fits = NullBuffer::new(bits.collect());
        NullBuffer::union(Some(&fits), valid)
    };
    block.one = select(keys, chosen(false).as_ref());
    block.two = select(two(rows).collect(), chosen(true).as_ref());
    Ok(())
}

fn select<K: Copy>(mut keys: Vec<K>, valid: Option<&NullBuffer>) -> Part<K> {
    let Some(valid) = valid.filter(|valid| valid.null_count() > 0) else {
        return Part { keys, rows: None };
    };
    let mut rows = Vec::with_capacity(valid.len() - valid.null_count());
    for row in valid.valid_indices() {
        keys[rows.len()] = keys[row];
        rows.push(row as u32);
    }
    keys.truncate(rows.len());
    Part { keys, rows: Some(rows) }
}
