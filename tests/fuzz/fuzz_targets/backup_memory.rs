#![no_main]
//! What a host remembers of a profile: what is taken is the one way to write it.

use exeat_core::fuzzing::memory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(written) = memory(bytes) {
        assert_eq!(written, bytes);
    }
});
