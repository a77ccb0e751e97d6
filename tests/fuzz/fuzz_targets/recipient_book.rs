#![no_main]
//! `recipients.toml`: every name leads to one key; every problem has its line.

use exeat_core::keys::RecipientBook;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match RecipientBook::parse(text) {
        Ok(book) => {
            for name in book.names() {
                let recipient = book.find(name).expect("listed");
                assert_eq!(recipient.name(), Some(name));
                assert!(!name.is_empty() && name.len() <= 200 && name.trim() == name);
            }
        }
        Err(error) => {
            let lines = text.matches('\n').count() + 1;
            assert!(!error.problems.is_empty());
            for problem in error.problems {
                assert!((1..=lines).contains(&problem.line));
            }
        }
    }
});
