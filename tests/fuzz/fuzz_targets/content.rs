#![no_main]
//! A file as inspection meets it: it is recognised, its reader takes it apart,
//! and the parts go the way of files of their own.

use std::cell::RefCell;

use exeat_core::fuzzing::Inspector;
use exeat_fuzz::readers;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static INSPECTOR: RefCell<Inspector> = RefCell::default();
}

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    let frames = readers::check_all(None, bytes.to_vec(), None);
    INSPECTOR.with_borrow_mut(|inspector| inspector.frames(&frames));
});
