//! A schema from a C struct: bounded in depth, width and length of its texts; names are data.

use std::collections::HashMap;
use std::ffi::c_char;
use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, UnionFields, UnionMode};

use super::abi::{self, RawSchema};
use super::format::{self, Format};
use super::place::{column, field, invalid, within};
use super::{too_large, MAX_COLUMNS, MAX_DEPTH, MAX_FIELDS};
use crate::error::{Error, Result};

/// The longest format string and the longest name, in bytes.
const MAX_TEXT: usize = 64 << 10;
/// The most metadata of one schema, in bytes over all fields. The C struct carries no total size,
/// so this is also how far a wrong length inside it can lead.
const MAX_METADATA: usize = 16 << 20;
const NULLABLE: i64 = 2;
const MAP_KEYS_SORTED: i64 = 4;

/// Reads a schema; the struct stays its owner's.
///
/// Afterwards: the top level was a struct; at most [`MAX_COLUMNS`] columns, [`MAX_DEPTH`] levels
/// and [`MAX_FIELDS`] fields; duplicate and empty names are kept as they are; a field is nullable if
/// its producer declares it so, but for the keys and entries of maps and run ends, which the format
/// defines without nulls; metadata is kept where it is UTF-8 and dropped where it is not.
///
/// # Errors
/// [`crate::error::Code::InvalidArrow`] for a released or malformed struct,
/// [`crate::error::Code::TooLarge`] over a bound.
pub fn import_schema(schema: &FFI_ArrowSchema) -> Result<SchemaRef> {
    let raw = abi::schema(schema);
    let mut budget = Budget { fields: MAX_FIELDS, metadata: MAX_METADATA };
    // SAFETY: a borrowed `FFI_ArrowSchema` is released or live: arrow-rs' constructors that take
    // foreign structs ask their callers for that. Pointers in live structs are null or valid.
    unsafe {
        alive(raw)?;
        if !matches!(format::parse(format_of(raw)?)?, Format::Struct) || !raw.dictionary.is_null() {
            return Err(invalid("the data is not a table: its top level is not a struct"));
        }
        let fields = children(raw, 0, &mut budget, column)?;
        Ok(Arc::new(Schema::new_with_metadata(fields, metadata(raw, &mut budget)?)))
    }
}

/// The schema as its batches are held: every field is nullable, whatever its producer declares, but
/// for what the format defines without nulls.
pub fn held(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(held_field);
    Arc::new(Schema::new_with_metadata(fields.collect::<Fields>(), schema.metadata().clone()))
}

fn held_field(field: &FieldRef) -> FieldRef {
    let data_type = held_type(field.data_type());
    Arc::new(field.as_ref().clone().with_data_type(data_type).with_nullable(true))
}

fn held_type(data_type: &DataType) -> DataType {
    use DataType as D;
    match data_type {
        D::List(item) => D::List(held_field(item)),
        D::LargeList(item) => D::LargeList(held_field(item)),
        D::ListView(item) => D::ListView(held_field(item)),
        D::LargeListView(item) => D::LargeListView(held_field(item)),
        D::FixedSizeList(item, size) => D::FixedSizeList(held_field(item), *size),
        D::Struct(fields) => D::Struct(fields.iter().map(held_field).collect()),
        D::Map(pair, sorted) => match pair.data_type() {
            D::Struct(fields) => {
                let mut fields: Vec<FieldRef> = fields.iter().map(held_field).collect();
                if let Some(key) = fields.first_mut() {
                    *key = never_null(key);
                }
                let pair = pair.as_ref().clone().with_data_type(D::Struct(fields.into()));
                D::Map(Arc::new(pair), *sorted)
            }
            _ => data_type.clone(),
        },
        D::RunEndEncoded(ends, values) => D::RunEndEncoded(Arc::clone(ends), held_field(values)),
        D::Dictionary(keys, values) => D::Dictionary(keys.clone(), Box::new(held_type(values))),
        D::Union(fields, mode) => {
            let held = fields.iter().map(|(id, field)| (id, held_field(field)));
            D::Union(held.collect(), *mode)
        }
        flat => flat.clone(),
    }
}

struct Budget {
    fields: usize,
    metadata: usize,
}

/// # Safety
/// `raw` is released or live.
unsafe fn alive(raw: &RawSchema) -> Result<()> {
    if raw.release.is_null() {
        return Err(invalid("the schema was already released")
            .help("a schema capsule is used once; ask the producer for another"));
    }
    Ok(())
}

/// The fields of a nested type, each error placed by `label(index, total, name)`.
///
/// # Safety
/// `raw` is live.
unsafe fn children(
    raw: &RawSchema,
    depth: usize,
    budget: &mut Budget,
    label: fn(usize, usize, &str) -> String,
) -> Result<Fields> {
    let total =
        usize::try_from(raw.n_children).map_err(|_| invalid("the number of fields is negative"))?;
    if total > MAX_COLUMNS {
        return Err(too_large(format!("more than {MAX_COLUMNS} columns in one schema or type")));
    }
    let mut fields = Vec::with_capacity(total);
    for index in 0..total {
        // SAFETY: `index` is below `n_children` and `raw` is live.
        let child = unsafe { child(raw, index)? };
        // SAFETY: a child of a live struct is released or live.
        let name = unsafe { name_of(child) }.map_err(within(|| label(index, total, "")))?;
        // SAFETY: as above.
        let read = unsafe { read(child, name, depth + 1, budget) };
        fields.push(read.map_err(within(|| label(index, total, name)))?);
    }
    Ok(fields.into())
}

/// # Safety
/// `raw` is live and `index` is below its `n_children`.
unsafe fn child(raw: &RawSchema, index: usize) -> Result<&RawSchema> {
    if raw.children.is_null() {
        return Err(invalid("the list of fields is missing"));
    }
    // SAFETY: the list has `n_children` entries and was found not null; entries are null or valid
    // for as long as `raw`.
    unsafe { raw.children.add(index).read_unaligned().as_ref() }
        .ok_or_else(|| invalid("a field is missing"))
}

/// # Safety
/// `raw` is released or live.
unsafe fn read(raw: &RawSchema, name: &str, depth: usize, budget: &mut Budget) -> Result<FieldRef> {
    if depth > MAX_DEPTH {
        return Err(too_large(format!("types are nested more than {MAX_DEPTH} levels deep")));
    }
    budget.fields = budget
        .fields
        .checked_sub(1)
        .ok_or_else(|| too_large(format!("more than {MAX_FIELDS} fields in one schema")))?;
    // SAFETY: the caller's promise; `alive` refuses what is released.
    unsafe {
        alive(raw)?;
        let data_type = match raw.dictionary.as_ref() {
            Some(values) => {
                let keys = plain(raw, depth, budget)?;
                if !keys.is_dictionary_key_type() {
                    return Err(invalid("the keys of a dictionary are not integers"));
                }
                let values = read(values, "", depth + 1, budget).map_err(within(dictionary))?;
                DataType::Dictionary(Box::new(keys), Box::new(values.data_type().clone()))
            }
            None => plain(raw, depth, budget)?,
        };
        let metadata = metadata(raw, budget)?;
        let nullable = raw.flags & NULLABLE != 0;
        Ok(Arc::new(Field::new(name, data_type, nullable).with_metadata(metadata)))
    }
}

fn dictionary() -> String {
    "dictionary".to_owned()
}

fn nested(_: usize, _: usize, name: &str) -> String {
    field(name)
}

/// The type without its dictionary.
///
/// # Safety
/// `raw` is live.
unsafe fn plain(raw: &RawSchema, depth: usize, budget: &mut Budget) -> Result<DataType> {
    // SAFETY: the caller's promise.
    let (format, fields) =
        unsafe { (format::parse(format_of(raw)?)?, children(raw, depth, budget, nested)?) };
    let one = || match fields.as_ref() {
        [only] => Ok(Arc::clone(only)),
        _ => Err(invalid("a list type needs exactly one field")),
    };
    Ok(match format {
        Format::Flat(_) if !fields.is_empty() => {
            return Err(invalid("a type that has no fields was given some"));
        }
        Format::Flat(flat) => flat,
        Format::List => DataType::List(one()?),
        Format::LargeList => DataType::LargeList(one()?),
        Format::ListView => DataType::ListView(one()?),
        Format::LargeListView => DataType::LargeListView(one()?),
        Format::FixedSizeList(size) => DataType::FixedSizeList(one()?, size),
        Format::Struct => DataType::Struct(fields),
        Format::Map => DataType::Map(entries(&one()?)?, raw.flags & MAP_KEYS_SORTED != 0),
        Format::RunEnds => run_ends(&fields)?,
        Format::DenseUnion(ids) => DataType::Union(union(ids, fields)?, UnionMode::Dense),
        Format::SparseUnion(ids) => DataType::Union(union(ids, fields)?, UnionMode::Sparse),
    })
}

/// The entries of a map and their keys have no nulls by definition.
fn entries(entries: &FieldRef) -> Result<FieldRef> {
    let wrong = || invalid("the entries of a map are not a struct of a key and a value");
    let DataType::Struct(pair) = entries.data_type() else {
        return Err(wrong());
    };
    let [key, value] = pair.as_ref() else {
        return Err(wrong());
    };
    let pair = Fields::from(vec![never_null(key), Arc::clone(value)]);
    let entries = entries.as_ref().clone().with_data_type(DataType::Struct(pair));
    Ok(Arc::new(entries.with_nullable(false)))
}

fn run_ends(fields: &Fields) -> Result<DataType> {
    match fields.as_ref() {
        [ends, values] if ends.data_type().is_run_ends_type() => {
            Ok(DataType::RunEndEncoded(never_null(ends), Arc::clone(values)))
        }
        _ => Err(invalid("a run-end encoded type needs 16, 32 or 64 bit run ends and values")),
    }
}

fn union(ids: Vec<i8>, fields: Fields) -> Result<UnionFields> {
    let wrong = || invalid("a union needs one type id for each of its fields");
    if ids.len() != fields.len() {
        return Err(wrong());
    }
    UnionFields::try_new(ids, fields.iter().map(Arc::clone)).map_err(|_| wrong())
}

fn never_null(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_nullable(false))
}

/// # Safety
/// `raw` is live.
unsafe fn format_of(raw: &RawSchema) -> Result<&str> {
    // SAFETY: the format of a live struct is null or ends with NUL.
    unsafe { text(raw.format) }?.ok_or_else(|| invalid("the type's format string is missing"))
}

/// # Safety
/// `raw` is released or live.
unsafe fn name_of(raw: &RawSchema) -> Result<&str> {
    if raw.release.is_null() {
        return Ok("");
    }
    // SAFETY: the name of a live struct is null or ends with NUL.
    Ok(unsafe { text(raw.name) }?.unwrap_or(""))
}

/// A text that ends with NUL, read no further than [`MAX_TEXT`].
///
/// # Safety
/// `start` is null, or valid for reads up to a NUL byte for the lifetime that the caller chooses.
unsafe fn text<'a>(start: *const c_char) -> Result<Option<&'a str>> {
    if start.is_null() {
        return Ok(None);
    }
    let start = start.cast::<u8>();
    // SAFETY: every byte up to and with the first NUL is readable, and the search stops there.
    let length = (0..=MAX_TEXT).find(|i| unsafe { start.add(*i).read() } == 0);
    let length = length.ok_or_else(|| too_large(format!("a name is over {MAX_TEXT} bytes")))?;
    // SAFETY: `length` bytes before the NUL were just read.
    let bytes = unsafe { std::slice::from_raw_parts(start, length) };
    std::str::from_utf8(bytes).map(Some).map_err(|_| invalid("a name is not UTF-8"))
}

/// The key-value pairs of a field; pairs that are not UTF-8 are left out.
///
/// # Safety
/// `raw` is live.
unsafe fn metadata(raw: &RawSchema, budget: &mut Budget) -> Result<HashMap<String, String>> {
    let mut pairs = HashMap::new();
    if raw.metadata.is_null() {
        return Ok(pairs);
    }
    let mut rest = Metadata { next: raw.metadata.cast::<u8>(), budget: &mut budget.metadata };
    // SAFETY: the metadata of a live struct is laid out as `Metadata` reads it.
    unsafe {
        for _ in 0..rest.count()? {
            let length = rest.count()?;
            let key = rest.bytes(length)?;
            let length = rest.count()?;
            let value = rest.bytes(length)?;
            if let (Ok(key), Ok(value)) = (std::str::from_utf8(key), std::str::from_utf8(value)) {
                pairs.insert(key.to_owned(), value.to_owned());
            }
        }
    }
    Ok(pairs)
}

/// A walk over metadata: native-endian 32-bit counts and lengths, and bytes.
struct Metadata<'a> {
    next: *const u8,
    budget: &'a mut usize,
}

impl Metadata<'_> {
    /// # Safety
    /// Four bytes can be read at `next`.
    unsafe fn count(&mut self) -> Result<usize> {
        // SAFETY: the caller's promise; any alignment will do.
        let count = unsafe { self.next.cast::<i32>().read_unaligned() };
        // SAFETY: the next item starts behind the four bytes, or is one past the end.
        self.next = unsafe { self.next.add(4) };
        self.spend(4)?;
        usize::try_from(count).map_err(|_| invalid("a length in the metadata is negative"))
    }

    /// # Safety
    /// `length` bytes can be read at `next`, if the budget allows as many.
    unsafe fn bytes<'a>(&mut self, length: usize) -> Result<&'a [u8]> {
        self.spend(length)?;
        // SAFETY: the caller's promise; they live as long as the schema, which the caller borrows.
        let bytes = unsafe { std::slice::from_raw_parts(self.next, length) };
        // SAFETY: as above, one past the end at most.
        self.next = unsafe { self.next.add(length) };
        Ok(bytes)
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        let over = || -> Error {
            too_large(format!("the schema's metadata is over {MAX_METADATA} bytes"))
        };
        *self.budget = self.budget.checked_sub(bytes).ok_or_else(over)?;
        Ok(())
    }
}
