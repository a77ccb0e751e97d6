#![no_main]
//! What a reader says, which may be an attacker's by then: every frame is read
//! as it would be written, and inspection takes whatever order they come in.

use std::cell::RefCell;

use exeat_core::fuzzing::Inspector;
use exeat_core::inspect::reader::protocol::{self, Event};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static INSPECTOR: RefCell<Inspector> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| {
    let (mut rest, mut buffer) = (bytes, Vec::new());
    loop {
        let before = rest;
        let Ok(Some(event)) = protocol::read(&mut rest, &mut buffer) else {
            break;
        };
        let mut written = Vec::new();
        protocol::write(&mut written, &event).expect("as large as it was");
        assert_eq!(written, before[..before.len() - rest.len()]);
        if matches!(event, Event::Done) {
            break;
        }
    }
    INSPECTOR.with_borrow_mut(|inspector| inspector.frames(bytes));
});
