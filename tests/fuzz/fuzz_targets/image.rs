#![no_main]
//! The readers of images: their size, and what they carry beside.

use exeat_core::inspect::reader::Format;
use exeat_fuzz::readers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    readers::check(Format::Image, bytes.to_vec());
});
