//! The structs of the Arrow C data interface with their fields visible.
//!
//! arrow-rs keeps the fields of its own definitions private, and its getters cast negative lengths
//! and panic on null pointers. Both definitions are fixed by the same published C ABI:
//! <https://arrow.apache.org/docs/format/CDataInterface.html#structure-definitions>.

use std::ffi::{c_char, c_void};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};

/// `struct ArrowArray`.
#[repr(C)]
#[derive(Debug)]
pub(super) struct RawArray {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
    pub(super) n_buffers: i64,
    pub(super) n_children: i64,
    pub(super) buffers: *const *const c_void,
    pub(super) children: *const *const RawArray,
    pub(super) dictionary: *const RawArray,
    pub(super) release: *const c_void,
    pub(super) private_data: *const c_void,
}

/// `struct ArrowSchema`.
#[repr(C)]
#[derive(Debug)]
pub(super) struct RawSchema {
    pub(super) format: *const c_char,
    pub(super) name: *const c_char,
    pub(super) metadata: *const c_char,
    pub(super) flags: i64,
    pub(super) n_children: i64,
    pub(super) children: *const *const RawSchema,
    pub(super) dictionary: *const RawSchema,
    pub(super) release: *const c_void,
    pub(super) private_data: *const c_void,
}

const _: () = assert!(size_of::<RawArray>() == size_of::<FFI_ArrowArray>());
const _: () = assert!(align_of::<RawArray>() == align_of::<FFI_ArrowArray>());
const _: () = assert!(size_of::<RawSchema>() == size_of::<FFI_ArrowSchema>());
const _: () = assert!(align_of::<RawSchema>() == align_of::<FFI_ArrowSchema>());

/// The same struct, with its fields visible.
pub(super) fn array(array: &FFI_ArrowArray) -> &RawArray {
    // SAFETY: both are `repr(C)` definitions of `struct ArrowArray` (size and alignment are
    // asserted above; a nullable function pointer is a pointer), so every bit pattern of one is
    // one of the other. The borrow keeps the lifetime and is shared.
    unsafe { &*std::ptr::from_ref(array).cast::<RawArray>() }
}

/// The same struct, with its fields visible.
pub(super) fn schema(schema: &FFI_ArrowSchema) -> &RawSchema {
    // SAFETY: as in `array`, for `struct ArrowSchema`.
    unsafe { &*std::ptr::from_ref(schema).cast::<RawSchema>() }
}
