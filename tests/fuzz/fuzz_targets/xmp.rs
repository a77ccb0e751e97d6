#![no_main]
//! XMP packets: what stands in them is passed on, and not much more.

use exeat_readers::fuzzing::xmp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = xmp(bytes);
});
