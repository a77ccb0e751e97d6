#![no_main]
//! Files of recipients, one on a line: what is read is written in a way that is
//! read as the same.

use exeat_core::keys::{MAX_RECIPIENTS, Recipient, Recipients};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(found) = Recipient::parse_file(text) {
        assert!(!found.is_empty() && found.len() <= text.lines().count());
        for one in &found {
            let written = one.to_string();
            let again = Recipient::parse(&written).expect("as it is written");
            assert_eq!(again.to_string(), written);
            assert_eq!(again.is_post_quantum(), written.starts_with("age1pq1"));
        }
        if found.len() > MAX_RECIPIENTS {
            assert!(Recipients::keys(found).is_err(), "more than a package has");
        }
    }
    if let Err(error) = Recipient::parse(text) {
        let said = error.to_string();
        assert!(!said.chars().any(char::is_control), "{said:?}");
        assert!(said.len() < 1000);
    }
    let _ = Recipient::is_like_key(text);
});
