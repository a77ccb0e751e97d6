#![no_main]
//! Policy files: what is accepted has one meaning, laid over itself it is the
//! same, and no file makes another looser.

use std::io;
use std::path::Path;

use exeat_core::policy::{LedgerKeeper, Policy, PolicyFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // A file, another one, and what a file of recipients or approvers holds.
    let mut texts = text.split("\n%%%\n");
    let file = |text: &str| PolicyFile {
        path: "/etc/exeat/policy.toml".into(),
        text: text.to_owned(),
    };
    let (first, second) = (texts.next().unwrap_or(""), texts.next());
    let named = texts.next().map(str::to_owned);
    let read = |_: &Path| named.clone().ok_or(io::ErrorKind::NotFound.into());
    let one = match Policy::from_layers(&[file(first)], read) {
        Ok(one) => one,
        Err(errors) => {
            assert!(!errors.problems().is_empty());
            let _ = errors.to_string();
            return;
        }
    };
    assert_eq!(one.tighten(&one).canonical(), one.canonical());
    assert_eq!(one.tighten(&Policy::floor()).canonical(), one.canonical());
    let again = Policy::from_layers(&[file(first)], read).expect("it was read before");
    assert_eq!(again.sha256(), one.sha256());
    let _ = (one.settings(), one.warnings(LedgerKeeper::Other));
    let Some(second) = second else {
        return;
    };
    let Ok(two) = Policy::from_layers(&[file(second)], read) else {
        return;
    };
    let both = one.tighten(&two);
    assert_eq!(both.canonical(), two.tighten(&one).canonical());
    assert_eq!(both.tighten(&two).canonical(), both.canonical());
    assert!(both.highest_threshold() <= one.highest_threshold().max(two.highest_threshold()));
    if let Some(ceiling) = one.ceiling_rule() {
        assert!(
            both.ceiling_rule()
                .is_some_and(|rule| rule.value <= ceiling.value)
        );
    }
    assert!(one.forbids_passphrase().is_none() || both.forbids_passphrase().is_some());
    assert!(one.requires_purpose().is_none() || both.requires_purpose().is_some());
});
