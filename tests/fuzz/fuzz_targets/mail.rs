#![no_main]
//! The reader of messages, and of what is attached to them.

use exeat_core::inspect::reader::Format;
use exeat_fuzz::readers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    readers::check(Format::Mail, bytes.to_vec());
});
