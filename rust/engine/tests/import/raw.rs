//! The C structs, filled by hand: the definitions are copied from the specification, so that
//! nothing of what is under test helps to build what it is tested with.

use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::bit_util::set_bit;
use arrow_data::{layout, ArrayData};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use meshgate_engine::error::{Code, Error};
use meshgate_engine::import::import_batch;

use crate::memory::Guarded;

#[repr(C)]
#[derive(Debug)]
pub(crate) struct RawArray {
    pub(crate) length: i64,
    pub(crate) null_count: i64,
    pub(crate) offset: i64,
    pub(crate) n_buffers: i64,
    pub(crate) n_children: i64,
    pub(crate) buffers: *const *const c_void,
    pub(crate) children: *const *mut RawArray,
    pub(crate) dictionary: *mut RawArray,
    pub(crate) release: Option<unsafe extern "C" fn(*mut RawArray)>,
    pub(crate) private_data: *mut c_void,
}

/// One buffer.
#[derive(Debug, Clone)]
pub(crate) enum Mem {
    Null,
    /// Not null, not readable.
    Dangling,
    Bytes(Vec<u8>),
    /// Bytes at an address that is no multiple of anything.
    Odd(Vec<u8>),
}

/// What an array's struct says, right or wrong.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is one lie of its own")]
pub(crate) struct Spec {
    pub(crate) length: i64,
    pub(crate) null_count: i64,
    pub(crate) offset: i64,
    pub(crate) n_buffers: Option<i64>,
    pub(crate) n_children: Option<i64>,
    pub(crate) buffers: Vec<Mem>,
    pub(crate) children: Vec<Spec>,
    pub(crate) dictionary: Option<Box<Spec>>,
    pub(crate) released: bool,
    pub(crate) no_buffer_list: bool,
    pub(crate) no_child_list: bool,
    pub(crate) null_child: bool,
}

/// How often release callbacks were called and how many arrays are alive.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) released: AtomicUsize,
    pub(crate) alive: AtomicUsize,
}

struct Held {
    _memory: Vec<Guarded>,
    pointers: Vec<*const c_void>,
    shown: Vec<*mut RawArray>,
    owned: Vec<*mut RawArray>,
    count: Arc<Count>,
}

pub(crate) fn bytes_of<T: Copy>(items: &[T]) -> Mem {
    let size = std::mem::size_of_val(items);
    // SAFETY: plain numbers.
    Mem::Bytes(unsafe { std::slice::from_raw_parts(items.as_ptr().cast::<u8>(), size) }.to_vec())
}

impl Spec {
    pub(crate) fn new(length: i64, buffers: Vec<Mem>) -> Self {
        Self {
            length,
            null_count: 0,
            offset: 0,
            n_buffers: None,
            n_children: None,
            buffers,
            children: vec![],
            dictionary: None,
            released: false,
            no_buffer_list: false,
            no_child_list: false,
            null_child: false,
        }
    }

    /// A struct of columns, as batches are handed over.
    pub(crate) fn table(length: i64, columns: Vec<Spec>) -> Self {
        Self { children: columns, ..Self::new(length, vec![Mem::Null]) }
    }

    /// What an array in Rust says of itself, buffers copied.
    pub(crate) fn of(data: &ArrayData) -> Self {
        let shape = layout(data.data_type());
        let mut buffers = vec![];
        if shape.can_contain_null_mask {
            buffers.push(data.nulls().map_or(Mem::Null, |nulls| {
                let mut bits = vec![0_u8; (data.offset() + data.len()).div_ceil(8)];
                for slot in (0..data.len()).filter(|slot| nulls.is_valid(*slot)) {
                    set_bit(&mut bits, data.offset() + slot);
                }
                Mem::Bytes(bits)
            }));
        }
        buffers.extend(data.buffers().iter().map(|buffer| Mem::Bytes(buffer.to_vec())));
        if shape.variadic {
            let sizes: Vec<i64> = data.buffers()[1..].iter().map(|b| b.len() as i64).collect();
            buffers.push(bytes_of(&sizes));
        }
        let mut children: Vec<Spec> = data.child_data().iter().map(Self::of).collect();
        let dictionary = match data.data_type() {
            DataType::Dictionary(..) => children.pop().map(Box::new),
            _ => None,
        };
        Self {
            null_count: data.null_count() as i64,
            offset: data.offset() as i64,
            children,
            dictionary,
            ..Self::new(data.len() as i64, buffers)
        }
    }

    /// This array and all below it.
    pub(crate) fn each(&mut self, f: &mut impl FnMut(&mut Spec)) {
        f(self);
        for child in self.children.iter_mut().chain(self.dictionary.as_deref_mut()) {
            child.each(f);
        }
    }

    /// The struct with its memory; `align` is as for [`Guarded::new`].
    pub(crate) fn build(&self, align: usize, count: &Arc<Count>) -> FFI_ArrowArray {
        let raw = self.build_raw(align, count);
        // SAFETY: the same C struct, moved: the original has no `Drop`.
        unsafe { std::ptr::from_ref(&raw).cast::<FFI_ArrowArray>().read() }
    }

    fn build_raw(&self, align: usize, count: &Arc<Count>) -> RawArray {
        let mut memory = vec![];
        let pointers: Vec<*const c_void> = self
            .buffers
            .iter()
            .map(|buffer| match buffer {
                Mem::Null => std::ptr::null(),
                Mem::Dangling => std::ptr::without_provenance(0x10),
                Mem::Bytes(bytes) => {
                    memory.push(Guarded::new(bytes, align));
                    memory.last().unwrap().start().cast()
                }
                Mem::Odd(bytes) => {
                    let mut shifted = vec![0; 1];
                    shifted.extend_from_slice(bytes);
                    memory.push(Guarded::new(&shifted, 64));
                    memory.last().unwrap().start().wrapping_add(1).cast()
                }
            })
            .collect();
        let boxed = |spec: &Spec| Box::into_raw(Box::new(spec.build_raw(align, count)));
        let mut owned: Vec<*mut RawArray> = self.children.iter().map(boxed).collect();
        let mut shown = owned.clone();
        if let (true, Some(last)) = (self.null_child, shown.last_mut()) {
            *last = std::ptr::null_mut();
        }
        let dictionary = self.dictionary.as_deref().map_or(std::ptr::null_mut(), boxed);
        owned.push(dictionary);
        let held = Box::new(Held { _memory: memory, pointers, shown, owned, count: count.clone() });
        count.alive.fetch_add(1, Ordering::SeqCst);
        let mut raw = RawArray {
            length: self.length,
            null_count: self.null_count,
            offset: self.offset,
            n_buffers: self.n_buffers.unwrap_or(self.buffers.len() as i64),
            n_children: self.n_children.unwrap_or(self.children.len() as i64),
            buffers: if self.no_buffer_list { std::ptr::null() } else { held.pointers.as_ptr() },
            children: if self.no_child_list { std::ptr::null() } else { held.shown.as_ptr() },
            dictionary,
            release: Some(release),
            private_data: Box::into_raw(held).cast(),
        };
        if self.released {
            // SAFETY: the array is live and ours.
            unsafe { release(&raw mut raw) };
        }
        raw
    }
}

unsafe extern "C" fn release(array: *mut RawArray) {
    // SAFETY: the interface calls this once with a live array, whose private data `build` made.
    unsafe {
        let held = Box::from_raw((*array).private_data.cast::<Held>());
        held.count.released.fetch_add(1, Ordering::SeqCst);
        held.count.alive.fetch_sub(1, Ordering::SeqCst);
        for child in held.owned.iter().copied().filter(|child| !child.is_null()) {
            if let Some(release) = (*child).release {
                release(child);
            }
            drop(Box::from_raw(child));
        }
        (*array).release = None;
    }
}

/// A schema of nullable columns, named `c0`, `c1`, and so on.
pub(crate) fn schema_of(types: &[DataType]) -> SchemaRef {
    let field = |(i, t): (usize, &DataType)| Field::new(format!("c{i}"), t.clone(), true);
    Arc::new(Schema::new(types.iter().enumerate().map(field).collect::<Vec<_>>()))
}

/// Imports `table`, reads all of it, drops it, and checks that everything was released once.
pub(crate) fn import_with<T>(
    table: &Spec,
    schema: &SchemaRef,
    align: usize,
    f: impl FnOnce(Result<RecordBatch, Error>) -> T,
) -> T {
    let count = Arc::new(Count::default());
    let array = table.build(align, &count);
    let already = count.released.load(Ordering::SeqCst);
    let all = already + count.alive.load(Ordering::SeqCst);
    // SAFETY: `build` fills the struct as the interface demands, but for what the test is about.
    let result = unsafe { import_batch(array, schema) }.and_then(|incoming| incoming.batch());
    if let Ok(batch) = &result {
        for column in batch.columns() {
            column.to_data().validate_full().unwrap();
        }
        meshgate_engine::import::validate(batch).unwrap();
    } else {
        assert_eq!(count.alive.load(Ordering::SeqCst), 0, "refused and not released");
    }
    let value = f(result);
    assert_eq!(count.alive.load(Ordering::SeqCst), 0, "not released");
    assert_eq!(count.released.load(Ordering::SeqCst), all, "released twice");
    value
}

/// One column, imported alone.
#[track_caller]
pub(crate) fn import_column<T>(
    column: Spec,
    data_type: &DataType,
    f: impl FnOnce(Result<ArrayRef, Error>) -> T,
) -> T {
    let table = Spec::table(column.length, vec![column]);
    let schema = schema_of(std::slice::from_ref(data_type));
    import_with(&table, &schema, 64, |result| f(result.map(|batch| batch.column(0).clone())))
}

/// Accepted, with these values.
#[track_caller]
pub(crate) fn accepted(column: Spec, expected: &dyn Array) {
    import_column(column, expected.data_type(), |result| {
        assert_eq!(result.unwrap().as_ref(), expected);
    });
}

/// Refused as malformed, placed in the first column, in words without values.
#[track_caller]
pub(crate) fn refused(column: Spec, data_type: &DataType, why: &str) {
    let error = import_column(column, data_type, |result| result.expect_err(why));
    assert_eq!(error.code, Code::InvalidArrow, "{error}");
    assert!(error.message.contains(why), "{} is not about: {why}", error.message);
    let place = error.data.expect("a place");
    assert!(place.starts_with("column 1 of 1 (\"c0\")"), "{place}");
}

/// A C schema, filled by hand.
#[derive(Debug, Clone, Default)]
pub(crate) struct SchemaSpec {
    pub(crate) format: Option<Vec<u8>>,
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) metadata: Option<Vec<u8>>,
    pub(crate) flags: i64,
    pub(crate) n_children: Option<i64>,
    pub(crate) children: Vec<SchemaSpec>,
    pub(crate) dictionary: Option<Box<SchemaSpec>>,
    pub(crate) released: bool,
    pub(crate) no_child_list: bool,
    pub(crate) null_child: bool,
}

#[repr(C)]
struct RawSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *const *mut RawSchema,
    dictionary: *mut RawSchema,
    release: Option<unsafe extern "C" fn(*mut RawSchema)>,
    private_data: *mut c_void,
}

struct HeldSchema {
    _texts: Vec<Vec<u8>>,
    _metadata: Option<Guarded>,
    shown: Vec<*mut RawSchema>,
    owned: Vec<*mut RawSchema>,
}

impl SchemaSpec {
    pub(crate) fn new(format: &str, name: &str) -> Self {
        let (format, name) = (Some(format.into()), Some(name.into()));
        Self { format, name, flags: 2, ..Self::default() }
    }

    pub(crate) fn with(mut self, children: Vec<SchemaSpec>) -> Self {
        self.children = children;
        self
    }

    pub(crate) fn build(&self) -> FFI_ArrowSchema {
        let raw = self.build_raw();
        // SAFETY: the same C struct, moved: the original has no `Drop`.
        unsafe { std::ptr::from_ref(&raw).cast::<FFI_ArrowSchema>().read() }
    }

    fn build_raw(&self) -> RawSchema {
        let mut texts = vec![];
        let mut text = |text: &Option<Vec<u8>>| -> *const c_char {
            let Some(text) = text else { return std::ptr::null() };
            texts.push([text.as_slice(), b"\0"].concat());
            texts.last().unwrap().as_ptr().cast()
        };
        let (format, name) = (text(&self.format), text(&self.name));
        let metadata = self.metadata.as_ref().map(|bytes| Guarded::new(bytes, 1));
        let metadata_start = metadata.as_ref().map_or(std::ptr::null(), |m| m.start().cast());
        let boxed = |spec: &SchemaSpec| Box::into_raw(Box::new(spec.build_raw()));
        let mut owned: Vec<*mut RawSchema> = self.children.iter().map(boxed).collect();
        let mut shown = owned.clone();
        if let (true, Some(last)) = (self.null_child, shown.last_mut()) {
            *last = std::ptr::null_mut();
        }
        let dictionary = self.dictionary.as_deref().map_or(std::ptr::null_mut(), boxed);
        owned.push(dictionary);
        let held = Box::new(HeldSchema { _texts: texts, _metadata: metadata, shown, owned });
        let mut raw = RawSchema {
            format,
            name,
            metadata: metadata_start,
            flags: self.flags,
            n_children: self.n_children.unwrap_or(self.children.len() as i64),
            children: if self.no_child_list { std::ptr::null() } else { held.shown.as_ptr() },
            dictionary,
            release: Some(release_schema),
            private_data: Box::into_raw(held).cast(),
        };
        if self.released {
            // SAFETY: the schema is live and ours.
            unsafe { release_schema(&raw mut raw) };
        }
        raw
    }
}

unsafe extern "C" fn release_schema(schema: *mut RawSchema) {
    // SAFETY: called once with a live schema, whose private data `build` made.
    unsafe {
        let held = Box::from_raw((*schema).private_data.cast::<HeldSchema>());
        for child in held.owned.iter().copied().filter(|child| !child.is_null()) {
            if let Some(release) = (*child).release {
                release(child);
            }
            drop(Box::from_raw(child));
        }
        (*schema).release = None;
    }
}
