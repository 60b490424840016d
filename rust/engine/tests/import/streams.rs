//! Streams as C structs: what their callbacks may do, and how often they are called.

use std::ffi::{c_char, c_int, c_void, CString};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::Int32Type;
use arrow_array::{make_array, Array, ArrayRef, DictionaryArray, Int32Array, StructArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field};
use meshgate_engine::error::{Code, Error};
use meshgate_engine::import::StreamReader;

use crate::raw::{bytes_of, Count, Mem, SchemaSpec, Spec};

#[repr(C)]
struct RawStream {
    get_schema: Option<unsafe extern "C" fn(*mut RawStream, *mut FFI_ArrowSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut RawStream, *mut FFI_ArrowArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut RawStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut RawStream)>,
    private_data: *mut c_void,
}

/// What a stream does at one call.
enum Step {
    Batch(Spec),
    Ready(FFI_ArrowArray),
    /// Fails with this number after it has written rubbish to the place of the result.
    Fail(c_int),
}

#[derive(Default)]
struct Calls {
    schema: AtomicUsize,
    next: AtomicUsize,
    text: AtomicUsize,
    released: AtomicUsize,
    arrays: Arc<Count>,
}

struct Private {
    schema: Result<SchemaSpec, c_int>,
    steps: Mutex<std::vec::IntoIter<Step>>,
    text: Option<CString>,
    calls: Arc<Calls>,
}

unsafe fn private<'a>(stream: *mut RawStream) -> &'a Private {
    // SAFETY: the stream is live; its private data is what `stream` below made.
    unsafe { &*(*stream).private_data.cast::<Private>() }
}

unsafe extern "C" fn get_schema(stream: *mut RawStream, out: *mut FFI_ArrowSchema) -> c_int {
    // SAFETY: called as the interface says.
    unsafe {
        let me = private(stream);
        me.calls.schema.fetch_add(1, Ordering::SeqCst);
        match &me.schema {
            Ok(spec) => {
                out.write(spec.build());
                0
            }
            Err(code) => {
                out.cast::<u8>().write_bytes(0xab, size_of::<FFI_ArrowSchema>());
                *code
            }
        }
    }
}

unsafe extern "C" fn get_next(stream: *mut RawStream, out: *mut FFI_ArrowArray) -> c_int {
    // SAFETY: called as the interface says.
    unsafe {
        let me = private(stream);
        me.calls.next.fetch_add(1, Ordering::SeqCst);
        match me.steps.lock().unwrap().next() {
            Some(Step::Batch(spec)) => {
                out.write(spec.build(64, &me.calls.arrays));
                0
            }
            Some(Step::Ready(array)) => {
                out.write(array);
                0
            }
            Some(Step::Fail(code)) => {
                out.cast::<u8>().write_bytes(0xab, size_of::<FFI_ArrowArray>());
                code
            }
            None => {
                out.write(FFI_ArrowArray::empty());
                0
            }
        }
    }
}

unsafe extern "C" fn get_last_error(stream: *mut RawStream) -> *const c_char {
    // SAFETY: called as the interface says.
    unsafe {
        let me = private(stream);
        me.calls.text.fetch_add(1, Ordering::SeqCst);
        me.text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
    }
}

unsafe extern "C" fn release(stream: *mut RawStream) {
    // SAFETY: called once, with a live stream.
    unsafe {
        let me = Box::from_raw((*stream).private_data.cast::<Private>());
        me.calls.released.fetch_add(1, Ordering::SeqCst);
        (*stream).release = None;
    }
}

fn raw(
    schema: Result<SchemaSpec, c_int>,
    steps: Vec<Step>,
    text: Option<&str>,
) -> (RawStream, Arc<Calls>) {
    let calls = Arc::new(Calls::default());
    let text = text.map(|text| CString::new(text).unwrap());
    let private =
        Private { schema, steps: Mutex::new(steps.into_iter()), text, calls: calls.clone() };
    let stream = RawStream {
        get_schema: Some(get_schema),
        get_next: Some(get_next),
        get_last_error: Some(get_last_error),
        release: Some(release),
        private_data: Box::into_raw(Box::new(private)).cast(),
    };
    (stream, calls)
}

fn open(stream: RawStream) -> Result<StreamReader, Error> {
    // SAFETY: the same C struct, moved; its callbacks do as the interface says.
    unsafe { StreamReader::new(std::mem::transmute::<RawStream, FFI_ArrowArrayStream>(stream)) }
}

fn ints(name: &str) -> SchemaSpec {
    SchemaSpec::new("+s", "").with(vec![SchemaSpec::new("l", name)])
}

fn batch(values: &[i64]) -> Step {
    let len = values.len() as i64;
    Step::Batch(Spec::table(len, vec![Spec::new(len, vec![Mem::Null, bytes_of(values)])]))
}

#[track_caller]
fn all_released(calls: &Calls) {
    assert_eq!(calls.released.load(Ordering::SeqCst), 1);
    assert_eq!(calls.arrays.alive.load(Ordering::SeqCst), 0);
    assert_eq!(calls.schema.load(Ordering::SeqCst), 1, "the schema is asked for once");
}

#[test]
fn batches_until_the_end() {
    for sizes in [vec![], vec![0], vec![3], vec![2, 0, 5]] {
        let steps = sizes.iter().map(|n| batch(&vec![7; *n])).collect();
        let (stream, calls) = raw(Ok(ints("a")), steps, None);
        let mut reader = open(stream).unwrap();
        assert_eq!(reader.schema().field(0).data_type(), &DataType::Int64);
        let mut read = vec![];
        while let Some(batch) = reader.next().unwrap() {
            assert_eq!(batch.batch().unwrap().schema(), reader.schema());
            read.push(batch.rows());
        }
        assert_eq!(read, sizes);
        // The end is the end, and the producer is let go at once.
        all_released(&calls);
        assert!(reader.next().unwrap().is_none());
        assert_eq!(calls.next.load(Ordering::SeqCst), sizes.len() + 1);
        drop(reader);
        all_released(&calls);
    }
}

#[test]
fn a_reader_dropped_midway() {
    let (stream, calls) = raw(Ok(ints("a")), vec![batch(&[1]), batch(&[2])], None);
    let mut reader = open(stream).unwrap();
    let kept = reader.next().unwrap().unwrap();
    drop(reader);
    assert_eq!(calls.released.load(Ordering::SeqCst), 1);
    assert!(calls.arrays.alive.load(Ordering::SeqCst) > 0, "a batch outlives its stream");
    drop(kept);
    all_released(&calls);
}

#[test]
fn a_reader_moves_between_threads() {
    let (stream, calls) = raw(Ok(ints("a")), vec![batch(&[1]), batch(&[2])], None);
    let mut reader = open(stream).unwrap();
    let first = reader.next().unwrap().unwrap();
    let rows = std::thread::spawn(move || {
        drop(first);
        let mut rows = 0;
        while let Some(batch) = reader.next().unwrap() {
            rows += batch.rows();
        }
        rows
    });
    assert_eq!(rows.join().unwrap(), 1);
    all_released(&calls);
}

#[test]
fn a_failure_midway_says_nothing_of_the_producers_text() {
    for text in [None, Some(""), Some("ana@example.org is not an int"), Some("\u{1}\r\n%s%n")] {
        for code in [5, 22, 12, -1, i32::MAX] {
            let steps = vec![batch(&[1]), Step::Fail(code), batch(&[2])];
            let (stream, calls) = raw(Ok(ints("a")), steps, text);
            let mut reader = open(stream).unwrap();
            assert_eq!(reader.next().unwrap().unwrap().rows(), 1);
            let error = reader.next().unwrap_err();
            assert_eq!(error.code, Code::SourceFailed);
            assert_eq!(error.data.as_deref(), Some("batch 2"));
            assert!(error.message.contains(&code.to_string()));
            let all = format!("{error:?}");
            assert!(!all.contains("ana@") && !all.contains("%s"), "{all}");
            // It does not recover, and the producer is let go.
            assert_eq!(reader.next().unwrap_err(), error);
            assert_eq!(calls.next.load(Ordering::SeqCst), 2);
            assert_eq!(calls.text.load(Ordering::SeqCst), 0);
            drop(reader);
            all_released(&calls);
        }
    }
}

#[test]
fn a_failure_to_give_the_schema() {
    let (stream, calls) = raw(Err(5), vec![], Some("secret"));
    let error = open(stream).unwrap_err();
    assert_eq!(error.code, Code::SourceFailed);
    assert!(!format!("{error:?}").contains("secret"));
    all_released(&calls);
    let (stream, calls) = raw(Ok(SchemaSpec::new("i", "")), vec![], None);
    assert_eq!(open(stream).unwrap_err().code, Code::InvalidArrow);
    all_released(&calls);
    let (stream, calls) = raw(Ok(SchemaSpec { released: true, ..ints("a") }), vec![], None);
    assert_eq!(open(stream).unwrap_err().code, Code::InvalidArrow);
    all_released(&calls);
}

#[test]
fn a_batch_that_is_not_of_the_schema() {
    let two = |n: i64| {
        let column = || Spec::new(n, vec![Mem::Null, bytes_of(&vec![1_i64; n as usize])]);
        Spec::table(n, vec![column(), column()])
    };
    let text = {
        let buffers = vec![Mem::Null, bytes_of(&[0_i32, 1]), Mem::Bytes(vec![b'a'])];
        Spec::table(1, vec![Spec::new(1, buffers)])
    };
    for (step, code) in [
        (Step::Batch(two(2)), Code::SchemaChanged),
        (Step::Batch(Spec::table(2, vec![])), Code::SchemaChanged),
        (Step::Batch(text), Code::InvalidArrow),
        (Step::Batch(Spec { offset: -1, ..Spec::table(0, vec![]) }), Code::SchemaChanged),
    ] {
        let (stream, calls) = raw(Ok(ints("a")), vec![batch(&[1]), step], None);
        let mut reader = open(stream).unwrap();
        reader.next().unwrap().unwrap();
        let error = reader.next().unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.data.as_deref().unwrap().starts_with("batch 2"));
        all_released(&calls);
        assert_eq!(reader.next().unwrap_err().code, code);
        drop(reader);
        all_released(&calls);
    }
}

#[test]
fn streams_without_callbacks() {
    let without = |change: fn(&mut RawStream)| {
        let (mut stream, calls) = raw(Ok(ints("a")), vec![], None);
        change(&mut stream);
        (open(stream), calls)
    };
    let (refused, calls) = without(|stream| stream.get_schema = None);
    assert_eq!(refused.unwrap_err().code, Code::InvalidArrow);
    assert_eq!(calls.released.load(Ordering::SeqCst), 1);
    let (reader, calls) = without(|stream| stream.get_next = None);
    assert_eq!(reader.unwrap().next().unwrap_err().code, Code::InvalidArrow);
    all_released(&calls);
    let (reader, calls) = without(|stream| stream.get_last_error = None);
    assert!(reader.unwrap().next().unwrap().is_none());
    all_released(&calls);
}

#[test]
fn a_stream_is_used_once() {
    // SAFETY: an empty stream is a released one.
    let error = unsafe { StreamReader::new(FFI_ArrowArrayStream::empty()) }.unwrap_err();
    assert_eq!(error.code, Code::InvalidArrow);
    assert!(error.message.contains("already used"));
}

/// A batch of one dictionary column, exported from Rust: the dictionary's memory is shared.
fn keyed(dictionary: &ArrayRef) -> Step {
    let keys = Int32Array::from(vec![0, 1023]);
    let column = DictionaryArray::<Int32Type>::try_new(keys, dictionary.clone()).unwrap();
    let field = Field::new("a", column.data_type().clone(), true);
    let table = StructArray::new(vec![field].into(), vec![Arc::new(column)], None);
    Step::Ready(FFI_ArrowArray::new(&table.into_data()))
}

/// 1024 texts, the last but one null over bytes that are not UTF-8, so that checking copies them.
fn repairable() -> ArrayRef {
    let nulls = NullBuffer::from((0..1024).map(|i| i != 1022).collect::<Vec<_>>());
    let data = ArrayData::builder(DataType::Utf8)
        .len(1024)
        .nulls(Some(nulls))
        .add_buffer(Buffer::from_vec((0..=1024).collect::<Vec<i32>>()))
        .add_buffer(Buffer::from_vec([vec![b'a'; 1022], vec![0xff, b'z']].concat()));
    // SAFETY: not valid on purpose; nothing but the import looks at it.
    make_array(unsafe { data.build_unchecked() })
}

#[test]
fn a_dictionary_at_the_same_address_is_checked_once() {
    let (first, second) = (repairable(), repairable());
    let schema = || {
        let dictionary = Some(Box::new(SchemaSpec::new("u", "")));
        SchemaSpec::new("+s", "").with(vec![SchemaSpec { dictionary, ..SchemaSpec::new("i", "a") }])
    };
    let steps = vec![keyed(&first), keyed(&first), keyed(&second), keyed(&first)];
    let (stream, calls) = raw(Ok(schema()), steps, None);
    let mut reader = open(stream).unwrap();
    let mut addresses = vec![];
    let mut kept = vec![];
    while let Some(incoming) = reader.next().unwrap() {
        let batch = incoming.batch().unwrap();
        incoming.window_done();
        let column = batch.column(0).as_dictionary::<Int32Type>();
        let values = column.values().as_string::<i32>();
        assert!(values.is_null(1022) && values.value(1023) == "z" && values.value(1022) == "\0");
        addresses.push(values.value_data().as_ptr());
        kept.push(batch);
    }
    assert_eq!(addresses[0], addresses[1]);
    assert_ne!(addresses[1], addresses[2]);
    assert_ne!(addresses[2], addresses[3], "only the last window's is remembered");
    drop((kept, reader));
    all_released(&calls);
    // Nothing holds the producer's memory any more.
    for dictionary in [first, second] {
        assert_eq!(dictionary.into_data().buffers()[1].strong_count(), 1);
    }
}

#[test]
fn a_bad_value_is_found_in_the_piece_that_holds_it() {
    let schema = || SchemaSpec::new("+s", "").with(vec![SchemaSpec::new("u", "a")]);
    let texts = || {
        let buffers =
            vec![Mem::Null, bytes_of(&[0_i32, 1, 2, 3]), Mem::Bytes(vec![b'a', 0xff, b'c'])];
        Step::Batch(Spec::table(3, vec![Spec::new(3, buffers)]))
    };
    let (stream, calls) = raw(Ok(schema()), vec![texts()], None);
    let mut reader = open(stream).unwrap();
    let incoming = reader.next().unwrap().unwrap();
    for (start, sound) in [(0, true), (1, false), (2, true)] {
        assert_eq!(incoming.slice(start, 1).batch().is_ok(), sound, "{start}");
    }
    let error = incoming.column(0).unwrap_err();
    assert_eq!(error.code, Code::InvalidArrow);
    assert!(error.data.as_deref().unwrap().starts_with("batch 1"), "{error}");
    assert_eq!(incoming.slice(2, 9).rows(), 1, "a slice ends where its batch does");
    drop((incoming, reader));
    all_released(&calls);
}
