//! Arrays of any type, from a seed.

use std::sync::Arc;

use arrow_array::{make_array, ArrayRef};
use arrow_buffer::{i256, BooleanBuffer, Buffer, NullBuffer};
use arrow_data::{ArrayData, ArrayDataBuilder, ByteView};
use arrow_schema::{
    DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit, UnionFields, UnionMode,
};
use proptest::prelude::*;

/// Numbers from a seed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.roll() as u8).collect()
    }
}

pub(crate) fn item(data_type: DataType) -> FieldRef {
    Arc::new(Field::new("item", data_type, true))
}

pub(crate) fn map_of(key: DataType, value: DataType) -> DataType {
    let pair = vec![Field::new("key", key, false), Field::new("value", value, true)];
    let entries = Field::new("entries", DataType::Struct(pair.into()), false);
    DataType::Map(Arc::new(entries), false)
}

pub(crate) fn runs_of(ends: DataType, values: DataType) -> DataType {
    let ends = Arc::new(Field::new("run_ends", ends, false));
    DataType::RunEndEncoded(ends, Arc::new(Field::new("values", values, true)))
}

pub(crate) fn dictionary_of(keys: DataType, values: DataType) -> DataType {
    DataType::Dictionary(Box::new(keys), Box::new(values))
}

pub(crate) fn union_of(mode: UnionMode, types: Vec<DataType>) -> DataType {
    let ids: Vec<i8> = (0..types.len() as i8).map(|i| i * 3 + 1).collect();
    let fields: Vec<Field> =
        types.into_iter().enumerate().map(|(i, t)| Field::new(format!("u{i}"), t, true)).collect();
    DataType::Union(UnionFields::try_new(ids, fields).unwrap(), mode)
}

pub(crate) fn struct_of(types: Vec<DataType>) -> DataType {
    let fields = types.into_iter().enumerate().map(|(i, t)| Field::new(format!("f{i}"), t, true));
    DataType::Struct(fields.collect::<Vec<_>>().into())
}

/// Every type without children.
pub(crate) fn flat_types() -> Vec<DataType> {
    use DataType as T;
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let mut types = vec![
        T::Null,
        T::Boolean,
        T::Int8,
        T::Int16,
        T::Int32,
        T::Int64,
        T::UInt8,
        T::UInt16,
        T::UInt32,
        T::UInt64,
        T::Float16,
        T::Float32,
        T::Float64,
        T::Date32,
        T::Date64,
        T::Time32(Second),
        T::Time32(Millisecond),
        T::Time64(Microsecond),
        T::Time64(Nanosecond),
        T::Timestamp(Second, None),
        T::Timestamp(Nanosecond, Some("Europe/Berlin".into())),
        T::Duration(Millisecond),
        T::Interval(IntervalUnit::YearMonth),
        T::Interval(IntervalUnit::DayTime),
        T::Interval(IntervalUnit::MonthDayNano),
        T::FixedSizeBinary(0),
        T::FixedSizeBinary(5),
        T::Utf8,
        T::LargeUtf8,
        T::Utf8View,
        T::Binary,
        T::LargeBinary,
        T::BinaryView,
    ];
    types.extend([T::Decimal32(7, 2), T::Decimal64(18, 0), T::Decimal128(38, -3)]);
    types.extend([T::Decimal128(9, 2), T::Decimal256(76, 38)]);
    types
}

/// One of each nested type.
pub(crate) fn nested_types() -> Vec<DataType> {
    use DataType as T;
    let text = || T::Utf8;
    vec![
        T::List(item(text())),
        T::LargeList(item(T::Int64)),
        T::ListView(item(text())),
        T::LargeListView(item(T::Utf8View)),
        T::FixedSizeList(item(text()), 3),
        T::FixedSizeList(item(T::Int16), 0),
        struct_of(vec![T::Int32, text(), T::Boolean]),
        struct_of(vec![]),
        map_of(text(), T::Decimal128(9, 2)),
        dictionary_of(T::Int8, text()),
        dictionary_of(T::UInt64, T::LargeUtf8),
        dictionary_of(T::Int32, dictionary_of(T::UInt8, T::Int64)),
        runs_of(T::Int16, text()),
        runs_of(T::Int64, dictionary_of(T::Int8, T::Utf8View)),
        union_of(UnionMode::Sparse, vec![T::Int64, text()]),
        union_of(UnionMode::Dense, vec![T::Float64, T::Binary, T::Boolean]),
        T::List(item(T::List(item(struct_of(vec![runs_of(T::Int32, text()), T::Null]))))),
        T::FixedSizeList(item(T::FixedSizeList(item(T::Boolean), 2)), 3),
        struct_of(vec![struct_of(vec![T::List(item(T::Boolean))]), map_of(T::Int32, text())]),
    ]
}

/// Any type, nested up to four levels.
pub(crate) fn any_type() -> impl Strategy<Value = DataType> {
    proptest::sample::select(flat_types()).prop_recursive(3, 12, 3, |inner| {
        let modes = prop_oneof![Just(UnionMode::Sparse), Just(UnionMode::Dense)];
        let keys =
            proptest::sample::select(vec![DataType::Int8, DataType::Int32, DataType::UInt64]);
        let ends =
            proptest::sample::select(vec![DataType::Int16, DataType::Int32, DataType::Int64]);
        let some = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            inner.clone().prop_map(|t| DataType::List(item(t))),
            inner.clone().prop_map(|t| DataType::LargeList(item(t))),
            inner.clone().prop_map(|t| DataType::ListView(item(t))),
            inner.clone().prop_map(|t| DataType::LargeListView(item(t))),
            (inner.clone(), 0..4).prop_map(|(t, n)| DataType::FixedSizeList(item(t), n)),
            some.clone().prop_map(struct_of),
            (some, modes).prop_map(|(types, mode)| union_of(mode, types)),
            (inner.clone(), inner.clone()).prop_map(|(k, v)| map_of(k, v)),
            (keys, inner.clone()).prop_map(|(k, v)| dictionary_of(k, v)),
            (ends, inner).prop_map(|(e, v)| runs_of(e, v)),
        ]
    })
}

/// An array of a type, with nulls where it may have some.
pub(crate) fn array(data_type: &DataType, len: usize, dice: &mut Dice) -> ArrayRef {
    make_array(data(data_type, len, dice, true))
}

fn data(data_type: &DataType, len: usize, dice: &mut Dice, nullable: bool) -> ArrayData {
    use DataType as T;
    if len == 0 {
        return ArrayData::new_empty(data_type);
    }
    let has_nulls = !matches!(data_type, T::Null | T::Union(..) | T::RunEndEncoded(..));
    let nulls = (nullable && has_nulls && dice.below(4) > 0)
        .then(|| NullBuffer::new(BooleanBuffer::collect_bool(len, |_| dice.below(3) > 0)));
    let builder = ArrayData::builder(data_type.clone()).len(len).nulls(nulls.clone());
    let valid = |slot: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(slot));
    let built = match data_type {
        T::Null => builder,
        T::Boolean => builder.add_buffer(Buffer::from_vec(dice.bytes(len.div_ceil(8)))),
        T::Decimal32(..) => builder.add_buffer(numbers(len, |_| dice.below(9_999) as i32 - 5_000)),
        T::Decimal64(..) => builder.add_buffer(numbers(len, |_| dice.below(9_999) as i64 - 5_000)),
        T::Decimal128(..) => {
            builder.add_buffer(numbers(len, |_| dice.below(9_999) as i128 - 5_000))
        }
        T::Decimal256(..) => {
            builder.add_buffer(numbers(len, |_| i256::from_i128(dice.below(9_999) as i128 - 5_000)))
        }
        T::FixedSizeBinary(n) => {
            builder.add_buffer(Buffer::from_vec(dice.bytes(len * *n as usize)))
        }
        T::Utf8 | T::Binary => {
            let (offsets, values) = texts(len, dice);
            builder.add_buffer(numbers(len + 1, |i| offsets[i] as i32)).add_buffer(values)
        }
        T::LargeUtf8 | T::LargeBinary => {
            let (offsets, values) = texts(len, dice);
            builder.add_buffer(numbers(len + 1, |i| offsets[i] as i64)).add_buffer(values)
        }
        T::Utf8View | T::BinaryView => {
            views(len, dice).into_iter().fold(builder, ArrayDataBuilder::add_buffer)
        }
        T::List(inner) | T::Map(inner, _) => {
            let offsets = offsets(len, 3, dice);
            builder.add_buffer(numbers(len + 1, |i| offsets[i] as i32)).add_child_data(data(
                inner.data_type(),
                offsets[len],
                dice,
                inner.is_nullable(),
            ))
        }
        T::LargeList(inner) => {
            let offsets = offsets(len, 3, dice);
            builder.add_buffer(numbers(len + 1, |i| offsets[i] as i64)).add_child_data(data(
                inner.data_type(),
                offsets[len],
                dice,
                true,
            ))
        }
        T::ListView(inner) | T::LargeListView(inner) => {
            let total = dice.below(2 * len + 2);
            let starts: Vec<usize> = (0..len).map(|_| dice.below(total + 1)).collect();
            let sizes: Vec<usize> =
                starts.iter().map(|s| dice.below((total - s).min(3) + 1)).collect();
            let builder = match data_type {
                T::ListView(_) => builder
                    .add_buffer(numbers(len, |i| starts[i] as i32))
                    .add_buffer(numbers(len, |i| sizes[i] as i32)),
                _ => builder
                    .add_buffer(numbers(len, |i| starts[i] as i64))
                    .add_buffer(numbers(len, |i| sizes[i] as i64)),
            };
            builder.add_child_data(data(inner.data_type(), total, dice, true))
        }
        T::FixedSizeList(inner, n) => {
            builder.add_child_data(data(inner.data_type(), len * *n as usize, dice, true))
        }
        T::Struct(fields) => {
            children(fields, len, dice).into_iter().fold(builder, ArrayDataBuilder::add_child_data)
        }
        T::Dictionary(keys, values) => {
            let count = 1 + dice.below(7);
            let key = |dice: &mut Dice, slot| {
                if valid(slot) {
                    dice.below(count)
                } else {
                    dice.below(2) * 99
                }
            };
            let keys = match keys.as_ref() {
                T::Int8 | T::UInt8 => numbers(len, |i| key(dice, i) as u8),
                T::Int16 | T::UInt16 => numbers(len, |i| key(dice, i) as u16),
                T::Int32 | T::UInt32 => numbers(len, |i| key(dice, i) as u32),
                _ => numbers(len, |i| key(dice, i) as u64),
            };
            builder.add_buffer(keys).add_child_data(data(values, count, dice, true))
        }
        T::RunEndEncoded(ends, values) => {
            let mut at = 0;
            let mut all = vec![];
            while at < len {
                at += 1 + dice.below(4);
                all.push(at.max(1));
            }
            let buffer = match ends.data_type() {
                T::Int16 => numbers(all.len(), |i| all[i] as i16),
                T::Int32 => numbers(all.len(), |i| all[i] as i32),
                _ => numbers(all.len(), |i| all[i] as i64),
            };
            let ends =
                ArrayData::builder(ends.data_type().clone()).len(all.len()).add_buffer(buffer);
            builder.add_child_data(ends.build().unwrap()).add_child_data(data(
                values.data_type(),
                all.len(),
                dice,
                true,
            ))
        }
        T::Union(fields, mode) => {
            let ids: Vec<i8> = fields.iter().map(|(id, _)| id).collect();
            let picks: Vec<usize> = (0..len).map(|_| dice.below(ids.len())).collect();
            let builder = builder.add_buffer(numbers(len, |i| ids[picks[i]]));
            let mut used = vec![0_usize; ids.len()];
            let builder = match mode {
                UnionMode::Sparse => {
                    used.fill(len);
                    builder
                }
                UnionMode::Dense => builder.add_buffer(numbers(len, |i| {
                    used[picks[i]] += 1;
                    used[picks[i]] as i32 - 1
                })),
            };
            let typed = fields.iter().zip(used).map(|((_, field), n)| (field.data_type(), n));
            let children: Vec<_> = typed.map(|(t, n)| data(t, n, dice, true)).collect();
            children.into_iter().fold(builder, ArrayDataBuilder::add_child_data)
        }
        _ => {
            let width = data_type.primitive_width().unwrap();
            builder.add_buffer(aligned(&dice.bytes(len * width)))
        }
    };
    built.build().unwrap_or_else(|e| panic!("{data_type}: {e}"))
}

fn children(fields: &Fields, len: usize, dice: &mut Dice) -> Vec<ArrayData> {
    fields.iter().map(|f| data(f.data_type(), len, dice, f.is_nullable())).collect()
}

fn numbers<T: arrow_buffer::ArrowNativeType>(n: usize, f: impl FnMut(usize) -> T) -> Buffer {
    Buffer::from_vec((0..n).map(f).collect::<Vec<T>>())
}

fn aligned(bytes: &[u8]) -> Buffer {
    Buffer::from_slice_ref(bytes)
}

fn word(dice: &mut Dice) -> String {
    let words =
        ["", "a", "zwölf", "日本語", "exactly 12 b", "a text of more than twelve bytes", "😀"];
    words[dice.below(words.len())].repeat(1 + dice.below(2))
}

fn texts(len: usize, dice: &mut Dice) -> (Vec<usize>, Buffer) {
    let (mut offsets, mut values) = (vec![0], String::new());
    for _ in 0..len {
        values.push_str(&word(dice));
        offsets.push(values.len());
    }
    (offsets, Buffer::from_vec(values.into_bytes()))
}

fn views(len: usize, dice: &mut Dice) -> Vec<Buffer> {
    let mut values = [vec![], vec![]];
    let view = |_| {
        let (word, index) = (word(dice), dice.below(2));
        let bytes = word.as_bytes();
        if bytes.len() <= 12 {
            let mut view = [0; 16];
            view[0] = bytes.len() as u8;
            view[4..4 + bytes.len()].copy_from_slice(bytes);
            return u128::from_le_bytes(view);
        }
        let offset = values[index].len() as u32;
        values[index].extend_from_slice(bytes);
        ByteView::new(bytes.len() as u32, &bytes[..4])
            .with_buffer_index(index as u32)
            .with_offset(offset)
            .as_u128()
    };
    let views = numbers(len, view);
    let [first, second] = values;
    vec![views, Buffer::from_vec(first), Buffer::from_vec(second)]
}

fn offsets(len: usize, most: usize, dice: &mut Dice) -> Vec<usize> {
    let mut all = vec![0];
    for slot in 0..len {
        all.push(all[slot] + dice.below(most + 1));
    }
    all
}
