#![no_main]
//! A line of the ledger: what is an entry is written in one way, which is read
//! as the same.

use exeat_core::fuzzing::line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(written) = line(bytes) {
        let bare = written.strip_suffix(b"\n").expect("an end");
        assert!(!bare.contains(&b'\n'));
        assert_eq!(line(bare).as_ref(), Some(&written));
    }
});
