#![no_main]
//! A mistake on purpose, of which a fuzzer has to find the one input among 2^64:
//! without that, nothing found elsewhere would mean nothing.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(first) = bytes.first_chunk() {
        assert_ne!(u64::from_le_bytes(*first), 0x7A61_6E74_6C65_6176, "found");
    }
});
