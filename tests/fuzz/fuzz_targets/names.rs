#![no_main]
//! Names of files, which are looked at as text is.

use std::cell::RefCell;

use exeat_core::fuzzing::Inspector;
use exeat_core::path::{EntryPath, Escaped};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static INSPECTOR: RefCell<Inspector> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| {
    INSPECTOR.with_borrow_mut(|inspector| inspector.names(bytes));
    let shown = Escaped(bytes).to_string();
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    if let Ok(path) = EntryPath::new(bytes) {
        assert!(path.as_bytes() == bytes && !bytes.starts_with(b"/"));
        for target in bytes.split(|&byte| byte == b'/') {
            let _ = path.link_stays_inside(target);
        }
    }
});
