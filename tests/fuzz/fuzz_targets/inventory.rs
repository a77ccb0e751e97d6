#![no_main]
//! `inventory.age` as it is when it is decrypted: what is accepted has safe
//! paths, each once, in order, each in a folder that is there.

use std::collections::BTreeSet;

use exeat_core::entry::EntryKind;
use exeat_core::fuzzing;
use exeat_core::manifest::PayloadKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (kind, bytes) = match bytes {
        [b'!', rest @ ..] => (PayloadKind::Raw, rest),
        _ => (PayloadKind::Tar, bytes),
    };
    let Ok(inventory) = fuzzing::inventory(bytes, kind) else {
        return;
    };
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(lines, inventory.entries().len() + 1);
    let mut folders = BTreeSet::new();
    let mut last: Option<Vec<u8>> = None;
    let (mut total, mut files) = (0_u128, 0);
    for record in inventory.entries() {
        let path = record.path().as_bytes();
        assert!(last.as_deref() < Some(path), "not ascending");
        assert!(path.len() <= 4096 && !path.contains(&0));
        let names: Vec<_> = path.split(|&byte| byte == b'/').collect();
        assert!(names.len() <= 128);
        for name in &names {
            assert!(!name.is_empty() && name.len() <= 255 && *name != b"." && *name != b"..");
        }
        if let Some(end) = path.iter().rposition(|&byte| byte == b'/') {
            assert!(folders.contains(&path[..end]), "in no folder");
        }
        if record.skipped().is_none() && record.kind() == EntryKind::Directory {
            folders.insert(path.to_vec());
        }
        if record.is_here() && record.kind() == EntryKind::File {
            total += u128::from(record.bytes());
            files += 1;
        }
        assert!(record.mode() <= 0o777);
        last = Some(path.to_vec());
    }
    assert_eq!(total, u128::from(inventory.header().bytes));
    assert_eq!(files, inventory.header().facts.files);
});
