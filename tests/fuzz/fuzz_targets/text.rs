#![no_main]
//! Text of any kind, as inspection reads it without readers: delimited, JSON,
//! SQL, prose, in any encoding. In whatever pieces it comes, it shows the same.

use std::cell::RefCell;

use exeat_core::fuzzing::Inspector;
use exeat_fuzz::Input;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static INSPECTOR: RefCell<Inspector> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let cut = input.short();
    let text = input.rest();
    INSPECTOR.with_borrow_mut(|inspector| {
        let whole = inspector.file(&[text]);
        let (first, second) = text.split_at(cut % (text.len() + 1));
        let in_two = inspector.file(&[first, second]);
        assert_eq!(whole, in_two);
        assert_eq!(whole.0.files, 1);
        assert_eq!(whole.0.bytes, text.len() as u64);
    });
});
