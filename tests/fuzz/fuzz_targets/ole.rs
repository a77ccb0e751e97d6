#![no_main]
//! The reader of compound files.

use exeat_core::inspect::reader::Format;
use exeat_fuzz::readers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    readers::check(Format::Ole, bytes.to_vec());
});
