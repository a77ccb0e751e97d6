#![no_main]
//! base64 as it stands in mail: what is clean is decoded as everybody does, and
//! comes back the same when it is written again.

use exeat_readers::fuzzing::base64;
use libfuzzer_sys::fuzz_target;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fuzz_target!(|bytes: &[u8]| {
    let (decoded, _) = base64(bytes);
    assert!(decoded.len() <= bytes.len());
    // Any bytes, written and read.
    let mut text = Vec::new();
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let held = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4 {
            let digit = DIGITS[(held >> (18 - 6 * index)) as usize & 63];
            text.push(if index > group.len() { b'=' } else { digit });
        }
        if text.len() % 76 == 0 {
            text.extend_from_slice(b"\r\n");
        }
    }
    assert_eq!(base64(&text), (bytes.to_vec(), false));
});
