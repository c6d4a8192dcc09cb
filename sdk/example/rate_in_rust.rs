// SPDX-License-Identifier: Apache-2.0
//! Beside each struct odd its balance per hit: rate.cpp in Rust, with the few declarations of mapscope/plugin.h that it uses.
//!
//!     rustc --edition 2021 --crate-type cdylib -C opt-level=2 -C panic=abort rate_in_rust.rs -o rate_in_rust.so
//!
//! Nothing may unwind into mapscope, so a panic aborts: the worker process ends, and the report says so.

use std::mem::size_of;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr;

const MSC_OK: c_int = 0;
const MSC_EFAULT: c_int = -1;
const MSC_ENOENT: c_int = -2;
const MSC_ROWS: u32 = 1;
const MSC_REAL: u32 = 7;
const MSC_ABSENT: u32 = 12;

#[repr(C)]
#[derive(Clone, Copy)]
struct Value {
    of_type: u64,
    data: *const c_void,
    size: usize,
}

#[repr(C)]
struct Element {
    size: u32,
    shape: u32,
    map: u64,
    key: Value,
    value: Value,
    copies: *const Value,
    copy_count: usize,
    owner: u64,
}

#[repr(C)]
struct Elements {
    size: u32,
    flags: u32,
    map: u64,
    each: extern "C" fn(*mut c_void, *const Element) -> c_int,
    user: *mut c_void,
}

#[repr(C)]
struct Scalar {
    size: u32,
    kind: u32,
    number: u64,
    real: f64,
    value: Value,
    addr: u64,
    space: u32,
    unused: u32,
}

#[repr(C)]
struct Field {
    size: u32,
    kind: u32,
    name: *const c_char,
    number: u64,
    real: f64,
    value: Value,
}

/// struct msc_host: a slot for each helper, in the header's order; those that are not called here are numbers.
#[repr(C)]
struct Host {
    size: u32,
    abi: [u16; 2],
    read_to_count: [usize; 8],
    note: extern "C" fn(*mut c_void, c_int, *const c_char) -> c_int,
    field: extern "C" fn(*mut c_void, *const Field) -> c_int,
    symbol_to_slot: [usize; 10],
    elements: extern "C" fn(*mut c_void, *const Elements) -> c_int,
    find_map_to_lookup: [usize; 2],
    member_of: extern "C" fn(*mut c_void, *const Value, *const c_char, *mut Scalar) -> c_int,
}

#[repr(C)]
pub struct Plugin {
    size: u32,
    abi: [u16; 2],
    render: extern "C" fn(*const Host, *mut c_void, *const c_void) -> c_int,
}

/// What render() was given, and what the rows have come to.
struct Rows<'a> {
    host: &'a Host,
    call: *mut c_void,
    lost: u64,
}

impl Rows<'_> {
    /// A member of the value as a number: an integer, a float or a bool.
    fn get(&self, value: &Value, path: &'static [u8]) -> Result<f64, c_int> {
        let mut found: Scalar = unsafe { std::mem::zeroed() };
        found.size = size_of::<Scalar>() as u32;
        match (self.host.member_of)(self.call, value, path.as_ptr().cast(), &mut found) {
            MSC_OK => Ok(found.real),
            rc => Err(rc),
        }
    }

    fn add(&self, kind: u32, name: &'static [u8], real: f64) -> c_int {
        let value = Value { of_type: 0, data: ptr::null(), size: 0 };
        let name = name.as_ptr().cast();
        (self.host.field)(self.call, &Field { size: size_of::<Field>() as u32, kind, name, number: 0, real, value })
    }

    fn show(&self, element: &Element) -> Result<c_int, c_int> {
        let hits = self.get(&element.value, b"hits\0")?;
        if hits == 0.0 {
            return Ok(self.add(MSC_ABSENT, b"rate\0", 0.0));
        }
        Ok(self.add(MSC_REAL, b"rate\0", self.get(&element.value, b"balance\0")? / hits))
    }
}

/// A value that has no such members or no type is shown as it is, and so is one whose memory lacks; all else ends the walk.
extern "C" fn each(user: *mut c_void, element: *const Element) -> c_int {
    let rows = unsafe { &mut *user.cast::<Rows>() };
    match rows.show(unsafe { &*element }) {
        Ok(rc) => rc,
        Err(MSC_ENOENT) => MSC_OK,
        Err(MSC_EFAULT) => {
            rows.lost += 1;
            MSC_OK
        }
        Err(rc) => rc,
    }
}

extern "C" fn render(host: *const Host, call: *mut c_void, _target: *const c_void) -> c_int {
    let host = unsafe { &*host };
    let mut rows = Rows { host, call, lost: 0 };
    let user = (&mut rows as *mut Rows).cast();
    let walk = Elements { size: size_of::<Elements>() as u32, flags: MSC_ROWS, map: 0, each, user };
    let rc = (host.elements)(call, &walk);
    if rc != MSC_OK && rc != MSC_EFAULT || rows.lost == 0 {
        return rc;
    }
    let what = if rows.lost == 1 { "element" } else { "elements" };
    let why = format!("{} {} could not be decoded where memory lacks\0", rows.lost, what);
    (host.note)(call, MSC_EFAULT, why.as_ptr().cast())
}

#[no_mangle]
pub static msc_plugin_v1: Plugin = Plugin { size: size_of::<Plugin>() as u32, abi: [1, 1], render };

/// The manifest, an ELF note as MSC_MANIFEST of the header makes it.
#[repr(C, align(4))]
pub struct Manifest {
    sizes: [u32; 3],
    owner: [u8; 4],
    text: [u8; MANIFEST.len()],
}

const MANIFEST: &[u8] = b"abi=1.1\0\
    id=org.example.rate_in_rust\0\
    version=1.0.0\0\
    license=Apache-2.0\0\
    attach=value-type:struct odd map-type:array,hash mode=element\0";

#[used]
#[link_section = ".note.mapscope"]
static NOTE: Manifest = Manifest {
    sizes: [4, MANIFEST.len() as u32, 1],
    owner: *b"MSC\0",
    text: {
        let mut text = [0; MANIFEST.len()];
        let mut i = 0;
        while i < text.len() {
            text[i] = MANIFEST[i];
            i += 1;
        }
        text
    },
};
